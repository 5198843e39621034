//! What a run costs: the table of docs/explanation/flow.md, counted.

use std::collections::BTreeMap;

use promo_testkit::image::{ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, Operation, RegistryOptions};

use crate::world::{World, image, want};

fn counts(registry: &EmbeddedRegistry) -> BTreeMap<Operation, usize> {
    registry.log().counts()
}

#[tokio::test]
async fn a_single_image_to_two_mirrors() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(
        counts(&world.staging),
        BTreeMap::from([
            // The image, at the plan; `.sig`, `.att` and `.sbom` beside it.
            (Operation::ManifestHead, 1 + 3),
            (Operation::ManifestGet, 1),
            (Operation::Referrers, 1),
            (Operation::BlobGet, 3),
        ])
    );
    for mirror in &world.mirrors {
        let expected = BTreeMap::from([
            // The tag, at the plan.
            (Operation::ManifestHead, 1),
            // Config and two layers: a mount that asks and opens the upload.
            (Operation::Mount, 3),
            // What stands of evidence: referrers, `.sig` and `.att`; `.sig` before and after it is appended to.
            // Right before publish: the list, two bundles and `.sig`, and the three blobs that were sent; and the
            // tag right before its first PUT.
            (Operation::Referrers, 1 + 1),
            (Operation::ManifestGet, 4 + 3 + 1),
            (Operation::BlobGet, 3),
            // Whether we may push, and the blobs of evidence: the empty config once, two bundles, payload and
            // config of `.sig`.
            (Operation::UploadStart, 6),
            (Operation::UploadCancel, 1),
            (Operation::BlobPut, 3 + 5),
            // Two bundles, `.sig`, and last the image.
            (Operation::ManifestPut, 4),
        ]);
        assert_eq!(counts(mirror), expected);
    }
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
    assert_eq!(staging[&Operation::ManifestHead], 3 + 1, "{staging:?}");
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
