//! How often the bytes of one blob were sent to one destination in vain, and whether they are sent once more.

use std::time::Duration;

use promo_core::ports::{Failure, FailureKind};

use crate::error::AnotherTry;

/// What was tried in vain.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tries {
    /// It broke, or was refused.
    failed: u32,
    /// It was answered by 429: nothing is wrong, there were too many requests.
    throttled: u32,
    /// Whether the last one broke.
    broke: bool,
    /// Whether it was too large for one body: then it is sent in chunks, or fails for another reason.
    was_too_large: bool,
}

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(20);

impl Tries {
    /// Counts one that ended so, and says whether there is to be another.
    pub(super) fn allow_another(&mut self, failure: &Failure, attempts: u32) -> bool {
        let another = AnotherTry::after(failure);
        self.broke = another == AnotherTry::Later;
        if another == AnotherTry::Throttled {
            self.throttled += 1;
            return attempts > 1 && self.throttled < attempts.saturating_mul(3);
        }
        if failure.status() == Some(413) && !self.was_too_large {
            self.was_too_large = true;
            return true;
        }
        self.failed += 1;
        self.failed < attempts && (self.broke || may_be_the_sessions(failure))
    }

    /// How many there were.
    pub(super) fn count(&self) -> u32 {
        self.failed + self.throttled
    }

    /// How long to wait before the next. After a 429 it is the budget of the host that holds the next request back.
    pub(super) fn pause(&self, base: Duration) -> Duration {
        if !self.broke {
            return Duration::ZERO;
        }
        let doubled = 2u32.saturating_pow(self.failed.saturating_sub(1));
        base.saturating_mul(doubled).min(LONGEST)
    }
}

/// Whether it may be the fault of this one session, so that another, with the bytes read anew, may succeed: the
/// registry forgot it (404), took something amiss (4xx), or got other bytes.
fn may_be_the_sessions(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::NotFound
            | FailureKind::Refused
            | FailureKind::DigestMismatch
            | FailureKind::Malformed
    )
}
