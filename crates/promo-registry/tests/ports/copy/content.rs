//! The content rules: what is copied, what is left behind, what is refused.

use promo_core::oci::{Digest, MediaType};
use promo_core::ports::{CopyRequest, FailureKind};
use promo_registry::copy::CopySettings;
use promo_testkit::digest::Algorithm;
use promo_testkit::image::{
    ArtifactBuilder, BuiltImage, Descriptor, ImageBuilder, IndexBuilder, Layer,
};
use promo_testkit::registry::Operation::{BlobGet, ManifestGet};

use crate::world::{PROD, World, content, repository};

/// Copies an image that must be refused without anything being written, and returns kind and code.
async fn refused(world: &World, image: &BuiltImage) -> (FailureKind, String) {
    let failure = world.copy(&world.staged(image)).await.unwrap_err();
    for mirror in [&world.first, &world.second] {
        assert!(mirror.log().is_empty(), "something was sent to a mirror");
    }
    (failure.kind(), failure.code().to_string())
}

#[tokio::test]
async fn every_kind_of_image_arrives_whole() {
    let world = World::new().await;
    let docker = ImageBuilder::new()
        .docker()
        .layer(Layer::file("a", "a"))
        .build();
    let list = IndexBuilder::new().docker().image(docker.clone()).build();
    let artifact = ArtifactBuilder::new("application/vnd.example.thing")
        .layer("text/plain", "hello")
        .build();
    let nested = IndexBuilder::new()
        .image(list.clone())
        .image(artifact.clone())
        .build();
    for image in [docker, artifact, list, nested] {
        let copied = world.copy(&world.staged(&image)).await.unwrap();
        assert_eq!(copied.manifest.bytes(), &image.manifest());
        assert_eq!(
            copied.manifest.media_type(),
            &MediaType::new(image.media_type())
        );
        for mirror in [&world.first, &world.second] {
            // Only the image's own manifest is left to publish.
            let state = mirror.state();
            assert_eq!(state.manifest(PROD, image.digest()), None);
            state.put_manifest_as(PROD, image.digest(), image.media_type(), image.manifest());
            assert!(image.is_in(&state, PROD));
            state.delete_manifest(PROD, image.digest());
        }
    }
}

#[tokio::test]
async fn sha512_is_copied_as_it_is() {
    let world = World::new().await;
    let image = ImageBuilder::new()
        .algorithm(Algorithm::Sha512)
        .layer(Layer::file("a", "a"))
        .build();
    assert!(image.digest().starts_with("sha512:"));
    let copied = world.copy(&world.staged(&image)).await.unwrap();
    assert_eq!(content(&copied, 1).uploaded, 2);
    assert_eq!(world.second.state().blobs(PROD).len(), 2);
}

#[tokio::test]
async fn other_digest_algorithms_are_refused() {
    let world = World::new().await;
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"a/b","size":2,"digest":"sha384:{}"}},"layers":[]}}"#,
        "0".repeat(96)
    );
    let image = BuiltImage::raw(MediaType::OCI_MANIFEST, manifest);
    let (kind, code) = refused(&world, &image).await;
    assert_eq!(kind, FailureKind::UnsupportedContent);
    assert_eq!(code, "PROMO-R046");
}

#[tokio::test]
async fn layers_that_may_not_be_distributed_stay_where_they_are() {
    let world = World::new().await;
    // If anybody followed the URL, the source would log a request that it doesn't know.
    let elsewhere = format!("{}/elsewhere", world.source.url());
    let image = ImageBuilder::new()
        .layer(Layer::file("a", "a"))
        .layer(Layer::foreign("windows", [elsewhere.as_str()]))
        .build();
    let copied = world.copy(&world.staged(&image)).await.unwrap();
    assert_eq!(content(&copied, 0).uploaded, 2);
    let log = world.source.log();
    assert_eq!(log.count(BlobGet) + log.count(ManifestGet), log.len());
}

#[tokio::test]
async fn an_index_of_something_else_than_manifests_is_refused() {
    let world = World::new().await;
    let layer = Layer::opaque(3, 100);
    let image = ImageBuilder::new().layer(layer).build();
    let blob = &image.blobs()[1];
    let stray = Descriptor::new(&blob.media_type, &blob.digest, blob.bytes.len() as u64);
    let index = IndexBuilder::new()
        .image(image.clone())
        .descriptor(stray)
        .build();
    let (kind, code) = refused(&world, &index).await;
    assert_eq!(kind, FailureKind::UnsupportedContent);
    assert_eq!(code, "PROMO-R043");
}

#[tokio::test]
async fn a_missing_child_refuses_the_image() {
    let world = World::new().await;
    let there = ImageBuilder::new().layer(Layer::file("a", "a")).build();
    let index = IndexBuilder::new().image(there).missing_child(1).build();
    let (kind, code) = refused(&world, &index).await;
    assert_eq!(kind, FailureKind::Incomplete);
    assert_eq!(code, "PROMO-R041");
}

#[tokio::test]
async fn a_missing_image_is_not_found() {
    let world = World::new().await;
    let image = ImageBuilder::new().build();
    let request = world.request(&image, &[&world.first]);
    let failure = world.copy(&request).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NotFound);
    assert_eq!(failure.code().as_str(), "PROMO-R040");
    assert_eq!(world.source.log().len(), 1);
}

#[tokio::test]
async fn a_missing_blob_refuses_the_image_and_leaves_no_upload_open() {
    let world = World::new().await;
    let image = ImageBuilder::new().layer(Layer::file("a", "a")).build();
    let request = world.staged(&image);
    let layer = &image.blobs()[1].digest;
    assert!(
        world
            .source
            .state()
            .delete_blob(crate::world::STAGING, layer)
    );
    let failure = world.copy(&request).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Incomplete);
    assert_eq!(failure.code().as_str(), "PROMO-R042");
}

#[tokio::test]
async fn documents_that_can_be_read_in_two_ways_are_refused() {
    let world = World::new().await;
    let both = r#"{"schemaVersion":2,"manifests":[],"config":{"mediaType":"a/b","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}"#;
    let other = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#,
        MediaType::DOCKER_LIST
    );
    let version = r#"{"schemaVersion":1,"manifests":[]}"#;
    for (media_type, document) in [
        (MediaType::OCI_INDEX, both),
        (MediaType::OCI_MANIFEST, both),
        (MediaType::OCI_INDEX, &other),
        (MediaType::OCI_INDEX, version),
    ] {
        let image = BuiltImage::raw(media_type, document.to_owned());
        let (_, code) = refused(&world, &image).await;
        // The registry client may refuse a media type that doesn't match before the copier can.
        assert!(
            ["PROMO-R045", "PROMO-R013"].contains(&code.as_str()),
            "{code}"
        );
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let world = World::new().await;
    for document in ["<html></html>", "{", "[]", "{}", r#"{"schemaVersion":2}"#] {
        let image = BuiltImage::raw(MediaType::OCI_MANIFEST, document);
        refused(&world, &image).await;
    }
}

#[tokio::test]
async fn eight_levels_are_copied_and_nine_refused() {
    let world = World::new().await;
    let mut image = ImageBuilder::new()
        .layer(Layer::file("deep", "deep"))
        .build();
    for _ in 1..8 {
        image = IndexBuilder::new().image(image).build();
    }
    let copied = world.copy(&world.staged(&image)).await.unwrap();
    assert_eq!(copied.children.len(), 7);
    let fresh = World::new().await;
    let deeper = IndexBuilder::new().image(image).build();
    let (kind, code) = refused(&fresh, &deeper).await;
    assert_eq!(kind, FailureKind::TooLarge);
    assert_eq!(code, "PROMO-R048");
}

/// An index that is near the top in one branch and deep in another counts as deep.
#[tokio::test]
async fn the_longest_way_counts_as_depth() {
    let mut settings = CopySettings::default();
    settings.levels = 3;
    let world = World::with(settings).await;
    let leaf = ImageBuilder::new().build();
    let low = IndexBuilder::new().image(leaf).build();
    let middle = IndexBuilder::new().image(low.clone()).build();
    let top = IndexBuilder::new().image(low).image(middle).build();
    let (_, code) = refused(&world, &top).await;
    assert_eq!(code, "PROMO-R048");
}

#[tokio::test]
async fn a_hundred_thousand_children_are_refused_before_one_is_read() {
    let world = World::new().await;
    let index = IndexBuilder::new().missing_children(100_000).build();
    let (kind, _) = refused(&world, &index).await;
    assert_eq!(kind, FailureKind::TooLarge);
    assert_eq!(world.source.log().count(ManifestGet), 1);
}

#[tokio::test]
async fn the_number_and_size_of_manifests_are_limited() {
    let mut settings = CopySettings::default();
    settings.manifests_per_image = 10;
    let world = World::with(settings).await;
    let index = IndexBuilder::new().missing_children(10).build();
    let (kind, code) = refused(&world, &index).await;
    assert_eq!((kind, code.as_str()), (FailureKind::TooLarge, "PROMO-R049"));
    assert_eq!(world.source.log().count(ManifestGet), 1);

    let world = World::new().await;
    let huge = Descriptor::new(
        MediaType::OCI_MANIFEST,
        &format!("sha256:{}", "0".repeat(64)),
        1 << 40,
    );
    let index = IndexBuilder::new().descriptor(huge).build();
    let (kind, code) = refused(&world, &index).await;
    assert_eq!((kind, code.as_str()), (FailureKind::TooLarge, "PROMO-R050"));
    assert_eq!(world.source.log().count(ManifestGet), 1);
}

/// The digest of an index can't stand in itself, so the registry has to lie to make it seem so.
#[tokio::test]
async fn an_index_that_lists_itself_is_refused() {
    let world = World::new().await;
    let own = Digest::sha256_of(b"some index");
    let document = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{own}","size":10}}]}}"#,
        MediaType::OCI_INDEX
    );
    let state = world.source.state();
    state.put_manifest_as(
        crate::world::STAGING,
        &own.to_string(),
        MediaType::OCI_INDEX,
        document,
    );
    let request = CopyRequest::new(
        repository(&world.source, crate::world::STAGING),
        own,
        vec![repository(&world.first, PROD)],
    );
    let failure = world.copy(&request).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch);
    assert_eq!(world.source.log().count(ManifestGet), 1);
}

#[tokio::test]
async fn a_child_of_another_size_or_kind_than_listed_is_refused() {
    let child = ImageBuilder::new().build();
    let size = child.manifest().len() as u64;
    for (descriptor, kind) in [
        (
            Descriptor::new(child.media_type(), child.digest(), size + 1),
            FailureKind::DigestMismatch,
        ),
        (
            Descriptor::new(MediaType::OCI_INDEX, child.digest(), size),
            FailureKind::Malformed,
        ),
    ] {
        let world = World::new().await;
        child.push_untagged(&world.source.state(), crate::world::STAGING);
        let index = IndexBuilder::new().descriptor(descriptor).build();
        assert_eq!(refused(&world, &index).await.0, kind);
    }
}

#[tokio::test]
async fn a_blob_that_is_described_in_two_ways_is_refused() {
    let world = World::new().await;
    let digest = Digest::sha256_of(b"{}");
    let blob = |size: u64| format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":{size}}}"#);
    let document = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
        blob(2),
        blob(3)
    );
    let image = BuiltImage::raw(MediaType::OCI_MANIFEST, document);
    let (_, code) = refused(&world, &image).await;
    assert_eq!(code, "PROMO-R045");
}
