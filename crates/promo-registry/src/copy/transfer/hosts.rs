//! What is known of each host while blobs go there: whether it goes apart for a while, because it came too late for a
//! reading or held others up, and what it may have under way.
//!
//! What a host has under way is counted by itself, so that one that stands still keeps no place from another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{PIECE, lock, pump};
use crate::copy::CopySettings;

/// How long a host goes apart the first time. It doubles each time, until the host keeps pace once more.
const FIRST: Duration = Duration::from_secs(2);
/// The longest time.
const LONGEST: Duration = Duration::from_secs(60);
/// Into how many shares connections and buffers are divided at the most, however many hosts get the same content.
const MOST_SHARES: usize = 16;

/// All hosts.
#[derive(Debug)]
pub(super) struct Hosts {
    uploads: usize,
    pieces: usize,
    known: Mutex<BTreeMap<String, Host>>,
}

#[derive(Debug)]
struct Host {
    apart: Option<Apart>,
    /// Blobs that are sent there at once.
    uploads: Arc<Semaphore>,
    /// Pieces that wait for it alone.
    pieces: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy)]
struct Apart {
    until: Instant,
    pause: Duration,
}

impl Hosts {
    /// With the bounds of these settings.
    pub(super) fn new(settings: &CopySettings) -> Self {
        Self {
            uploads: settings.uploads.clamp(1, Semaphore::MAX_PERMITS),
            pieces: pieces(settings),
            known: Mutex::default(),
        }
    }

    /// Waits until one more blob may be sent to a host, which is one of so many that get the same content.
    pub(super) async fn upload(&self, host: &str, among: usize) -> Option<OwnedSemaphorePermit> {
        let uploads = self.of(host, |host| Arc::clone(&host.uploads));
        // None of these is ever closed.
        uploads
            .acquire_many_owned(share(among, self.uploads))
            .await
            .ok()
    }

    /// Waits until so many pieces may be kept for a host alone, which is one of so many that get the same content.
    pub(super) async fn pieces(
        &self,
        host: &str,
        among: usize,
        count: usize,
    ) -> Option<OwnedSemaphorePermit> {
        let pieces = self.of(host, |host| Arc::clone(&host.pieces));
        let all = u32::try_from(self.pieces).unwrap_or(u32::MAX);
        let count = share(among, self.pieces) * u32::try_from(count).unwrap_or(1);
        pieces.acquire_many_owned(count.min(all)).await.ok()
    }

    /// This host doesn't keep pace with the others.
    pub(super) fn set_apart(&self, host: &str) {
        let now = Instant::now();
        self.of(host, |host| {
            // Many blobs at once may find the same.
            if host.apart.is_some_and(|apart| now < apart.until) {
                return;
            }
            let pause = host
                .apart
                .map_or(FIRST, |apart| (apart.pause * 2).min(LONGEST));
            let until = now + pause;
            host.apart = Some(Apart { until, pause });
        });
    }

    /// It came in time.
    pub(super) fn keeps_pace(&self, host: &str) {
        self.of(host, |host| host.apart = None);
    }

    /// Whether it gets readings of its own, which nobody waits for.
    pub(super) fn is_apart(&self, host: &str) -> bool {
        let apart = self.of(host, |host| host.apart);
        apart.is_some_and(|apart| Instant::now() < apart.until)
    }

    fn of<T>(&self, host: &str, with: impl FnOnce(&mut Host) -> T) -> T {
        let mut known = lock(&self.known);
        if let Some(host) = known.get_mut(host) {
            return with(host);
        }
        let new = Host {
            apart: None,
            uploads: Arc::new(Semaphore::new(self.uploads)),
            pieces: Arc::new(Semaphore::new(self.pieces)),
        };
        with(known.entry(host.to_owned()).or_insert(new))
    }
}

/// How many pieces all buffers may hold together.
pub(super) fn pieces(settings: &CopySettings) -> usize {
    (settings.buffers / PIECE).clamp(pump::GUARANTEED, Semaphore::MAX_PERMITS)
}

/// What one of so many hosts takes of what it could take alone, so that all of them together take no more than that.
fn share(among: usize, all: usize) -> u32 {
    let share = among.clamp(1, MOST_SHARES).min(all);
    u32::try_from(share).unwrap_or(1)
}
