//! What becomes of each destination of one image while its content is brought.

use std::sync::{Mutex, MutexGuard, PoisonError};

use promo_core::oci::Repository;
use promo_core::ports::{DestinationContent, Failure};

/// How a blob came to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It was there, or was taken over within the host.
    Mounted,
    /// These many bytes were sent.
    Uploaded(u64),
}

/// One destination: it goes on until its first failure.
#[derive(Debug)]
pub(super) struct Destination {
    repository: Repository,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    content: DestinationContent,
    failure: Option<Failure>,
}

impl Destination {
    pub(super) fn new(repository: Repository) -> Self {
        Self {
            repository,
            progress: Mutex::default(),
        }
    }

    /// Where it is.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Whether nothing has failed yet.
    pub(super) fn is_going(&self) -> bool {
        self.progress().failure.is_none()
    }

    /// A blob is there.
    pub(super) fn blob_arrived(&self, way: Way) {
        let mut progress = self.progress();
        match way {
            Way::Mounted => progress.content.mounted += 1,
            Way::Uploaded(bytes) => {
                progress.content.uploaded += 1;
                progress.content.bytes += bytes;
            }
        }
    }

    /// A child manifest was put.
    pub(super) fn child_arrived(&self) {
        self.progress().content.children += 1;
    }

    /// Something failed; the first failure is kept.
    pub(super) fn fail(&self, failure: Failure) {
        self.progress().failure.get_or_insert(failure);
    }

    /// The outcome, with the name.
    pub(super) fn finish(self) -> (Repository, Result<DestinationContent, Failure>) {
        let progress = self
            .progress
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let outcome = match progress.failure {
            Some(failure) => Err(failure),
            None => Ok(progress.content),
        };
        (self.repository, outcome)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
