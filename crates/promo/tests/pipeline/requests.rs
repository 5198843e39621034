//! What a run costs: the table of docs/explanation/flow.md, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use promo_core::pipeline::Interrupt;
use promo_core::ports::SignatureFormat;
use promo_sign::{ImageSigner, PromotionAttester};
use promo_testkit::image::{ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, Gate, Matcher, Operation, RegistryOptions};

use crate::world::{self, StillTime, World, image, want};

fn counts(registry: &EmbeddedRegistry) -> BTreeMap<Operation, usize> {
    registry.log().counts()
}

#[tokio::test]
async fn a_single_image_to_two_mirrors() {
    for single_posts in [false, true] {
        let options = || RegistryOptions::default().switch(|it| it.single_posts = single_posts);
        let world = World::with_mirrors(vec![options(), options()]).await;
        let one = image(1);
        world.stage("app", &one);
        world.run(&world.set(&[want("app", &one, &["v1"])])).await;

        assert_eq!(
            counts(&world.staging),
            BTreeMap::from([
                // `.sig`, `.att` and `.sbom` beside the image.
                (Operation::ManifestHead, 3),
                // The image, at the plan: copying doesn't read it again.
                (Operation::ManifestGet, 1),
                (Operation::Referrers, 1),
                (Operation::BlobGet, 3),
            ])
        );
        for mirror in &world.mirrors {
            let mut found = counts(mirror);
            // Whether we may push, and the blobs of evidence: the empty config once, two bundles, payload and config of
            // `.sig`. Where they don't come with the POST, it opens an upload.
            let posts = [Operation::UploadStart, Operation::BlobPost].map(|it| found.remove(&it));
            assert_eq!(posts.into_iter().flatten().sum::<usize>(), 1 + 5);
            let puts = if single_posts { 3 } else { 3 + 5 };
            assert_eq!(found, at_a_mirror(puts), "single POSTs: {single_posts}");
        }
    }
}

/// What a mirror is asked for, but for what begins an upload.
fn at_a_mirror(blob_puts: usize) -> BTreeMap<Operation, usize> {
    BTreeMap::from([
        // The tag, at the plan.
        (Operation::ManifestHead, 1),
        // Config and two layers: a mount that asks and opens the upload.
        (Operation::Mount, 3),
        // What stands of evidence: referrers and `.sig`; `.sig` before and after it is appended to.
        // Right before publish: the list, two bundles and `.sig`, and the three blobs that were sent; and the
        // tag right before its first PUT.
        (Operation::Referrers, 1 + 1),
        (Operation::ManifestGet, 3 + 3 + 1),
        (Operation::BlobGet, 3),
        (Operation::UploadCancel, 1),
        (Operation::BlobPut, blob_puts),
        // Two bundles, `.sig`, and last the image.
        (Operation::ManifestPut, 4),
    ])
}

/// What is neither written nor carried isn't looked for: bundles alone, and layers of shared tags alone.
#[tokio::test]
async fn only_the_forms_that_are_written_are_read() {
    for (format, lists, tags) in [
        (SignatureFormat::Bundle, 2, BTreeSet::from([])),
        (SignatureFormat::Sig, 0, BTreeSet::from([".att", ".sig"])),
    ] {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let one = image(1);
        world.stage("app", &one);
        let set = world.set(&[want("app", &one, &["v1"])]);
        let mut ports = world.ports();
        let signer = ImageSigner::new(Arc::clone(&world.key), Arc::new(StillTime));
        ports.signing.signer = Arc::new(signer.with_formats(vec![format]).unwrap());
        if format == SignatureFormat::Sig {
            let attester = PromotionAttester::new(Arc::clone(&world.key), Arc::new(StillTime));
            ports.signing.attester = Arc::new(attester.in_tag());
        }

        let run = world::run(world.settings(), ports, Interrupt::new(), &set).await;

        assert_eq!(run.unwrap().totals.published, 1);
        let log = world.mirrors[0].log();
        assert_eq!(log.count(Operation::Referrers), lists, "{format:?}");
        let prefix = one.digest().replace(':', "-");
        let read = log.of(Operation::ManifestGet);
        let read = read.iter().filter_map(|it| it.reference.as_deref());
        let read: BTreeSet<&str> = read.filter_map(|it| it.strip_prefix(&prefix)).collect();
        assert_eq!(read, tags, "{format:?}");
    }
}

/// A bundle doesn't wait for `.sig`, nor the other way round.
#[tokio::test]
async fn the_forms_of_a_signature_are_attached_side_by_side() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let faults = world.mirrors[0].faults();
    let put = || Matcher::on(Operation::ManifestPut);
    let gates = [put().times(1), put().after(1).times(1)].map(|it| faults.pause(it));
    let both = async {
        let both = async { tokio::join!(gates[0].reached(), gates[1].reached()) };
        let reached = tokio::time::timeout(Duration::from_secs(20), both).await;
        gates.iter().for_each(Gate::release);
        reached.unwrap();
    };

    let (report, ()) = tokio::join!(world.run(&set), both);

    assert_eq!(report.totals.published, 1);
}

/// Of several images of a repository, a list says which of the tags beside them are worth a question.
#[tokio::test]
async fn tags_beside_many_images_are_listed() {
    let world = World::start().await;
    let images = [1, 2, 3].map(image);
    let wanted = images.each_ref().map(|image| {
        world.stage("app", image);
        want("app", image, &[])
    });
    let sbom = images[1].digest().replace(':', "-") + ".sbom";
    image(4).push_to(&world.staging.state(), "team/app", &sbom);
    let report = world.run(&world.set(&wanted)).await;
    let staging = counts(&world.staging);
    assert_eq!(staging[&Operation::TagList], 1, "{staging:?}");
    // The images, at the plan, and the one tag that is there.
    assert_eq!(staging[&Operation::ManifestGet], 3, "{staging:?}");
    assert_eq!(staging[&Operation::ManifestHead], 1, "{staging:?}");
    let tags: Vec<_> = report
        .beside
        .iter()
        .filter_map(|it| it.tag.as_ref())
        .collect();
    assert_eq!(tags.len(), 1);
    assert_eq!(tags[0].as_str(), sbom);
}

#[tokio::test]
async fn an_index_reads_each_child_once_and_a_shared_blob_once() {
    let world = World::start().await;
    let shared = Layer::opaque(7, 5000);
    let child = |seed| {
        ImageBuilder::new()
            .layer(shared.clone())
            .layer(Layer::opaque(seed, 100))
            .build()
    };
    let index = IndexBuilder::new().image(child(1)).image(child(2)).build();
    world.stage("app", &index);
    world.run(&world.set(&[want("app", &index, &["v1"])])).await;

    let staging = counts(&world.staging);
    assert_eq!(staging[&Operation::ManifestGet], 3, "{staging:?}");
    // Two configs, two layers of their own, one shared.
    assert_eq!(staging[&Operation::BlobGet], 5, "{staging:?}");
    for mirror in &world.mirrors {
        assert_eq!(counts(mirror)[&Operation::Mount], 5);
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_for_each_scope() {
    let token = || RegistryOptions::default().auth(Auth::bearer().anonymous_pull());
    let world = World::with_mirrors(vec![token()]).await;
    let images: Vec<_> = (1..=8).map(image).collect();
    for image in &images {
        world.stage("app", image);
    }
    let tags: Vec<String> = (1..=8).map(|number| format!("v{number}")).collect();
    let wanted: Vec<_> = images
        .iter()
        .zip(&tags)
        .map(|(image, tag)| want("app", image, &[tag]))
        .collect();

    // Nobody may push here, so this is the plan and one try to push.
    world.run(&world.set(&wanted)).await;

    let grants = world.mirrors[0].tokens().grants();
    assert_eq!(grants.len(), 2, "one to pull, one to push: {grants:?}");
}
