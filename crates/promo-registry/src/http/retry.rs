//! When a request is repeated, and after which pause.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::HeaderMap;
use ::http::StatusCode;
use ::http::header::RETRY_AFTER;
use jiff::Timestamp;
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

/// Whether a status says that the registry is broken at the moment.
pub(crate) fn is_broken(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// The pause that an answer asks for: seconds or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}
