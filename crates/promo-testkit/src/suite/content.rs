//! Puts built images into registries through the port, and looks whether they are there.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository};
use promo_core::ports::{BlobStream, Failure, Registry};

use crate::image::{BuiltBlob, BuiltImage};

/// The digest of a built image as a checked type.
///
/// # Panics
/// If it is none, which no builder makes.
pub fn typed_digest(text: &str) -> Digest {
    text.parse().expect("builders make digests that are valid")
}

/// A manifest as the port takes it.
pub(super) fn raw(image: &BuiltImage) -> RawManifest {
    RawManifest::new(
        MediaType::new(image.media_type()),
        typed_digest(image.digest()).algorithm(),
        image.manifest(),
    )
}

/// A blob's descriptor as the port takes it.
pub(super) fn descriptor(blob: &BuiltBlob) -> Descriptor {
    Descriptor::new(
        MediaType::new(&blob.media_type),
        typed_digest(&blob.digest),
        blob.bytes.len() as u64,
    )
}

/// Bytes as a stream of small pieces.
pub(super) fn pieces(bytes: &Bytes) -> BlobStream {
    let pieces: Vec<Result<Bytes, Failure>> = bytes
        .chunks(1000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces).boxed()
}

/// Puts an image with all that belongs to it into a repository, through the port, and its manifest under
/// its digest.
///
/// # Panics
/// If the registry doesn't take it.
pub async fn push(registry: &dyn Registry, repository: &Repository, image: &BuiltImage) {
    for blob in image.blobs().iter().filter(|blob| blob.is_distributable) {
        upload(registry, repository, &descriptor(blob), &blob.bytes).await;
    }
    for child in image.children() {
        Box::pin(push(registry, repository, child)).await;
    }
    let manifest = raw(image);
    let reference = ManifestReference::Digest(manifest.digest());
    registry
        .put_manifest(repository, &reference, &manifest)
        .await
        .unwrap_or_else(|failure| panic!("put manifest {reference}: {}", failure.chain()));
}

pub(super) async fn upload(
    registry: &dyn Registry,
    repository: &Repository,
    blob: &Descriptor,
    bytes: &Bytes,
) {
    let session = registry
        .start_upload(repository)
        .await
        .unwrap_or_else(|failure| panic!("open an upload: {}", failure.chain()));
    registry
        .put_blob(repository, blob, session, pieces(bytes))
        .await
        .unwrap_or_else(|failure| panic!("put blob {}: {}", blob.digest, failure.chain()));
}

/// The bytes of a blob, read through the port; `None` if it isn't there.
pub(super) async fn download(
    registry: &dyn Registry,
    repository: &Repository,
    blob: &Descriptor,
) -> Result<Option<Bytes>, Failure> {
    let Some(stream) = registry.get_blob(repository, blob).await? else {
        return Ok(None);
    };
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(Some(pieces.concat().into()))
}

/// Checks that a repository has the blobs of an image and of all its children, byte for byte, and the
/// manifests of the children.
pub(super) async fn assert_content(
    registry: &dyn Registry,
    repository: &Repository,
    image: &BuiltImage,
) {
    for blob in image.blobs().iter().filter(|blob| blob.is_distributable) {
        let found = download(registry, repository, &descriptor(blob))
            .await
            .unwrap_or_else(|failure| panic!("get blob {}: {}", blob.digest, failure.chain()));
        let found = found.unwrap_or_else(|| panic!("{repository} lacks blob {}", blob.digest));
        assert_eq!(found, blob.bytes, "the bytes of {}", blob.digest);
    }
    for child in image.children() {
        Box::pin(assert_content(registry, repository, child)).await;
        let found = manifest(registry, repository, child.digest()).await;
        let found = found.unwrap_or_else(|| panic!("{repository} lacks child {}", child.digest()));
        assert_eq!(found, raw(child), "the manifest of a child");
    }
}

/// A manifest by its digest.
pub(super) async fn manifest(
    registry: &dyn Registry,
    repository: &Repository,
    digest: &str,
) -> Option<RawManifest> {
    let reference = ManifestReference::Digest(typed_digest(digest));
    registry
        .get_manifest(repository, &reference)
        .await
        .unwrap_or_else(|failure| panic!("get manifest {digest}: {}", failure.chain()))
}
