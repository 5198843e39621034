//! What reading and attaching have shown, so that attaching needs not ask again within a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};

use super::tag_image::TagImage;
use super::tag_update::SharedTag;

/// The most lists of referrers, and shared tags, that are remembered at a time.
const MAX_LISTS: usize = 10_000;

type Lists = BTreeMap<(Repository, Digest), BTreeSet<Digest>>;

/// What is known about repositories. Evidence that others add meanwhile is at worst written again, with
/// the same bytes. Nobody deletes evidence while images are promoted.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The empty config is the same blob for all bundles.
    empty_configs: Mutex<BTreeSet<Repository>>,
    lists: Mutex<Lists>,
    /// Blobs that were sent and not read since.
    unread: Mutex<BTreeSet<(Repository, Digest)>>,
    /// Blobs that were not there when they were to be read.
    lost: Mutex<BTreeSet<(Repository, Digest)>>,
    tags: Mutex<BTreeMap<SharedTag, SeenTag>>,
}

/// What was seen and written under a shared tag in this run.
#[derive(Debug, Clone)]
pub(super) struct SeenTag {
    /// The digest that stood there last; none if the tag was not there.
    pub(super) last: Option<Digest>,
    /// Every layer that ever stood there.
    pub(super) image: TagImage,
    /// Whether others wrote it meanwhile.
    pub(super) is_contended: bool,
}

impl Known {
    /// Whether the repository has the empty config.
    pub(super) fn has_empty_config(&self, repository: &Repository) -> bool {
        lock(&self.empty_configs).contains(repository)
    }

    /// The repository has the empty config.
    pub(super) fn saw_empty_config(&self, repository: &Repository) {
        let mut repositories = lock(&self.empty_configs);
        if !repositories.contains(repository) {
            repositories.insert(repository.clone());
        }
    }

    /// It may have lost it.
    pub(super) fn lost_empty_config(&self, repository: &Repository) {
        lock(&self.empty_configs).remove(repository);
    }

    /// A blob was sent: nobody knows yet whether it was kept.
    pub(super) fn sent_blob(&self, repository: &Repository, digest: Digest) {
        lock(&self.unread).insert((repository.clone(), digest));
    }

    /// A blob was read.
    pub(super) fn read_blob(&self, repository: &Repository, digest: Digest) {
        lock(&self.unread).remove(&(repository.clone(), digest));
    }

    /// Whether a blob was sent and not read since.
    pub(super) fn is_unread(&self, repository: &Repository, digest: Digest) -> bool {
        lock(&self.unread).contains(&(repository.clone(), digest))
    }

    /// A blob that was sent isn't there.
    pub(super) fn lost_blob(&self, repository: &Repository, digest: Digest) {
        lock(&self.lost).insert((repository.clone(), digest));
    }

    /// Whether a blob that was sent was found missing. It is forgotten: who asks sends it again.
    pub(super) fn take_lost_blob(&self, repository: &Repository, digest: Digest) -> bool {
        lock(&self.lost).remove(&(repository.clone(), digest))
    }

    /// What was seen and written under a shared tag.
    pub(super) fn seen_tag(&self, tag: &SharedTag) -> Option<SeenTag> {
        lock(&self.tags).get(tag).cloned()
    }

    /// This stands under a shared tag, or nothing.
    pub(super) fn saw_tag(&self, tag: &SharedTag, found: Option<(Digest, TagImage)>) {
        let mut tags = lock(&self.tags);
        let before = tags.remove(tag);
        while tags.len() >= MAX_LISTS {
            tags.pop_first();
        }
        let last = found.as_ref().map(|(digest, _)| *digest);
        let mut image = found.map_or_else(TagImage::new, |(_, image)| image);
        if let Some(before) = &before {
            image.absorb_all(&before.image);
        }
        let seen = SeenTag {
            last,
            image,
            is_contended: before.is_some_and(|before| before.is_contended),
        };
        tags.insert(tag.clone(), seen);
    }

    /// Others write a shared tag while we do.
    pub(super) fn saw_others_write(&self, tag: &SharedTag) {
        if let Some(seen) = lock(&self.tags).get_mut(tag) {
            seen.is_contended = true;
        }
    }

    /// These refer to a digest.
    pub(super) fn saw_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        referrers: BTreeSet<Digest>,
    ) {
        let mut lists = lock(&self.lists);
        while lists.len() >= MAX_LISTS {
            lists.pop_first();
        }
        lists.insert((repository.clone(), *digest), referrers);
    }

    /// What refers to a digest, as far as it is known. It is forgotten: who attaches says what refers
    /// to it afterwards, unless that fails.
    pub(super) fn take_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Option<BTreeSet<Digest>> {
        lock(&self.lists).remove(&(repository.clone(), *digest))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
