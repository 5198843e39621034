//! One lock for each thing that several attachers may want to change at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};
use promo_core::ports::TagSuffix;

/// What is updated as one: a shared tag, or (without a suffix) the referrers of a digest, which a
/// registry without the referrers API keeps under a tag as well.
pub(super) type UpdateKey = (Repository, Digest, Option<TagSuffix>);

type Lock = Arc<futures_util::lock::Mutex<()>>;

/// The locks of everything that is being updated. Others are not kept.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<BTreeMap<UpdateKey, Lock>>);

impl Locks {
    /// Runs `update` while no other update of `key` runs in this process.
    pub(super) async fn serialised<T>(&self, key: UpdateKey, update: impl Future<Output = T>) -> T {
        let lock = Arc::clone(self.all().entry(key.clone()).or_default());
        let result = {
            let _guard = lock.lock().await;
            update.await
        };
        drop(lock);
        let mut all = self.all();
        // Whoever waits holds a clone; the last one removes the entry.
        if all
            .get(&key)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            all.remove(&key);
        }
        result
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<UpdateKey, Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
