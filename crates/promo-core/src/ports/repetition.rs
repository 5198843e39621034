//! How often, and after which pause, a caller repeats what implementations of ports don't: a PUT of a tag, before which
//! the caller has to look again.

use std::time::Duration;

use super::{Failure, FailureKind, Sleep};

/// How often it is tried in all, where the registry or the way to it is broken.
const TRIES: u32 = 4;
/// How often it is tried in all, where the registry asks to send less.
const THROTTLED_TRIES: u32 = 8;
/// The pause before the first repetition; it doubles with each. Where the registry asked for a pause, what is sent to
/// it next waits for that.
const PAUSE: Duration = Duration::from_millis(500);

/// The repetition of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repetition {
    broken: u32,
    throttled: u32,
}

impl Repetition {
    /// Whether to try again after this failure. It waits before it says yes.
    pub async fn again(&mut self, failure: &Failure, sleep: Option<&dyn Sleep>) -> bool {
        match failure.kind() {
            FailureKind::RateLimited => {
                self.throttled += 1;
                self.throttled < THROTTLED_TRIES
            }
            FailureKind::Unavailable | FailureKind::Deadline => {
                self.broken += 1;
                if self.broken >= TRIES {
                    return false;
                }
                if let Some(sleep) = sleep {
                    sleep.sleep(PAUSE * 2u32.pow(self.broken - 1)).await;
                }
                true
            }
            _ => false,
        }
    }

    /// Whether it was tried before.
    pub fn is_repeated(&self) -> bool {
        self.broken + self.throttled > 0
    }
}
