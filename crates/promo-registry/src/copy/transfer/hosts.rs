//! Which hosts go apart for a while: they came too late for a reading, or held others up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::lock;

/// How long a host goes apart the first time. It doubles each time, until the host keeps pace once more.
const FIRST: Duration = Duration::from_secs(2);
/// The longest time.
const LONGEST: Duration = Duration::from_secs(60);

/// Which of them go apart.
#[derive(Debug, Default)]
pub(super) struct Hosts(Mutex<BTreeMap<String, Apart>>);

#[derive(Debug, Clone, Copy)]
struct Apart {
    until: Instant,
    pause: Duration,
}

impl Hosts {
    /// This host doesn't keep pace with the others.
    pub(super) fn set_apart(&self, host: &str) {
        let now = Instant::now();
        let mut hosts = lock(&self.0);
        let known = hosts.get(host).copied();
        // Many blobs at once may find the same.
        if known.is_some_and(|known| now < known.until) {
            return;
        }
        let pause = known.map_or(FIRST, |known| (known.pause * 2).min(LONGEST));
        let until = now + pause;
        hosts.insert(host.to_owned(), Apart { until, pause });
    }

    /// It came in time.
    pub(super) fn keeps_pace(&self, host: &str) {
        lock(&self.0).remove(host);
    }

    /// Whether it gets readings of its own, which nobody waits for.
    pub(super) fn is_apart(&self, host: &str) -> bool {
        let known = lock(&self.0).get(host).copied();
        known.is_some_and(|known| Instant::now() < known.until)
    }
}
