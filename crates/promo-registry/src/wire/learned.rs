//! What hosts turned out not to support, so that it is tried with each of them once in a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use promo_core::oci::RegistryHost;

#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Which of the sizes of a list's first page a host takes, where it isn't the first.
    page_sizes: Mutex<BTreeMap<RegistryHost, usize>>,
    /// Hosts that don't serve HEAD.
    without_head: Mutex<BTreeSet<RegistryHost>>,
    /// Hosts that don't take a blob with the POST.
    without_single_posts: Mutex<BTreeSet<RegistryHost>>,
}

impl Learned {
    pub(super) fn page_size(&self, host: &RegistryHost) -> usize {
        lock(&self.page_sizes)
            .get(host)
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn takes_page_size(&self, host: &RegistryHost, size: usize) {
        if size > 0 {
            lock(&self.page_sizes).insert(host.clone(), size);
        }
    }

    pub(super) fn serves_head(&self, host: &RegistryHost) -> bool {
        !lock(&self.without_head).contains(host)
    }

    pub(super) fn refuses_head(&self, host: &RegistryHost) {
        lock(&self.without_head).insert(host.clone());
    }

    pub(super) fn takes_single_posts(&self, host: &RegistryHost) -> bool {
        !lock(&self.without_single_posts).contains(host)
    }

    pub(super) fn refuses_single_posts(&self, host: &RegistryHost) {
        lock(&self.without_single_posts).insert(host.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
