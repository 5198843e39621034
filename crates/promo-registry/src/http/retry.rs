//! The pause before something is tried again. Whether it is worth another try is decided in `error::another_try`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::RetrySettings;

/// Exponential pauses with full jitter: anything between nothing and twice the pause before.
#[derive(Debug)]
pub(crate) struct Backoff {
    settings: RetrySettings,
    random: Mutex<StdRng>,
}

impl Backoff {
    pub(crate) fn new(settings: RetrySettings, seed: u64) -> Self {
        Self {
            settings,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// How requests are repeated.
    pub(crate) fn settings(&self) -> &RetrySettings {
        &self.settings
    }

    /// The pause after a 429 that asks for none in particular.
    pub(crate) fn throttle_pause(&self) -> Duration {
        self.settings.base + self.pause(2)
    }

    /// The pause before repetition `attempt`, counted from 1.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let doubled = self
            .settings
            .base
            .saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        let longest = doubled.min(self.settings.longest);
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        longest.mul_f64(random.random_range(0.0..=1.0))
    }
}
