//! One registry client against the other: whatever is written through one, both read the same.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use promo_core::oci::{
    Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository, Tag,
};
use promo_core::ports::{Failure, FailureKind, Registry};
use promo_testkit::image::{ArtifactBuilder, BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher};
use promo_testkit::suite;
use proptest::prelude::*;

use crate::world::{oci_client, repository, start, wire};

/// Something that is written, through the one client or the other.
#[derive(Debug, Clone)]
struct Write {
    by_wire: bool,
    image: usize,
    tag: Option<u8>,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let write = (any::<bool>(), 0..images().len(), prop::option::of(0_u8..3));
    let write = write.prop_map(|(by_wire, image, tag)| Write {
        by_wire,
        image,
        tag,
    });
    prop::collection::vec(write, 1..6)
}

fn images() -> Vec<BuiltImage> {
    let single = ImageBuilder::new().layer(Layer::file("a", "a")).build();
    let evidence = ArtifactBuilder::new("application/vnd.example")
        .layer("text/plain", "proof")
        .subject(single.descriptor())
        .build();
    vec![
        single.clone(),
        ImageBuilder::new()
            .docker()
            .layer(Layer::opaque(1, 9000))
            .build(),
        IndexBuilder::new().image(single).build(),
        IndexBuilder::new().docker().build(),
        evidence,
    ]
}

pub(crate) fn raw(image: &BuiltImage) -> RawManifest {
    let digest: Digest = image.digest().parse().unwrap();
    let media_type = MediaType::new(image.media_type());
    RawManifest::new(media_type, digest.algorithm(), image.manifest())
}

fn tag(number: u8) -> Tag {
    format!("v{number}").parse().unwrap()
}

/// A registry and both ways to it.
struct Pair {
    embedded: EmbeddedRegistry,
    repository: Repository,
    clients: [Arc<dyn Registry>; 2],
}

impl Pair {
    async fn new() -> Self {
        let embedded = start().await;
        Self {
            repository: repository(&embedded, "both/app"),
            clients: [wire(), Arc::new(oci_client(true))],
            embedded,
        }
    }

    async fn write(&self, write: &Write) {
        let image = &images()[write.image];
        let client = &*self.clients[usize::from(!write.by_wire)];
        suite::push(client, &self.repository, image).await;
        if let Some(number) = write.tag {
            let reference = ManifestReference::Tag(tag(number));
            let manifest = raw(image);
            let put = client.put_manifest(&self.repository, &reference, &manifest);
            put.await.unwrap();
        }
    }

    /// Everything that can be read, by both, and equal.
    async fn compare(&self) {
        let tags = (0..4).map(|number| ManifestReference::Tag(tag(number)));
        let digests = images();
        let digests = digests.iter().map(|image| raw(image).digest().into());
        for reference in tags.chain(digests) {
            self.compare_manifest(&reference).await;
        }
        for image in images() {
            for blob in image.blobs() {
                let media_type = MediaType::new(&blob.media_type);
                let digest = blob.digest.parse().unwrap();
                let size = blob.bytes.len() as u64;
                self.compare_blob(&Descriptor::new(media_type, digest, size))
                    .await;
            }
            let digest = raw(&image).digest();
            let [one, other] = &self.clients;
            assert_eq!(
                referrers(&**one, &self.repository, &digest).await,
                referrers(&**other, &self.repository, &digest).await,
            );
        }
        let [one, other] = &self.clients;
        let (one, other) = tokio::join!(
            one.tags(&self.repository, None),
            other.tags(&self.repository, None)
        );
        assert_eq!(one.unwrap(), other.unwrap());
    }

    async fn compare_manifest(&self, reference: &ManifestReference) {
        let [one, other] = &self.clients;
        let repository = &self.repository;
        let (first, second) = tokio::join!(
            one.get_manifest(repository, reference),
            other.get_manifest(repository, reference)
        );
        assert_eq!(kind(first), kind(second), "GET {reference}");
        let (first, second) = tokio::join!(
            one.head_manifest(repository, reference),
            other.head_manifest(repository, reference)
        );
        let digest = |head: Option<promo_core::ports::ManifestHead>| head.map(|head| head.digest);
        assert_eq!(
            kind(first.map(digest)),
            kind(second.map(digest)),
            "HEAD {reference}"
        );
    }

    async fn compare_blob(&self, blob: &Descriptor) {
        let [one, other] = &self.clients;
        let repository = &self.repository;
        let (first, second) = tokio::join!(
            one.blob_size(repository, &blob.digest),
            other.blob_size(repository, &blob.digest)
        );
        assert_eq!(kind(first), kind(second), "HEAD {}", blob.digest);
        let first = read(&**one, repository, blob).await;
        let second = read(&**other, repository, blob).await;
        assert_eq!(kind(first), kind(second), "GET {}", blob.digest);
    }
}

async fn read(
    registry: &dyn Registry,
    repository: &Repository,
    blob: &Descriptor,
) -> Result<Option<Vec<u8>>, Failure> {
    let Some(stream) = registry.get_blob(repository, blob).await? else {
        return Ok(None);
    };
    let pieces: Vec<bytes::Bytes> = stream.try_collect().await?;
    Ok(Some(pieces.concat()))
}

async fn referrers(
    registry: &dyn Registry,
    repository: &Repository,
    digest: &Digest,
) -> Vec<Digest> {
    let list = registry.referrers(repository, digest).await.unwrap();
    list.descriptors.iter().map(|one| one.digest).collect()
}

/// Failures are the same when they mean the same.
fn kind<T>(result: Result<T, Failure>) -> Result<T, FailureKind> {
    result.map_err(|failure| failure.kind())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn both_read_what_either_wrote(writes in writes()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let pair = Pair::new().await;
            for write in &writes {
                pair.write(write).await;
            }
            pair.compare().await;
        });
    }
}

#[tokio::test]
async fn both_understand_refusals_in_the_same_way() {
    for status in [401, 403, 404, 418, 429, 500, 503] {
        let pair = Pair::new().await;
        let write = Write {
            by_wire: true,
            image: 0,
            tag: Some(0),
        };
        pair.write(&write).await;
        let matcher = Matcher::any().repository("both/app");
        pair.embedded
            .faults()
            .inject(matcher, Fault::status(status));
        pair.compare_manifest(&ManifestReference::Tag(tag(0))).await;
        let blob = Descriptor::of("application/octet-stream", b"any");
        let [one, other] = &pair.clients;
        // The rest of the host answers, so that it doesn't count as down.
        let fine = format!("{}/fine", pair.repository.host()).parse().unwrap();
        let head = one
            .head_manifest(&fine, &ManifestReference::Tag(tag(0)))
            .await;
        assert!(head.unwrap().is_none());
        let first = read(&**one, &pair.repository, &blob).await;
        let second = read(&**other, &pair.repository, &blob).await;
        assert_eq!(kind(first), kind(second), "status {status}");
    }
}

#[tokio::test]
async fn both_refuse_altered_content_for_the_same_reason() {
    let pair = Pair::new().await;
    let image = &images()[0];
    let state = pair.embedded.state();
    image.push_to(&state, "both/app", "v0");
    assert!(state.corrupt_manifest("both/app", image.digest()));
    assert!(state.corrupt_blob("both/app", &image.blobs()[1].digest));
    pair.compare().await;
}
