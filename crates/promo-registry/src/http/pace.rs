//! How fast a body must come: a floor of bytes in each window of time that is spent waiting for it.
//!
//! Only the time counts that is spent waiting for the source. Where a mirror takes the bytes slowly and they are read
//! slowly for that, the source isn't to blame.

use std::time::Duration;

/// How many bytes must come within how much time of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floor {
    /// How long is waited.
    pub(crate) window: Duration,
    /// What must come meanwhile, unless the body ends before.
    pub(crate) bytes: u64,
}

/// The pace of one body.
#[derive(Debug)]
pub(super) struct Pace {
    floor: Floor,
    waited: Duration,
    came: u64,
}

impl Pace {
    pub(super) fn new(floor: Floor) -> Self {
        Self {
            floor,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// How long the next piece may take.
    pub(super) fn left(&self) -> Duration {
        self.floor.window.saturating_sub(self.waited)
    }

    /// Counts a piece and the time that was waited for it. Returns whether the floor is still kept to.
    pub(super) fn keeps(&mut self, waited: Duration, bytes: u64) -> bool {
        self.waited = self.waited.saturating_add(waited);
        self.came = self.came.saturating_add(bytes);
        if self.came >= self.floor.bytes {
            self.came = 0;
            self.waited = Duration::ZERO;
        }
        self.waited < self.floor.window
    }

    pub(super) fn window(&self) -> Duration {
        self.floor.window
    }
}
