//! What is read of staging once for all images of a run that are the same there: without identities of one's own each
//! mirror has a public name for itself, and as many images share a source and a digest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use futures_util::lock::Mutex;

use super::tag_lists::TagLists;
use crate::oci::{Digest, RawManifest, Repository};
use crate::plan::{Beside, ImageWork};
use crate::ports::{BoundedEvidence, Failure, Verification};

/// The reads of a run, as far as images are still to come that want them.
#[derive(Debug, Default)]
pub(super) struct SourceReads {
    pub(super) evidence: Once<(BoundedEvidence, Verification)>,
    pub(super) manifests: Once<Option<RawManifest>>,
    pub(super) beside: Once<Vec<Beside>>,
    pub(super) tags: TagLists,
}

impl SourceReads {
    /// These images are about to be validated.
    pub(super) fn expect<'a>(&self, images: impl Iterator<Item = &'a ImageWork>) {
        let mut counts: BTreeMap<(&Repository, Digest), usize> = BTreeMap::new();
        for work in images {
            *counts.entry((&work.source, work.digest)).or_default() += 1;
        }
        self.tags.expect(counts.keys().map(|(source, _)| *source));
        for ((source, digest), count) in counts.into_iter().filter(|(_, count)| *count > 1) {
            let key = (source.clone(), digest);
            self.evidence.expect(key.clone(), count);
            self.manifests.expect(key.clone(), count);
            self.beside.expect(key, count);
        }
    }
}

/// Something that is read once by whoever comes first, and forgotten after the last.
#[derive(Debug)]
pub(super) struct Once<T>(StdMutex<BTreeMap<(Repository, Digest), Expected<T>>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(StdMutex::default())
    }
}

type Cell<T> = Arc<Mutex<Option<Result<T, Failure>>>>;

#[derive(Debug)]
struct Expected<T> {
    times: usize,
    cell: Cell<T>,
}

impl<T: Clone> Once<T> {
    fn expect(&self, key: (Repository, Digest), times: usize) {
        let cell = Cell::default();
        let mut expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        expected.insert(key, Expected { times, cell });
    }

    /// What `read` finds, or found for another image.
    pub(super) async fn get(
        &self,
        source: &Repository,
        digest: Digest,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(cell) = self.take(&(source.clone(), digest)) else {
            return read.await;
        };
        let mut cell = cell.lock().await;
        if let Some(known) = &*cell {
            return known.clone();
        }
        let found = read.await;
        *cell = Some(found.clone());
        found
    }

    fn take(&self, key: &(Repository, Digest)) -> Option<Cell<T>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = all.get_mut(key)?;
        expected.times -= 1;
        let cell = Arc::clone(&expected.cell);
        if expected.times == 0 {
            all.remove(key);
        }
        Some(cell)
    }
}
