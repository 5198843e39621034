//! The token bucket behind [`Quota`].

use tokio::time::Instant;

use super::options::Quota;

/// How many requests the quota still has room for.
#[derive(Debug)]
pub(super) struct Bucket {
    filled: Option<(Quota, f64, Instant)>,
}

impl Bucket {
    pub(super) fn new() -> Self {
        Self { filled: None }
    }

    /// Takes one request out of the bucket; false when there is none. A changed quota starts with a full bucket.
    pub(super) fn take(&mut self, quota: Quota, now: Instant) -> bool {
        let burst = f64::from(quota.burst.max(1));
        let mut level = match self.filled {
            Some((before, level, since)) if before == quota => {
                let refill = (now - since).as_secs_f64() * f64::from(quota.per_second);
                (level + refill).min(burst)
            }
            _ => burst,
        };
        let granted = level >= 1.0;
        if granted {
            level -= 1.0;
        }
        self.filled = Some((quota, level, now));
        granted
    }
}

#[cfg(test)]
mod tests;
