//! How fast a body must come: a floor of bytes in each window of time that is spent waiting for it.
//!
//! Only time counts in which we waited. Whoever reads slowly because a mirror takes the bytes slowly doesn't make the
//! source slow.

use std::time::Duration;

/// How many bytes must come while so long is waited for them.
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

    /// Counts a piece that was waited for. Whether the floor is kept to.
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
