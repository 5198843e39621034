//! Copying one image takes no other's place, also where a registry says less than it knows, and believes no answer that
//! nothing stands behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use promo::image::reference;
use promo::{Copied, Ending, Promoter};
use promo_testkit::image::{BuiltImage, ImageBuilder, Layer};
use promo_testkit::registry::{
    Answer, EmbeddedRegistry, Fault, Matcher, Operation, RegistryOptions,
};

fn image(seed: u64) -> BuiltImage {
    ImageBuilder::new().layer(Layer::opaque(seed, 2000)).build()
}

struct World {
    source: EmbeddedRegistry,
    destination: EmbeddedRegistry,
}

impl World {
    async fn start() -> Self {
        let registry = || EmbeddedRegistry::start(RegistryOptions::default());
        Self {
            source: registry().await.unwrap(),
            destination: registry().await.unwrap(),
        }
    }

    async fn copy(&self, from: &str) -> promo::Result<Copied> {
        let from = format!("{}/team/app{from}", self.source.host());
        let to = format!("{}/copies/app:v1", self.destination.host());
        let promoter = Promoter::builder().build();
        let (from, to) = (reference(&from).unwrap(), reference(&to).unwrap());
        promoter.copy(&from, &to).await
    }

    fn there(&self) -> Option<String> {
        self.destination.state().tag_digest("copies/app", "v1")
    }
}

#[tokio::test]
async fn a_tag_that_head_does_not_show_is_not_overwritten() {
    let world = World::start().await;
    let (ours, theirs) = (image(1), image(2));
    ours.push_to(&world.source.state(), "team/app", "v1");
    theirs.push_to(&world.destination.state(), "copies/app", "v1");
    let not_found = Fault::Answer(Answer::status(404));
    let faults = world.destination.faults();
    faults.inject(Matcher::on(Operation::ManifestHead), not_found);

    let refused = world.copy(":v1").await.unwrap_err();

    assert_eq!(refused.code().as_str(), "PROMO-X041");
    assert_eq!(refused.ending(), Ending::Refused);
    assert_eq!(world.there().as_deref(), Some(theirs.digest()));
    assert!(world.destination.log().writes().is_empty());
}

#[tokio::test]
async fn who_takes_the_tag_meanwhile_keeps_it() {
    let world = World::start().await;
    let (ours, theirs) = (image(1), image(2));
    ours.push_to(&world.source.state(), "team/app", "v1");
    let put = Matcher::on(Operation::BlobPut).times(1);
    let gate = world.destination.faults().pause(put);
    let other = async {
        gate.reached().await;
        theirs.push_to(&world.destination.state(), "copies/app", "v1");
        gate.release();
    };

    let (copied, ()) = tokio::join!(world.copy(":v1"), other);

    assert_eq!(copied.unwrap_err().code().as_str(), "PROMO-X041");
    assert_eq!(world.there().as_deref(), Some(theirs.digest()));
}

#[tokio::test]
async fn a_registry_that_keeps_nothing_is_noticed() {
    let world = World::start().await;
    image(1).push_to(&world.source.state(), "team/app", "v1");
    let faults = world.destination.faults();
    faults.inject(Matcher::on(Operation::ManifestPut), Fault::KeepNothing);
    let digest = "docker-content-digest".to_owned();
    faults.inject(
        Matcher::on(Operation::ManifestPut),
        Fault::RemoveHeader(digest),
    );

    let failed = world.copy(":v1").await.unwrap_err();

    assert_eq!(failed.code().as_str(), "PROMO-X042");
    assert_eq!(world.there(), None);
}

#[tokio::test]
async fn what_is_there_already_is_copied_again() {
    let world = World::start().await;
    let ours = image(1);
    ours.push_to(&world.source.state(), "team/app", "v1");
    for _ in 0..2 {
        world.copy(":v1").await.unwrap();
        assert_eq!(world.there().as_deref(), Some(ours.digest()));
    }
}
