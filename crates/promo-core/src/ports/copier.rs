//! The `Copier` port: brings everything that an image needs to its destinations, except the
//! image's own manifest, which publish puts last.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::oci::{Descriptor, Digest, RawManifest, Repository};

/// One image and where its content is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRequest {
    /// Where it comes from.
    pub source: Repository,
    /// Which image.
    pub digest: Digest,
    /// The image's own manifest, if it was read from there already: a copier need not read it again.
    pub manifest: Option<RawManifest>,
    /// Where its content goes, in this order, each once.
    pub destinations: Vec<Repository>,
    /// Where other calls of this run bring the same content, at about the same time: what is read from the source for one
    /// of them can serve all. Nothing is owed for them, and a copier may take no notice.
    pub partners: Vec<Repository>,
}

impl CopyRequest {
    /// A request that stands alone.
    pub fn new(source: Repository, digest: Digest, destinations: Vec<Repository>) -> Self {
        Self {
            source,
            digest,
            manifest: None,
            destinations,
            partners: Vec::new(),
        }
    }

    /// The same, with the image's own manifest, if it is known.
    #[must_use]
    pub fn with_manifest(self, manifest: Option<RawManifest>) -> Self {
        Self { manifest, ..self }
    }

    /// The same, with the destinations of other calls that bring the same content.
    #[must_use]
    pub fn with_partners(self, partners: Vec<Repository>) -> Self {
        Self { partners, ..self }
    }
}

/// How the content of an image came to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DestinationContent {
    /// Blobs that were there already or could be taken over from another repository of the host.
    pub mounted: u64,
    /// Blobs that were sent.
    pub uploaded: u64,
    /// The bytes of those.
    pub bytes: u64,
    /// Children of the index (manifests) that were put.
    pub children: u64,
}

/// An image whose content was copied.
#[derive(Debug)]
pub struct CopiedContent {
    /// The image's own manifest: as the request has it or read from the source, its digest checked, not put anywhere.
    pub manifest: RawManifest,
    /// All manifests below it, children before parents, each once.
    pub children: Vec<Descriptor>,
    /// Layers that were not copied, each once: they can be had elsewhere, and may not be given on or are not in the
    /// source.
    pub left_behind: Vec<Descriptor>,
    /// What became of each destination, in the order of the request.
    pub destinations: Vec<(Repository, Result<DestinationContent, Failure>)>,
}

/// How large an image is: what copying it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageSize {
    /// The manifests below its own, each once.
    pub children: u64,
    /// The blobs that are copied, each once.
    pub blobs: u64,
    /// The bytes of the blobs.
    pub blob_bytes: u64,
    /// The bytes of its own manifest.
    pub own_bytes: u64,
    /// All bytes together: of blobs, of the manifests below its own, and of its own.
    pub bytes: u64,
}

/// Copies the content of images.
#[async_trait]
pub trait Copier: Debug + Send + Sync {
    /// Puts all blobs and child manifests of an image to its destinations, children before parents and
    /// blobs before manifests, but not the image's own manifest. Each blob is read once from the
    /// source for all destinations that keep pace with each other. A destination that fails or is slow doesn't hinder
    /// the others; an error is returned only when the source can't be read.
    async fn copy(&self, request: &CopyRequest) -> Result<CopiedContent, Failure>;

    /// Reads the manifests of an image, and nothing else, and says how large it is. What [`Self::copy`] would refuse
    /// for its manifests is refused here as well.
    async fn measure(&self, source: &Repository, digest: &Digest) -> Result<ImageSize, Failure>;
}
