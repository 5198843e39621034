//! The manifests of images as a run read them at their sources while it planned (`read_for_copying`), so that nobody
//! after that reads them again. They are a convenience and decide nothing: who doesn't find one here asks the source.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::oci::{Digest, RawManifest, Repository};
use crate::plan::ImageWork;

/// The most bytes of manifests that a run keeps between plan and copying. What is beyond that is read again.
pub const MAX_SOURCE_MANIFESTS: usize = 64 << 20;

/// Manifests by where they are, as far as there is room for them.
#[derive(Debug, Default)]
pub(super) struct SourceManifests(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    manifests: BTreeMap<(Repository, Digest), RawManifest>,
    bytes: usize,
}

impl SourceManifests {
    /// Keeps one, if there is room.
    pub(super) fn keep(&self, source: &Repository, manifest: RawManifest) {
        let mut kept = self.lock();
        let bytes = kept.bytes.saturating_add(manifest.bytes().len());
        if bytes <= MAX_SOURCE_MANIFESTS {
            kept.bytes = bytes;
            let key = (source.clone(), manifest.digest());
            kept.manifests.insert(key, manifest);
        }
    }

    /// That of a digest, if it was kept.
    pub(super) fn of(&self, source: &Repository, digest: Digest) -> Option<RawManifest> {
        let kept = self.lock();
        kept.manifests.get(&(source.clone(), digest)).cloned()
    }

    /// Takes those of some images out, for who works on these alone and then gives them back.
    pub(super) fn take<'a>(&self, images: impl Iterator<Item = &'a ImageWork>) -> Self {
        let mut kept = self.lock();
        let keys = images.map(|work| (work.source.clone(), work.digest));
        let manifests = keys.filter_map(|key| kept.manifests.remove_entry(&key));
        let manifests: BTreeMap<_, _> = manifests.collect();
        let bytes = manifests.values().map(|it| it.bytes().len()).sum();
        kept.bytes = kept.bytes.saturating_sub(bytes);
        Self(Mutex::new(Kept { manifests, bytes }))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
