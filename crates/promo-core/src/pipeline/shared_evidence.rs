//! The evidence that a run brings, by what it is about: found or made once, for all images and mirrors that want it.
//!
//! Mirrors go through the phases apart (`mirrors`), and images may have children in common: whoever comes first finds out
//! what stands anywhere and makes what stands nowhere, the others take that. What is looked for and made stands in
//! `standing`, how it gets to a repository in `placing`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use futures_util::lock::Mutex;

use super::outcome::Blocked;
use crate::identity::Identity;
use crate::oci::{Digest, Repository, Tag};
use crate::plan::ImageWork;
use crate::ports::{AcceptedEvidence, Failure};

/// The evidence of a run.
#[derive(Debug, Default)]
pub(super) struct SharedEvidence {
    /// What all mirrors together want of each image.
    wanted: BTreeMap<(Identity, Digest), Wanted>,
    subjects: StdMutex<BTreeMap<(Identity, Digest), Arc<Subject>>>,
    /// Hosts that didn't say in time what stands there: nobody waits for them again.
    late: StdMutex<BTreeSet<String>>,
}

/// Where an image is to go, and under which tags.
#[derive(Debug, Default)]
struct Wanted {
    repositories: BTreeSet<Repository>,
    tags: BTreeSet<Tag>,
}

/// The evidence about one digest of one identity.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// What stands somewhere, or was made. Held while somebody looks and makes.
    pub(super) standing: Mutex<Standing>,
    found: StdMutex<BTreeMap<Repository, Arc<Found>>>,
}

/// What stands somewhere, or was made.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) pieces: Vec<AcceptedEvidence>,
    /// Why what is missing can't be made: it isn't tried again.
    pub(super) failed: Option<Blocked>,
}

/// What stands in one repository.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What verifies as ours; nothing if nobody looked yet.
    ours: StdMutex<Option<Result<Vec<AcceptedEvidence>, Failure>>>,
    /// Held while somebody looks or attaches.
    pub(super) busy: Mutex<()>,
}

impl SharedEvidence {
    /// For images that go to their mirrors apart.
    pub(super) fn among<'a>(images: impl Iterator<Item = &'a ImageWork>) -> Self {
        let mut wanted: BTreeMap<(Identity, Digest), Wanted> = BTreeMap::new();
        for work in images {
            let key = (work.identity.clone(), work.digest);
            let wanted = wanted.entry(key).or_default();
            for destination in &work.destinations {
                wanted.repositories.insert(destination.repository.clone());
                let tags = destination.tags.iter().map(|wanted| wanted.tag.clone());
                wanted.tags.extend(tags);
            }
        }
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// What is known about a digest.
    pub(super) fn of(&self, identity: &Identity, digest: Digest) -> Arc<Subject> {
        let mut subjects = lock(&self.subjects);
        let subject = subjects.entry((identity.clone(), digest)).or_default();
        Arc::clone(subject)
    }

    /// The repositories that an image goes to.
    pub(super) fn repositories(
        &self,
        identity: &Identity,
        digest: Digest,
    ) -> impl Iterator<Item = &Repository> {
        let wanted = self.wanted.get(&(identity.clone(), digest));
        wanted.into_iter().flat_map(|wanted| &wanted.repositories)
    }

    /// The tags under which an image goes to any of them.
    pub(super) fn tags(&self, identity: &Identity, digest: Digest) -> impl Iterator<Item = &Tag> {
        let wanted = self.wanted.get(&(identity.clone(), digest));
        wanted.into_iter().flat_map(|wanted| &wanted.tags)
    }

    /// Whether a host is not waited for.
    pub(super) fn is_late(&self, repository: &Repository) -> bool {
        lock(&self.late).contains(repository.host_str())
    }

    /// This host didn't say in time what stands there.
    pub(super) fn set_late(&self, repository: &Repository) {
        lock(&self.late).insert(repository.host_str().to_owned());
    }
}

impl Subject {
    /// What stands in a repository.
    pub(super) fn at(&self, repository: &Repository) -> Arc<Found> {
        let mut found = lock(&self.found);
        Arc::clone(found.entry(repository.clone()).or_default())
    }
}

impl Found {
    /// What verifies as ours; nothing if nobody looked yet.
    pub(super) fn ours(&self) -> Option<Result<Vec<AcceptedEvidence>, Failure>> {
        lock(&self.ours).clone()
    }

    /// What verifies as ours, as far as it is known.
    pub(super) fn held(&self) -> Vec<AcceptedEvidence> {
        self.ours().and_then(Result::ok).unwrap_or_default()
    }

    /// Somebody looked.
    pub(super) fn set(&self, ours: Result<Vec<AcceptedEvidence>, Failure>) {
        *lock(&self.ours) = Some(ours);
    }

    /// These were attached.
    pub(super) fn add(&self, attached: &[AcceptedEvidence]) {
        if let Some(Ok(ours)) = lock(&self.ours).as_mut() {
            ours.extend_from_slice(attached);
        }
    }
}

/// What these locks hold is whole after each statement, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &StdMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
