//! What `oci_client` doesn't tell about a manifest: its media type is dropped with the headers, so it is
//! derived from the document.

use bytes::Bytes;
use promo_core::oci::{Descriptor, Digest, MediaType, RawManifest, Repository};
use promo_core::ports::Failure;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::failure::{altered, malformed};

/// The fields that tell what a manifest is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
    signatures: Option<IgnoredAny>,
    subject: Option<Descriptor>,
}

impl Document {
    fn media_type(&self) -> Option<MediaType> {
        let derived = match self {
            Self {
                media_type: Some(own),
                ..
            } if !own.is_empty() => own,
            Self {
                schema_version: 1,
                signatures: Some(_),
                ..
            } => MediaType::DOCKER_SCHEMA1_SIGNED,
            Self {
                schema_version: 1, ..
            } => MediaType::DOCKER_SCHEMA1,
            Self {
                manifests: Some(_), ..
            } => MediaType::OCI_INDEX,
            Self {
                config: Some(_), ..
            } => MediaType::OCI_MANIFEST,
            _ => return None,
        };
        Some(MediaType::new(derived))
    }
}

/// A manifest from its bytes; `digest` is what it was asked by, or what the registry named.
pub(super) fn raw(
    repository: &Repository,
    digest: Digest,
    bytes: Bytes,
) -> Result<RawManifest, Failure> {
    let document: Option<Document> = serde_json::from_slice(&bytes).ok();
    let media_type = document
        .as_ref()
        .and_then(Document::media_type)
        .ok_or_else(|| malformed(repository, "the answer is not a manifest"))?;
    let manifest = RawManifest::new(media_type, digest.algorithm(), bytes);
    if manifest.digest() != digest {
        return Err(altered(
            repository,
            "the manifest doesn't have the digest it was asked by",
        ));
    }
    Ok(manifest)
}

/// The subject of a manifest, if it has one.
pub(super) fn subject(manifest: &RawManifest) -> Option<Descriptor> {
    serde_json::from_slice::<Document>(manifest.bytes())
        .ok()?
        .subject
}

/// The entries of a referrers fallback tag.
#[derive(Deserialize)]
struct Referrers {
    manifests: Vec<Descriptor>,
}

/// The descriptors that an index lists.
pub(super) fn listed(
    repository: &Repository,
    index: &RawManifest,
) -> Result<Vec<Descriptor>, Failure> {
    serde_json::from_slice::<Referrers>(index.bytes())
        .map(|index| index.manifests)
        .map_err(|_| malformed(repository, "the referrers tag is not an index"))
}
