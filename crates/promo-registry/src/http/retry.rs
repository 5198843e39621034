//! When a request is repeated, and after which pause.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderMap, HeaderValue, StatusCode};
use promo_core::ports::Operation;
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

/// Whether a status says that the registry, or a proxy before it, is broken at the moment: the same request may succeed
/// a little later.
pub(crate) fn is_broken(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        408 | 425 | 500 | 502 | 503 | 504 | 520..=527 | 530
    )
}

/// Whether an answer of 501 is a proxy's and not the registry's own word that it doesn't know the operation, which
/// may well be so for lists of referrers and catalogs.
pub(crate) fn is_foreign_501(status: StatusCode, headers: &HeaderMap, asked: Operation) -> bool {
    let is_read = !matches!(
        asked,
        Operation::ManifestPut
            | Operation::UploadStart
            | Operation::BlobPut
            | Operation::UploadCancel
    );
    let is_optional = matches!(asked, Operation::Referrers | Operation::Catalog);
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = content_type.is_some_and(|found| found.windows(4).any(|part| part == b"json"));
    status == StatusCode::NOT_IMPLEMENTED && is_read && !(is_optional && is_json)
}
