//! How large the bodies are that hosts take: learned from what they took and what they answered 413 to, so that a refused body
//! is sent to each of them once in a run.
//!
//! Registries and the proxies before them are one here. How a blob goes over in chunks of that size stands in `chunks`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::RegistryHost;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The length of chunks, unless a host wants others: short enough that several blobs can be kept until they are acknowledged.
const CHUNK: u64 = 4 << 20;
/// The least length: with shorter ones a blob would take too many requests.
const SHORTEST: u64 = 64 << 10;
/// The longest chunk, if a host wants long ones, and what is kept of all chunks for one host.
pub(super) const LONGEST: u64 = 16 << 20;

/// What is known of all hosts.
#[derive(Debug, Default)]
pub(super) struct BodyLimits(Mutex<BTreeMap<RegistryHost, Limit>>);

#[derive(Debug)]
struct Limit {
    /// The largest body that was taken.
    taken: u64,
    /// The smallest that was refused.
    refused: Option<u64>,
    /// The length that chunks must have at least.
    shortest: u64,
    /// Room for chunks that are not acknowledged yet, in the least length of a chunk.
    room: Arc<Semaphore>,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            taken: 0,
            refused: None,
            shortest: 0,
            room: Arc::new(Semaphore::new(units(LONGEST) as usize)),
        }
    }
}

impl BodyLimits {
    /// Whether a blob of this size may be taken in one body. Where one was refused, one between that and what was taken
    /// isn't tried.
    pub(super) fn may_take_whole(&self, host: &RegistryHost, size: u64) -> bool {
        let limits = self.lock();
        limits
            .get(host)
            .is_none_or(|limit| limit.may_take(size, limit.taken))
    }

    /// A body of this size was taken.
    pub(super) fn takes(&self, host: &RegistryHost, size: u64) {
        let mut limits = self.lock();
        let limit = limits.entry(host.clone()).or_default();
        limit.taken = limit.taken.max(size);
    }

    /// A body of this size was refused for its size.
    pub(super) fn refuses(&self, host: &RegistryHost, size: u64) {
        let mut limits = self.lock();
        let limit = limits.entry(host.clone()).or_default();
        limit.refused = Some(limit.refused.map_or(size, |refused| refused.min(size)));
    }

    /// Chunks must have this length at least, but for the last one.
    pub(super) fn wants_chunks_of(&self, host: &RegistryHost, shortest: u64) {
        self.lock().entry(host.clone()).or_default().shortest = shortest;
    }

    /// How long chunks may be; none if those that would be taken are too short, or too long to be kept.
    pub(super) fn chunk(&self, host: &RegistryHost) -> Option<u64> {
        let limits = self.lock();
        let Some(limit) = limits.get(host) else {
            return Some(CHUNK);
        };
        let shortest = limit.shortest.max(SHORTEST);
        if shortest > LONGEST {
            return None;
        }
        let halves = std::iter::successors(Some(CHUNK), |length| Some(length / 2));
        halves
            .map(|length| length.max(shortest))
            .take(CHUNK.ilog2() as usize)
            .find(|length| limit.may_take(*length, CHUNK.max(shortest)))
    }

    /// Waits until chunks of this length may be kept for a host, which gets no others meanwhile than there is room for.
    pub(super) async fn room(
        &self,
        host: &RegistryHost,
        length: u64,
    ) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.lock().entry(host.clone()).or_default().room);
        // It is never closed.
        room.acquire_many_owned(units(length)).await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RegistryHost, Limit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limit {
    /// Whether a body of this size may be taken: it is no larger than one that was, or less than what was refused and no
    /// larger than `untried`.
    fn may_take(&self, size: u64, untried: u64) -> bool {
        self.refused
            .is_none_or(|refused| size < refused && size <= self.taken.max(untried))
    }
}

/// A length in the units of the room, of which there is enough for the longest chunk.
fn units(length: u64) -> u32 {
    let units = length.min(LONGEST).div_ceil(SHORTEST).max(1);
    u32::try_from(units).unwrap_or(1)
}

#[cfg(test)]
mod tests;
