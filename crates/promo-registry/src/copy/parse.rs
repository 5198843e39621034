//! Reads what a manifest refers to: child manifests and blobs.
//!
//! Only what copying needs is read, as leniently as Go's JSON reads it (`null` is nothing, what isn't needed may be
//! odd or missing), for the raw bytes stay the truth. Whatever can be read in two ways is refused, because a
//! registry or a client might take the other way.

use promo_core::oci::{Descriptor, Digest, MediaType, RawManifest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::CopyError;

/// What a manifest refers to, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum References {
    /// An index with these manifests.
    Manifests(Vec<Descriptor>),
    /// An image or artifact with blobs.
    Blobs {
        /// Its config, then its layers. Those with `urls` may be missing in the source.
        blobs: Vec<Descriptor>,
        /// Layers that stay where they are.
        elsewhere: Vec<Descriptor>,
    },
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
        ManifestKind::Image => blobs(manifest)?,
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
    /// The kind that an index says of an entry; nothing where it doesn't say.
    pub(super) fn listed(entry: &Descriptor) -> Result<Option<Self>, CopyError> {
        if entry.media_type.as_str().is_empty() {
            return Ok(None);
        }
        Self::of(&entry.media_type, entry.digest).map(Some)
    }

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
    schema_version: Option<u32>,
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
        if let Some(found) = self.schema_version
            && found != version
        {
            return Err(ambiguous(format!(
                "{media_type} has schema version {version}, not {found}"
            )));
        }
        if let Some(own) = &self.media_type
            && !own.is_empty()
            && MediaType::new(own) != *media_type
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

/// An entry of an index, a config or a layer: what of a descriptor copying needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: Option<String>,
    digest: String,
    size: u64,
    urls: Option<Vec<String>>,
}

/// The list must be there, for an error document has none; it may be `null`.
#[derive(Deserialize)]
struct Index {
    #[serde(deserialize_with = "Option::deserialize")]
    manifests: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Image {
    config: Entry,
    layers: Option<Vec<Entry>>,
}

fn children(manifest: &RawManifest) -> Result<Vec<Descriptor>, CopyError> {
    let index: Index = read(manifest)?;
    let entries = index.manifests.into_iter().flatten();
    entries
        .map(|child| {
            let child = checked(manifest, child)?;
            ManifestKind::listed(&child)?;
            Ok(child)
        })
        .collect()
}

/// A layer stays behind only if its type says that it may not be given on and it can be had elsewhere. One of another
/// type that has `urls` is copied if the source has it, for registries ask for it.
fn blobs(manifest: &RawManifest) -> Result<References, CopyError> {
    let image: Image = read(manifest)?;
    let mut config = checked(manifest, image.config)?;
    config.urls.clear();
    let mut blobs = vec![config];
    let mut elsewhere = Vec::new();
    for layer in image.layers.into_iter().flatten() {
        let layer = checked(manifest, layer)?;
        let stays = layer.media_type.is_non_distributable() && !layer.urls.is_empty();
        let list = if stays { &mut elsewhere } else { &mut blobs };
        list.push(layer);
    }
    Ok(References::Blobs { blobs, elsewhere })
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

/// A descriptor as a checked type. Its `urls` only say that it can be had elsewhere: they are never fetched.
fn checked(manifest: &RawManifest, entry: Entry) -> Result<Descriptor, CopyError> {
    let mut descriptor = Descriptor::new(
        MediaType::new(&entry.media_type.unwrap_or_default()),
        digest(manifest, &entry.digest)?,
        entry.size,
    );
    descriptor.urls = entry.urls.unwrap_or_default();
    Ok(descriptor)
}

fn digest(manifest: &RawManifest, text: &str) -> Result<Digest, CopyError> {
    text.parse().map_err(|source| CopyError::UnsupportedDigest {
        parent: manifest.digest(),
        source,
    })
}

#[cfg(test)]
mod tests;
