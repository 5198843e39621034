//! Reads what a manifest refers to: child manifests and blobs.
//!
//! The document models of `oci-spec` are used for reading only; the raw bytes stay the truth. Whatever
//! can be read in two ways is refused, because a registry or a client might take the other way.

use oci_spec::image as oci;
use promo_core::oci::{Descriptor, Digest, MediaType, RawManifest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::CopyError;

/// What a manifest refers to, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum References {
    /// An index with these manifests.
    Manifests(Vec<Descriptor>),
    /// An image or artifact with these blobs: its config, then its layers.
    Blobs(Vec<Descriptor>),
    /// A manifest of Docker's schema 1: blobs whose sizes it doesn't tell.
    UnsizedBlobs(Vec<Digest>),
}

/// Reads what `manifest` refers to.
pub(super) fn references(manifest: &RawManifest) -> Result<References, CopyError> {
    let kind = ManifestKind::of(manifest.media_type(), manifest.digest())?;
    let outline: Outline = read(manifest)?;
    outline.check(manifest, kind)?;
    Ok(match kind {
        ManifestKind::Index => References::Manifests(children(manifest)?),
        ManifestKind::Image => References::Blobs(blobs(manifest)?),
        ManifestKind::Schema1 => References::UnsizedBlobs(schema1_blobs(manifest)?),
    })
}

/// The kinds of manifests, whether of OCI or of Docker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestKind {
    /// Lists manifests.
    Index,
    /// Lists a config and layers.
    Image,
    /// Lists layers without sizes.
    Schema1,
}

impl ManifestKind {
    /// The kind that a media type says; a type that is not known to be a manifest can't be followed, so
    /// its content would stay behind: it is refused.
    pub(super) fn of(media_type: &MediaType, digest: Digest) -> Result<Self, CopyError> {
        if media_type.is_index() {
            Ok(Self::Index)
        } else if media_type.is_image() {
            Ok(Self::Image)
        } else if media_type.is_schema1() {
            Ok(Self::Schema1)
        } else {
            Err(CopyError::NotAManifest {
                media_type: media_type.clone(),
                digest,
            })
        }
    }
}

/// Which of the lists a manifest has that make it one kind or another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: u32,
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    fs_layers: Option<IgnoredAny>,
}

impl Outline {
    /// A document with the lists of two kinds is refused (CVE-2021-41190: who reads it as the other kind
    /// gets other content under the same digest), and so is one that was served as another kind than it
    /// says.
    fn check(&self, manifest: &RawManifest, kind: ManifestKind) -> Result<(), CopyError> {
        let media_type = manifest.media_type();
        let ambiguous = |what: String| CopyError::Ambiguous {
            digest: manifest.digest(),
            what,
        };
        let version = if kind == ManifestKind::Schema1 { 1 } else { 2 };
        if self.schema_version != version {
            let found = self.schema_version;
            return Err(ambiguous(format!(
                "{media_type} has schema version {version}, not {found}"
            )));
        }
        if let Some(own) = &self.media_type
            && own != media_type.as_str()
        {
            return Err(ambiguous(format!(
                "it is served as {media_type} and says it is `{}`",
                own.escape_default()
            )));
        }
        let image = self.config.is_some() || self.layers.is_some();
        let kinds = [self.manifests.is_some(), image, self.fs_layers.is_some()];
        if kinds.iter().filter(|kind| **kind).count() > 1 {
            return Err(ambiguous(
                "it has the lists of an index and of an image".to_owned(),
            ));
        }
        Ok(())
    }
}

fn read<'a, T: Deserialize<'a>>(manifest: &'a RawManifest) -> Result<T, CopyError> {
    serde_json::from_slice(manifest.bytes()).map_err(|source| CopyError::Unreadable {
        digest: manifest.digest(),
        media_type: manifest.media_type().clone(),
        source,
    })
}

fn children(manifest: &RawManifest) -> Result<Vec<Descriptor>, CopyError> {
    let index: oci::ImageIndex = read(manifest)?;
    index
        .manifests()
        .iter()
        .map(|child| {
            let child = checked(manifest, child)?;
            ManifestKind::of(&child.media_type, child.digest)?;
            Ok(child)
        })
        .collect()
}

fn blobs(manifest: &RawManifest) -> Result<Vec<Descriptor>, CopyError> {
    let image: oci::ImageManifest = read(manifest)?;
    let mut blobs = vec![checked(manifest, image.config())?];
    for layer in image.layers() {
        let layer = checked(manifest, layer)?;
        if !layer.media_type.is_non_distributable() {
            blobs.push(layer);
        }
    }
    Ok(blobs)
}

/// A manifest of schema 1. Its layers come newest first; the order is kept, as it doesn't matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema1 {
    fs_layers: Vec<Schema1Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema1Layer {
    blob_sum: String,
}

fn schema1_blobs(manifest: &RawManifest) -> Result<Vec<Digest>, CopyError> {
    let document: Schema1 = read(manifest)?;
    document
        .fs_layers
        .iter()
        .map(|layer| digest(manifest, &layer.blob_sum))
        .collect()
}

/// A descriptor as a checked type. Its `urls` are left behind: they are never fetched.
fn checked(manifest: &RawManifest, descriptor: &oci::Descriptor) -> Result<Descriptor, CopyError> {
    Ok(Descriptor::new(
        MediaType::new(descriptor.media_type().as_ref()),
        digest(manifest, descriptor.digest().as_ref())?,
        descriptor.size(),
    ))
}

fn digest(manifest: &RawManifest, text: &str) -> Result<Digest, CopyError> {
    text.parse().map_err(|source| CopyError::UnsupportedDigest {
        parent: manifest.digest(),
        source,
    })
}

#[cfg(test)]
mod tests;
