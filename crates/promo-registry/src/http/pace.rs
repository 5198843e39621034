//! How fast a body must come, or be taken: a floor of bytes in each window of time that is spent waiting for the host.
//!
//! No other time counts. Where a mirror takes the bytes slowly and they are read slowly for that, the source isn't to blame,
//! nor is a mirror whose source is slow. How that time is found out stands in `answer` and `intake`.

use std::time::Duration;

use crate::Deadlines;

/// How many bytes must come, or be taken, within how much time of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Floor {
    /// How long is waited.
    pub(crate) window: Duration,
    /// What must come meanwhile, unless the body ends before.
    pub(crate) bytes: u64,
}

impl Floor {
    /// Of a blob that is read.
    pub(crate) fn of_reading(deadlines: &Deadlines) -> Self {
        Self {
            window: deadlines.read,
            bytes: deadlines.floor,
        }
    }

    /// Of a blob that is sent: the same pace, over the longer time that an upload may stand still.
    pub(crate) fn of_sending(deadlines: &Deadlines) -> Self {
        let read = deadlines.read.as_nanos().max(1);
        let bytes = u128::from(deadlines.floor).saturating_mul(deadlines.idle.as_nanos()) / read;
        Self {
            window: deadlines.idle,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        }
    }
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
            self.begin_anew();
        }
        self.waited < self.floor.window
    }

    /// Begins a new window.
    pub(super) fn begin_anew(&mut self) {
        self.came = 0;
        self.waited = Duration::ZERO;
    }

    /// What came in this window.
    pub(super) fn came(&self) -> u64 {
        self.came
    }

    pub(super) fn window(&self) -> Duration {
        self.floor.window
    }
}
