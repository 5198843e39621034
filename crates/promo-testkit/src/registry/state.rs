//! Direct access to what a registry stores, for preparing a test and for looking afterwards, without a request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use super::lock::lock;
use super::manifest_facts::ManifestFacts;
use super::storage::{Repository, Store};
use crate::digest;

/// What a registry stores. Clones share it. Nothing is checked here: a test may store what a registry would refuse.
#[derive(Clone, Debug, Default)]
pub struct RegistryState {
    store: Arc<Mutex<Store>>,
}

/// A manifest as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredManifest {
    /// The digest it is stored under.
    pub digest: String,
    /// The media type it was put with.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

impl RegistryState {
    /// Stores a blob under its SHA-256 digest, which is returned.
    pub fn put_blob(&self, repository: &str, bytes: impl Into<Bytes>) -> String {
        let bytes = bytes.into();
        let digest = digest::sha256(&bytes);
        self.put_blob_as(repository, &digest, bytes);
        digest
    }

    /// Stores a blob under any digest, right or wrong.
    pub fn put_blob_as(&self, repository: &str, digest: &str, bytes: impl Into<Bytes>) {
        self.store()
            .create(repository)
            .blobs
            .insert(digest.to_owned(), bytes.into());
    }

    /// Stores a manifest under its SHA-256 digest, which is returned.
    pub fn put_manifest(
        &self,
        repository: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> String {
        let bytes = bytes.into();
        let digest = digest::sha256(&bytes);
        self.put_manifest_as(repository, &digest, media_type, bytes);
        digest
    }

    /// Stores a manifest under any digest, right or wrong. It may be no manifest at all.
    pub fn put_manifest_as(
        &self,
        repository: &str,
        digest: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) {
        let bytes = bytes.into();
        let facts = ManifestFacts::parse(&bytes).unwrap_or_default();
        self.store()
            .put_manifest(repository, digest, media_type, bytes, facts);
    }

    /// Points a tag to a digest, whether or not that is there.
    pub fn tag(&self, repository: &str, tag: &str, digest: &str) {
        self.store()
            .create(repository)
            .tags
            .insert(tag.to_owned(), digest.to_owned());
    }

    /// The names of all repositories, sorted.
    pub fn repositories(&self) -> Vec<String> {
        self.store().names().map(str::to_owned).collect()
    }

    /// The tags of a repository and the digests they point to; none when there is no such repository.
    pub fn tags(&self, repository: &str) -> BTreeMap<String, String> {
        self.read(repository, |stored| stored.tags.clone())
            .unwrap_or_default()
    }

    /// The digest that a tag points to.
    pub fn tag_digest(&self, repository: &str, tag: &str) -> Option<String> {
        self.read(repository, |stored| stored.tags.get(tag).cloned())?
    }

    /// The digests of all manifests of a repository, sorted.
    pub fn manifests(&self, repository: &str) -> Vec<String> {
        self.read(repository, |stored| {
            stored.manifests.keys().cloned().collect()
        })
        .unwrap_or_default()
    }

    /// The manifest that a tag or digest stands for.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<StoredManifest> {
        self.read(repository, |stored| {
            let (digest, manifest) = stored.manifest(reference)?;
            Some(StoredManifest {
                digest: digest.to_owned(),
                media_type: manifest.media_type.clone(),
                bytes: manifest.bytes.clone(),
            })
        })?
    }

    /// The digests of the manifests whose subject is `digest`, sorted, whether or not the referrers API is on.
    pub fn referrers(&self, repository: &str, digest: &str) -> Vec<String> {
        let read = |stored: &Repository| {
            stored
                .referrers
                .get(digest)
                .map(|all| all.iter().cloned().collect())
        };
        self.read(repository, read).flatten().unwrap_or_default()
    }

    /// The digests of all blobs of a repository, sorted.
    pub fn blobs(&self, repository: &str) -> Vec<String> {
        self.read(repository, |stored| stored.blobs.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// A blob of a repository.
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Bytes> {
        self.read(repository, |stored| stored.blobs.get(digest).cloned())?
    }

    /// Whether a blob is in a repository.
    pub fn has_blob(&self, repository: &str, digest: &str) -> bool {
        self.blob(repository, digest).is_some()
    }

    /// Removes a tag; false when it was not there.
    pub fn delete_tag(&self, repository: &str, tag: &str) -> bool {
        self.change(repository, |stored| stored.tags.remove(tag).is_some())
    }

    /// Removes a manifest and the tags that point to it; false when it was not there.
    pub fn delete_manifest(&self, repository: &str, digest: &str) -> bool {
        self.change(repository, |stored| stored.remove_manifest(digest))
    }

    /// Forgets all repositories.
    pub fn clear(&self) {
        *self.store() = Store::default();
    }

    /// Removes what a collector takes: manifests whose subject isn't there, and tags of evidence (`sha256-…`) about
    /// digests that aren't there.
    pub fn collect_orphans(&self) {
        self.store().each_mut(Repository::collect_orphans);
    }

    /// Removes a blob from one repository; false when it was not there.
    pub fn delete_blob(&self, repository: &str, digest: &str) -> bool {
        self.change(repository, |stored| stored.blobs.remove(digest).is_some())
    }

    /// Alters a byte of a blob, in one repository, and keeps its length; false when the blob was not there or is empty.
    pub fn corrupt_blob(&self, repository: &str, digest: &str) -> bool {
        self.change(repository, |stored| {
            stored.blobs.get_mut(digest).is_some_and(corrupt)
        })
    }

    /// Alters a byte of a manifest and keeps its length; false when the manifest was not there or is empty.
    pub fn corrupt_manifest(&self, repository: &str, reference: &str) -> bool {
        self.change(repository, |stored| {
            let digest = stored.resolve(reference).map(str::to_owned);
            let manifest = digest.and_then(|digest| stored.manifests.get_mut(&digest));
            manifest.is_some_and(|manifest| corrupt(&mut manifest.bytes))
        })
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    fn read<T>(&self, repository: &str, read: impl FnOnce(&Repository) -> T) -> Option<T> {
        self.store().get(repository).map(read)
    }

    fn change(&self, repository: &str, change: impl FnOnce(&mut Repository) -> bool) -> bool {
        self.store().get_mut(repository).is_some_and(change)
    }
}

/// Flips a bit in the middle.
pub(super) fn corrupt(bytes: &mut Bytes) -> bool {
    let mut altered = bytes.to_vec();
    let middle = altered.len() / 2;
    let Some(byte) = altered.get_mut(middle) else {
        return false;
    };
    *byte ^= 1;
    *bytes = Bytes::from(altered);
    true
}
