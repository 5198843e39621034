//! What builders make: a manifest with everything that belongs to it.

use bytes::Bytes;

use super::descriptor::{Descriptor, Platform};
use crate::digest::Algorithm;
use crate::registry::RegistryState;

/// A manifest with its blobs and, of an index, its children.
#[derive(Clone, Debug)]
pub struct BuiltImage {
    pub(super) manifest: Bytes,
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) artifact_type: Option<String>,
    pub(super) platform: Option<Platform>,
    pub(super) blobs: Vec<BuiltBlob>,
    pub(super) children: Vec<BuiltImage>,
}

/// A blob of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuiltBlob {
    /// Its digest.
    pub digest: String,
    /// The media type that the manifest gives it.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether registries have it; false for non-distributable layers.
    pub is_distributable: bool,
}

impl BuiltImage {
    /// A manifest of any bytes, right or wrong, without blobs and children.
    pub fn raw(media_type: &str, manifest: impl Into<Bytes>) -> Self {
        Self::new(media_type, manifest.into(), Algorithm::Sha256)
    }

    pub(super) fn new(media_type: &str, manifest: Bytes, algorithm: Algorithm) -> Self {
        Self {
            digest: algorithm.digest(&manifest),
            manifest,
            media_type: media_type.to_owned(),
            artifact_type: None,
            platform: None,
            blobs: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The bytes of the manifest.
    pub fn manifest(&self) -> Bytes {
        self.manifest.clone()
    }

    /// The media type of the manifest.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The digest of the manifest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The config and layers, in the order of the manifest.
    pub fn blobs(&self) -> &[BuiltBlob] {
        &self.blobs
    }

    /// The images of an index that exist, in its order.
    pub fn children(&self) -> &[BuiltImage] {
        &self.children
    }

    /// What an index or a subject says of this manifest.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            artifact_type: self.artifact_type.clone(),
            platform: self.platform.clone(),
            ..Descriptor::new(&self.media_type, &self.digest, self.manifest.len() as u64)
        }
    }

    /// Puts blobs, children and manifest into a repository and tags it.
    pub fn push_to(&self, state: &RegistryState, repository: &str, tag: &str) {
        self.push_untagged(state, repository);
        state.tag(repository, tag, &self.digest);
    }

    /// Puts blobs, children and manifest into a repository, without a tag.
    pub fn push_untagged(&self, state: &RegistryState, repository: &str) {
        for blob in self.blobs.iter().filter(|blob| blob.is_distributable) {
            state.put_blob_as(repository, &blob.digest, blob.bytes.clone());
        }
        for child in &self.children {
            child.push_untagged(state, repository);
        }
        state.put_manifest_as(
            repository,
            &self.digest,
            &self.media_type,
            self.manifest.clone(),
        );
    }

    /// Whether a repository has the manifest and everything that belongs to it, byte for byte.
    pub fn is_in(&self, state: &RegistryState, repository: &str) -> bool {
        let stored = state.manifest(repository, &self.digest);
        let mut blobs = self.blobs.iter().filter(|blob| blob.is_distributable);
        stored.is_some_and(|stored| {
            stored.bytes == self.manifest && stored.media_type == self.media_type
        }) && blobs.all(|blob| state.blob(repository, &blob.digest).as_ref() == Some(&blob.bytes))
            && self
                .children
                .iter()
                .all(|child| child.is_in(state, repository))
    }
}

impl BuiltBlob {
    pub(super) fn new(digest: String, media_type: &str, bytes: Bytes) -> Self {
        Self {
            digest,
            media_type: media_type.to_owned(),
            bytes,
            is_distributable: true,
        }
    }

    pub(super) fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, &self.digest, self.bytes.len() as u64)
    }
}
