//! One lock for each thing that several attachers may want to change at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};
use promo_core::ports::TagSuffix;

/// What is updated as one: a shared tag, or (without a suffix) the referrers of a digest, which a
/// registry without the referrers API keeps under a tag as well.
pub(super) type Place = (Repository, Digest, Option<TagSuffix>);

type Lock = Arc<futures_util::lock::Mutex<()>>;

/// The locks of all places that are being updated. Others are not kept.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<BTreeMap<Place, Lock>>);

impl Locks {
    /// Runs `update` while no other update of `place` runs in this process.
    pub(super) async fn serialised<T>(&self, place: Place, update: impl Future<Output = T>) -> T {
        let lock = Arc::clone(self.all().entry(place.clone()).or_default());
        let result = {
            let _guard = lock.lock().await;
            update.await
        };
        drop(lock);
        let mut all = self.all();
        // Whoever waits holds a clone; the last one removes the entry.
        if all
            .get(&place)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            all.remove(&place);
        }
        result
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Place, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
