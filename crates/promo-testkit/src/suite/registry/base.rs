//! The base: content that is put is there byte for byte, what isn't there is absent, and wrong bytes
//! neither come nor go.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use promo_core::Code;
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Repository, Tag,
};
use promo_core::ports::{BlobStream, Failure, FailureKind, Mount, Registry, SubjectHandling};

use crate::digest::Algorithm;
use crate::image::{ArtifactBuilder, ImageBuilder, IndexBuilder, Layer};
use crate::suite::content::{download, pieces, push, raw, upload};

/// Where the base may work.
#[derive(Debug, Clone)]
pub struct BaseFixture {
    /// A repository that isn't there yet and may be filled.
    pub repository: Repository,
    /// Another one of the same registry.
    pub neighbour: Repository,
    /// A repository that isn't there and stays so.
    pub missing: Repository,
}

/// What every implementation does, on a registry that keeps to OCI Distribution 1.1.
///
/// # Panics
/// If the implementation doesn't.
pub async fn base(registry: &dyn Registry, fixture: &BaseFixture) {
    nothing_is_there(registry, &fixture.missing).await;
    blobs_come_back(registry, &fixture.repository).await;
    wrong_bytes_do_not_stay(registry, &fixture.repository).await;
    manifests_come_back(registry, &fixture.repository).await;
    tags_move_and_are_listed(registry, &fixture.repository).await;
    mounts_keep_their_word(registry, fixture).await;
    referrers_are_listed(registry, &fixture.repository).await;
    uploads_are_given_up(registry, &fixture.repository).await;
}

fn tag(text: &str) -> Tag {
    text.parse().expect("the suite's tags are valid")
}

fn octets(text: &str) -> (Descriptor, Bytes) {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    (Descriptor::of("application/octet-stream", &bytes), bytes)
}

async fn nothing_is_there(registry: &dyn Registry, missing: &Repository) {
    let (blob, _) = octets("never stored");
    for reference in [
        ManifestReference::Tag(tag("v1")),
        ManifestReference::Digest(blob.digest),
    ] {
        let head = registry.head_manifest(missing, &reference).await;
        assert_eq!(head.expect("HEAD of what isn't there"), None);
        let manifest = registry.get_manifest(missing, &reference).await;
        assert_eq!(manifest.expect("GET of what isn't there"), None);
    }
    let size = registry.blob_size(missing, &blob.digest).await;
    assert_eq!(size.expect("HEAD of a blob that isn't there"), None);
    let bytes = download(registry, missing, &blob).await;
    assert_eq!(bytes.expect("GET of a blob that isn't there"), None);
    let tags = registry.tags(missing, None).await;
    assert_eq!(tags.expect("the tags of no repository"), None);
    let referrers = registry.referrers(missing, &blob.digest).await;
    let referrers = referrers.expect("the referrers of what isn't there");
    assert_eq!(referrers.descriptors, []);
}

async fn blobs_come_back(registry: &dyn Registry, repository: &Repository) {
    let long = "0123456789abcdef".repeat(8192);
    for text in ["hello", "", &long] {
        let (blob, bytes) = octets(text);
        upload(registry, repository, &blob, &bytes).await;
        let size = registry.blob_size(repository, &blob.digest).await;
        assert_eq!(size.expect("the size of a blob"), Some(blob.size));
        let found = download(registry, repository, &blob).await;
        assert_eq!(found.expect("a blob that was put"), Some(bytes));
    }
    // Twice: what was learned from the answer to one is good for the next.
    for text in ["in one", "in one as well", "", &long[1..]] {
        let (blob, bytes) = octets(text);
        let put = registry.put_whole_blob(repository, &blob, bytes.clone());
        put.await.expect("a blob that is put whole");
        let found = download(registry, repository, &blob).await;
        assert_eq!(found.expect("a blob that was put"), Some(bytes));
    }
}

/// A body that ends with an error, one that is too short, and one with other bytes leave nothing behind.
async fn wrong_bytes_do_not_stay(registry: &dyn Registry, repository: &Repository) {
    let (blob, bytes) = octets("these bytes never arrive as they are");
    let half = bytes.slice(..bytes.len() / 2);
    let broken: Vec<Result<Bytes, Failure>> = vec![
        Ok(half.clone()),
        Err(Failure::new(
            FailureKind::Unavailable,
            Code::new("PROMO-T000"),
            "the source broke off",
        )),
    ];
    let other = Bytes::from("x".repeat(bytes.len()));
    let bodies: [(&str, BlobStream); 3] = [
        ("a body that breaks off", stream::iter(broken).boxed()),
        ("a body that is too short", pieces(&half)),
        ("a body of other bytes", pieces(&other)),
    ];
    for (what, body) in bodies {
        let session = registry.start_upload(repository).await.expect("an upload");
        let put = registry.put_blob(repository, &blob, session, body).await;
        assert!(put.is_err(), "{what} was taken for the blob");
        let size = registry.blob_size(repository, &blob.digest).await;
        assert_eq!(size.expect("the size of no blob"), None, "{what} stayed");
    }
    for wrong in [half, other] {
        let put = registry.put_whole_blob(repository, &blob, wrong).await;
        assert!(put.is_err(), "other bytes were taken for the blob");
        let size = registry.blob_size(repository, &blob.digest).await;
        assert_eq!(size.expect("the size of no blob"), None, "they stayed");
    }
    // A descriptor of another size is not the blob's.
    let (blob, bytes) = octets("of a certain size");
    upload(registry, repository, &blob, &bytes).await;
    for size in [blob.size - 1, blob.size + 1] {
        let other = Descriptor::new(blob.media_type.clone(), blob.digest, size);
        let found = download(registry, repository, &other).await;
        assert!(found.is_err(), "a blob of another size was taken");
    }
}

/// Manifests of all kinds, with the spaces they were written with.
async fn manifests_come_back(registry: &dyn Registry, repository: &Repository) {
    let image = ImageBuilder::new().layer(Layer::file("a", "b")).build();
    let docker = ImageBuilder::new().docker().build();
    let artifact = ArtifactBuilder::new("application/vnd.example")
        .layer("text/plain", "hello")
        .build();
    let index = IndexBuilder::new().image(image.clone()).build();
    for built in [&image, &docker, &artifact, &index] {
        push(registry, repository, built).await;
        expect_manifest(registry, repository, &raw(built)).await;
    }
    let by_sha512 = ImageBuilder::new().algorithm(Algorithm::Sha512).build();
    push(registry, repository, &by_sha512).await;
    expect_manifest(registry, repository, &raw(&by_sha512)).await;
    let mut spaced = b"\n  ".to_vec();
    spaced.extend_from_slice(&image.manifest());
    spaced.extend_from_slice(b"\r\n\t ");
    let spaced = RawManifest::new(
        MediaType::new(image.media_type()),
        DigestAlgorithm::Sha256,
        spaced.into(),
    );
    let reference = ManifestReference::Digest(spaced.digest());
    let put = registry.put_manifest(repository, &reference, &spaced).await;
    let put = put.expect("a manifest with spaces");
    assert_eq!(put.subject, SubjectHandling::NoSubject);
    expect_manifest(registry, repository, &spaced).await;
}

async fn expect_manifest(registry: &dyn Registry, repository: &Repository, manifest: &RawManifest) {
    let reference = ManifestReference::Digest(manifest.digest());
    let head = registry.head_manifest(repository, &reference).await;
    let head = head.expect("HEAD by digest").expect("a manifest by digest");
    assert_eq!(head.digest, manifest.digest());
    if let Some(media_type) = head.media_type {
        assert_eq!(&media_type, manifest.media_type());
    }
    if let Some(size) = head.size {
        assert_eq!(size, manifest.bytes().len() as u64);
    }
    let found = registry.get_manifest(repository, &reference).await;
    assert_eq!(found.expect("GET by digest").as_ref(), Some(manifest));
}

async fn tags_move_and_are_listed(registry: &dyn Registry, repository: &Repository) {
    let first = raw(&ImageBuilder::new().label("which", "first").build());
    let second = raw(&ImageBuilder::new().label("which", "second").build());
    for (which, image) in [("first", &first), ("second", &second)] {
        let built = ImageBuilder::new().label("which", which).build();
        push(registry, repository, &built).await;
        let reference = ManifestReference::Tag(tag("moves"));
        let put = registry.put_manifest(repository, &reference, image).await;
        put.expect("a manifest by tag");
        let head = registry.head_manifest(repository, &reference).await;
        let head = head.expect("HEAD by tag").expect("a manifest by tag");
        assert_eq!(head.digest, image.digest(), "where the tag points");
        let found = registry.get_manifest(repository, &reference).await;
        assert_eq!(found.expect("GET by tag").as_ref(), Some(image));
    }
    let reference = ManifestReference::Tag(tag("stays"));
    let put = registry.put_manifest(repository, &reference, &first).await;
    put.expect("another tag");
    let page = registry.tags(repository, None).await;
    let page = page.expect("the tags").expect("the repository");
    for wanted in ["moves", "stays"] {
        assert!(page.tags.contains(&tag(wanted)), "{wanted} is not listed");
    }
}

async fn mounts_keep_their_word(registry: &dyn Registry, fixture: &BaseFixture) {
    let (blob, bytes) = octets("to be mounted");
    upload(registry, &fixture.repository, &blob, &bytes).await;
    let mount = registry
        .mount_blob(&fixture.neighbour, &blob.digest, &fixture.repository)
        .await;
    match mount.expect("a mount") {
        Mount::Refused(Some(session)) => registry
            .put_blob(&fixture.neighbour, &blob, session, pieces(&bytes))
            .await
            .expect("an upload into the session of a refused mount"),
        Mount::Refused(None) => upload(registry, &fixture.neighbour, &blob, &bytes).await,
        _ => {}
    }
    let found = download(registry, &fixture.neighbour, &blob).await;
    assert_eq!(found.expect("a blob that was mounted"), Some(bytes));

    let (absent, _) = octets("nowhere to be mounted from");
    let mount = registry
        .mount_blob(&fixture.neighbour, &absent.digest, &fixture.repository)
        .await;
    match mount.expect("a mount of what isn't there") {
        Mount::Mounted => panic!("a blob was mounted that isn't there"),
        Mount::Refused(Some(session)) => registry
            .cancel_upload(&fixture.neighbour, session)
            .await
            .expect("an upload that is given up"),
        _ => {}
    }
}

/// Evidence may come before its subject, as OCI 1.1 asks registries to accept.
async fn referrers_are_listed(registry: &dyn Registry, repository: &Repository) {
    let subject = ImageBuilder::new().label("is", "subject").build();
    let digest = raw(&subject).digest();
    let mut expected = Vec::new();
    for text in ["one", "two"] {
        let evidence = ArtifactBuilder::new("application/vnd.example.evidence")
            .layer("text/plain", text.to_owned())
            .subject(subject.descriptor())
            .build();
        for blob in evidence.blobs() {
            let blob_descriptor = crate::suite::content::descriptor(blob);
            upload(registry, repository, &blob_descriptor, &blob.bytes).await;
        }
        let manifest = raw(&evidence);
        let reference = ManifestReference::Digest(manifest.digest());
        let put = registry
            .put_manifest(repository, &reference, &manifest)
            .await;
        let put = put.expect("a manifest whose subject is not there yet");
        assert_ne!(put.subject, SubjectHandling::NoSubject);
        expected.push(manifest.digest());
    }
    expected.sort();
    assert_eq!(referrers(registry, repository, &digest).await, expected);
}

async fn referrers(
    registry: &dyn Registry,
    repository: &Repository,
    digest: &Digest,
) -> Vec<Digest> {
    let list = registry.referrers(repository, digest).await;
    let list = list.unwrap_or_else(|failure| panic!("referrers: {}", failure.chain()));
    let digests = list.descriptors.iter().map(|referrer| referrer.digest);
    digests.collect()
}

async fn uploads_are_given_up(registry: &dyn Registry, repository: &Repository) {
    let session = registry.start_upload(repository).await.expect("an upload");
    let given_up = registry.cancel_upload(repository, session).await;
    given_up.expect("an upload that is given up");
}

/// On a registry that has no referrers API, an implementation that keeps the fallback tag lists what it
/// put, the older ones included.
///
/// # Panics
/// If the implementation doesn't.
pub async fn fallback_tag(registry: &dyn Registry, repository: &Repository) {
    let subject = ImageBuilder::new().label("has", "fallback").build();
    let digest = raw(&subject).digest();
    let mut expected = Vec::new();
    for text in ["one", "two", "three"] {
        let evidence = ArtifactBuilder::new("application/vnd.example.evidence")
            .layer("text/plain", text.to_owned())
            .subject(subject.descriptor())
            .build();
        push_evidence(registry, repository, &evidence).await;
        expected.push(raw(&evidence).digest());
    }
    expected.sort();
    let list = registry.referrers(repository, &digest).await;
    let list = list.expect("referrers by the fallback tag");
    assert!(
        list.fallback,
        "the list is not said to be the fallback tag's"
    );
    let found: Vec<Digest> = list.descriptors.iter().map(|one| one.digest).collect();
    assert_eq!(found, expected);
}

async fn push_evidence(
    registry: &dyn Registry,
    repository: &Repository,
    evidence: &crate::image::BuiltImage,
) {
    for blob in evidence.blobs() {
        let blob_descriptor = crate::suite::content::descriptor(blob);
        upload(registry, repository, &blob_descriptor, &blob.bytes).await;
    }
    let manifest = raw(evidence);
    let reference = ManifestReference::Digest(manifest.digest());
    let put = registry
        .put_manifest(repository, &reference, &manifest)
        .await;
    let put = put.expect("evidence where there is no referrers API");
    assert_eq!(put.subject, SubjectHandling::FallbackTag);
}

/// On a registry that alters content: neither the blob nor the manifest is handed out.
///
/// # Panics
/// If the implementation hands them out, or refuses them for another reason.
pub async fn checked(
    registry: &dyn Registry,
    repository: &Repository,
    blob: &Descriptor,
    manifest: &Digest,
) {
    let failure = download(registry, repository, blob)
        .await
        .expect_err("altered bytes of a blob were handed out");
    assert_eq!(failure.kind(), FailureKind::DigestMismatch, "{failure:?}");
    let reference = ManifestReference::Digest(*manifest);
    let failure = registry
        .get_manifest(repository, &reference)
        .await
        .expect_err("altered bytes of a manifest were handed out");
    assert_eq!(failure.kind(), FailureKind::DigestMismatch, "{failure:?}");
}
