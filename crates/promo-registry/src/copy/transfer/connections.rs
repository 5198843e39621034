//! The connections that blobs are sent on: of all hosts together there may be only so many.
//!
//! They are taken for a blob and not for each of its destinations: these wait for each other (`pump`), so that two blobs of
//! which each had half of what it needs would hold up both. Who is done gives one of them back, so that a destination
//! that stands still keeps no more than its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use promo_core::oci::{Digest, Repository};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::lock;

/// With so many blobs, those that are done are forgotten before another is remembered.
const MANY: usize = 4096;

/// The connections of all blobs.
#[derive(Debug)]
pub(super) struct Connections {
    most: u32,
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<(Repository, Digest), Weak<OfBlob>>>,
}

/// Those of one blob, as soon as it has them.
type OfBlob = OnceCell<Mutex<OwnedSemaphorePermit>>;

/// A connection to one destination of a blob.
#[derive(Debug)]
pub(super) struct Connection(Arc<OfBlob>);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            most: u32::try_from(most).unwrap_or(u32::MAX),
            free: Arc::new(Semaphore::new(most)),
            taken: Mutex::default(),
        }
    }

    /// Waits until the bytes of a blob may be sent to one more of so many hosts that get the same content.
    pub(super) async fn take(
        &self,
        source: &Repository,
        blob: &Digest,
        among: usize,
    ) -> Option<Connection> {
        let of_blob = self.of_blob(source, blob);
        let count = u32::try_from(among).unwrap_or(u32::MAX).clamp(1, self.most);
        let taking = || async {
            let free = Arc::clone(&self.free).acquire_many_owned(count);
            free.await.map(Mutex::new)
        };
        // The semaphore is never closed.
        of_blob.get_or_try_init(taking).await.ok()?;
        Some(Connection(of_blob))
    }

    fn of_blob(&self, source: &Repository, blob: &Digest) -> Arc<OfBlob> {
        let mut taken = lock(&self.taken);
        let key = (source.clone(), *blob);
        if let Some(known) = taken.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        if taken.len() >= MANY {
            taken.retain(|_, known| known.strong_count() > 0);
        }
        let new = Arc::default();
        taken.insert(key, Arc::downgrade(&new));
        new
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(taken) = self.0.get() else { return };
        let mut taken = lock(taken);
        // The last one, and those of destinations that never came, go with the last that is done.
        if taken.num_permits() > 1 {
            drop(taken.split(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two blobs for three hosts each, and connections for four.
    #[tokio::test]
    async fn a_blob_has_all_its_connections_or_none() {
        let connections = Connections::new(4);
        let source = "source.example/app".parse().unwrap();
        let [first, second] = [b"1", b"2"].map(|bytes| Digest::sha256_of(bytes));
        let take = |blob| connections.take(&source, blob, 3);
        let mut of_first = Vec::new();
        for _ in 0..3 {
            of_first.extend(take(&first).await);
        }
        let mut of_second = std::pin::pin!(take(&second));
        assert!(futures_util::poll!(of_second.as_mut()).is_pending());
        of_first.pop();
        assert!(futures_util::poll!(of_second.as_mut()).is_pending());
        // With one that stands still, which keeps its own, the other blob has what it needs.
        of_first.pop();
        assert!(of_second.await.is_some());
        drop(of_first);
        assert_eq!(connections.free.available_permits(), 4);
    }
}
