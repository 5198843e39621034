//! Which hosts go apart for a while: they came too late for a reading, or held others up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::lock;

/// How long a host goes apart. Then it may show once more that it keeps pace.
const APART: Duration = Duration::from_secs(30);

/// Until when each of them goes apart.
#[derive(Debug, Default)]
pub(super) struct Hosts(Mutex<BTreeMap<String, Instant>>);

impl Hosts {
    /// This host doesn't keep pace with the others.
    pub(super) fn set_apart(&self, host: &str) {
        lock(&self.0).insert(host.to_owned(), Instant::now() + APART);
    }

    /// Whether it gets readings of its own, which nobody waits for.
    pub(super) fn is_apart(&self, host: &str) -> bool {
        let until = lock(&self.0).get(host).copied();
        until.is_some_and(|until| Instant::now() < until)
    }
}
