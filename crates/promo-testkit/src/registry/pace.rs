//! The line behind [`Switches::bandwidth`](super::options::Switches::bandwidth): bodies of all connections pass it one
//! after the other, none quicker than it allows.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::lock::lock;

/// When the line of a registry is free again.
#[derive(Debug, Default)]
pub(super) struct Pace {
    free_at: Mutex<Option<Instant>>,
}

/// The line of a registry, and how much passes it in a second.
#[derive(Clone, Debug)]
pub(super) struct Bandwidth {
    bytes_per_second: NonZeroU64,
    pace: Arc<Pace>,
}

impl Bandwidth {
    pub(super) fn new(bytes_per_second: NonZeroU64, pace: Arc<Pace>) -> Self {
        Self {
            bytes_per_second,
            pace,
        }
    }

    /// Waits until so many bytes have passed.
    pub(super) async fn pass(&self, bytes: usize) {
        let passed_at = self.take(bytes, Instant::now());
        tokio::time::sleep_until(passed_at).await;
    }

    /// Takes the line for so many bytes, behind all who have it already, and says when they have passed.
    fn take(&self, bytes: usize, now: Instant) -> Instant {
        let bytes = u128::try_from(bytes).unwrap_or_default();
        let nanoseconds = bytes * 1_000_000_000 / u128::from(self.bytes_per_second.get());
        let takes = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let mut free_at = lock(&self.pace.free_at);
        let begins_at = free_at.map_or(now, |free_at| free_at.max(now));
        let passed_at = begins_at + takes;
        *free_at = Some(passed_at);
        passed_at
    }
}

#[cfg(test)]
mod tests;
