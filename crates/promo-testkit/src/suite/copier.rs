//! The suite of the `Copier` port: content arrives whole, the image's own manifest doesn't arrive.

use std::collections::BTreeMap;

use promo_core::oci::{Digest, Repository};
use promo_core::ports::{CopiedContent, Copier, CopyRequest, FailureKind, ImageSize, Registry};

use super::content::{assert_content, manifest, push, raw, typed_digest};
use crate::image::{ArtifactBuilder, BuiltImage, ImageBuilder, IndexBuilder, Layer};

/// Where the suite may work: repositories that aren't there yet.
#[derive(Debug, Clone)]
pub struct CopierFixture {
    /// Images are put here.
    pub source: Repository,
    /// They are copied here, at least two; on other hosts than the source or on the same.
    pub destinations: Vec<Repository>,
}

/// What every copier does. `registry` is a way to all the registries, to prepare and to look.
///
/// # Panics
/// If the copier doesn't.
pub async fn base(copier: &dyn Copier, registry: &dyn Registry, fixture: &CopierFixture) {
    for image in images() {
        push(registry, &fixture.source, &image).await;
        assert_measured(copier, fixture, &image).await;
        let copied = copy(copier, fixture, &image).await;
        assert_copied(registry, fixture, &image, &copied).await;
        // Once more: it is all there, and nothing is sent.
        let copied = copy(copier, fixture, &image).await;
        for (repository, outcome) in copied.destinations {
            let content = outcome.expect("a destination that has all");
            assert_eq!(content.bytes, 0, "bytes were sent to {repository} again");
        }
    }
    what_is_missing_is_refused(copier, registry, fixture).await;
}

/// One of each kind, children before parents; some share a layer.
fn images() -> Vec<BuiltImage> {
    let shared = Layer::file("shared", "by all");
    let single = ImageBuilder::new()
        .layer(shared.clone())
        .layer(Layer::opaque(1, 100_000))
        .layer(Layer::foreign(
            "never copied",
            ["https://example.com/layer"],
        ))
        .build();
    let arm = ImageBuilder::new()
        .platform("linux", "arm64")
        .layer(shared)
        .build();
    let docker = ImageBuilder::new()
        .docker()
        .layer(Layer::file("d", "d"))
        .build();
    let artifact = ArtifactBuilder::new("application/vnd.example")
        .layer("text/plain", "hello")
        .build();
    let index = IndexBuilder::new().image(single.clone()).image(arm).build();
    let list = IndexBuilder::new().docker().image(docker.clone()).build();
    let nested = IndexBuilder::new()
        .image(index.clone())
        .image(artifact.clone())
        .build();
    vec![single, docker, artifact, index, list, nested]
}

async fn copy(copier: &dyn Copier, fixture: &CopierFixture, image: &BuiltImage) -> CopiedContent {
    let request = CopyRequest::new(
        fixture.source.clone(),
        typed_digest(image.digest()),
        fixture.destinations.clone(),
    );
    let copied = copier.copy(&request).await;
    copied.unwrap_or_else(|failure| panic!("copy of {}: {}", image.digest(), failure.chain()))
}

async fn assert_copied(
    registry: &dyn Registry,
    fixture: &CopierFixture,
    image: &BuiltImage,
    copied: &CopiedContent,
) {
    assert_eq!(copied.manifest, raw(image), "the image's own manifest");
    assert_children(image, copied);
    let named: Vec<&Repository> = copied.destinations.iter().map(|(name, _)| name).collect();
    let wanted: Vec<&Repository> = fixture.destinations.iter().collect();
    assert_eq!(
        named, wanted,
        "the destinations in the order of the request"
    );
    for (repository, outcome) in &copied.destinations {
        outcome
            .as_ref()
            .unwrap_or_else(|failure| panic!("{repository}: {}", failure.chain()));
        assert_content(registry, repository, image).await;
        // The suite copies children before their parents, so nobody else has put it either.
        let found = manifest(registry, repository, image.digest()).await;
        assert_eq!(found, None, "the image's own manifest was put");
    }
}

/// Before anything of it is copied.
async fn assert_measured(copier: &dyn Copier, fixture: &CopierFixture, image: &BuiltImage) {
    let digest = typed_digest(image.digest());
    let measured = copier.measure(&fixture.source, &digest).await;
    let measured = measured.unwrap_or_else(|failure| panic!("measure: {}", failure.chain()));
    let (mut children, mut blobs) = (BTreeMap::new(), BTreeMap::new());
    weigh(image, &mut children, &mut blobs);
    let own_bytes = image.manifest().len() as u64;
    let blob_bytes = blobs.values().sum();
    let expected = ImageSize {
        children: children.len() as u64,
        blobs: blobs.len() as u64,
        blob_bytes,
        own_bytes,
        bytes: blob_bytes + children.values().sum::<u64>() + own_bytes,
    };
    assert_eq!(measured, expected, "the size of {}", image.digest());
}

/// The bytes of the manifests below an image and of the blobs that are copied.
fn weigh<'a>(
    image: &'a BuiltImage,
    children: &mut BTreeMap<&'a str, u64>,
    blobs: &mut BTreeMap<&'a str, u64>,
) {
    for blob in image.blobs().iter().filter(|blob| blob.is_distributable) {
        blobs.insert(&blob.digest, blob.bytes.len() as u64);
    }
    for child in image.children() {
        children.insert(child.digest(), child.manifest().len() as u64);
        weigh(child, children, blobs);
    }
}

/// Each once, and none before its own children.
fn assert_children(image: &BuiltImage, copied: &CopiedContent) {
    let order: Vec<Digest> = copied.children.iter().map(|child| child.digest).collect();
    let mut expected = Vec::new();
    collect(image, &mut expected);
    let mut sorted = order.clone();
    sorted.sort();
    expected.sort();
    expected.dedup();
    assert_eq!(sorted, expected, "the manifests below the image");
    assert_order(image, &order);
}

fn collect(image: &BuiltImage, digests: &mut Vec<Digest>) {
    for child in image.children() {
        digests.push(typed_digest(child.digest()));
        collect(child, digests);
    }
}

fn assert_order(image: &BuiltImage, order: &[Digest]) {
    let place = |image: &BuiltImage| {
        let digest = typed_digest(image.digest());
        order.iter().position(|one| *one == digest)
    };
    for child in image.children() {
        for grandchild in child.children() {
            assert!(
                place(grandchild) < place(child),
                "a parent before its child"
            );
        }
        assert_order(child, order);
    }
}

async fn what_is_missing_is_refused(
    copier: &dyn Copier,
    registry: &dyn Registry,
    fixture: &CopierFixture,
) {
    let absent = ImageBuilder::new().label("is", "absent").build();
    let request = CopyRequest::new(
        fixture.source.clone(),
        typed_digest(absent.digest()),
        fixture.destinations.clone(),
    );
    let copied = copier.copy(&request).await;
    let failure = copied.expect_err("an image was copied that isn't there");
    assert_eq!(failure.kind(), FailureKind::NotFound, "{failure:?}");
    let measured = copier.measure(&request.source, &request.digest).await;
    let failure = measured.expect_err("an image was measured that isn't there");
    assert_eq!(failure.kind(), FailureKind::NotFound, "{failure:?}");
    for destination in &fixture.destinations {
        let found = manifest(registry, destination, absent.digest()).await;
        assert_eq!(found, None);
    }
}
