//! What reading and attaching have shown, so that attaching needs not ask again within a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};

/// The most lists of referrers that are remembered at a time.
const MAX_LISTS: usize = 10_000;

type Lists = BTreeMap<(Repository, Digest), BTreeSet<Digest>>;

/// What is known about repositories. Evidence that others add meanwhile is at worst written again, with
/// the same bytes. Nobody deletes evidence while images are promoted.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The empty config is the same blob for all bundles.
    empty_configs: Mutex<BTreeSet<Repository>>,
    lists: Mutex<Lists>,
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
