//! Time that only goes forward, made from the time of day.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promo_core::ports::Clock;

/// How much time has passed, measured by a [`Clock`] that may be set back: a step back counts as no time.
#[derive(Debug)]
pub(crate) struct Monotonic {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    last: i128,
    passed: Duration,
}

impl Monotonic {
    /// Starts at zero.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let last = clock.now().as_nanosecond();
        Self {
            clock,
            state: Mutex::new(State {
                last,
                passed: Duration::ZERO,
            }),
        }
    }

    /// The time since the start.
    pub(crate) fn now(&self) -> Duration {
        let reading = self.clock.now().as_nanosecond();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let step = u64::try_from(reading.saturating_sub(state.last)).unwrap_or(0);
        state.last = reading;
        state.passed = state.passed.saturating_add(Duration::from_nanos(step));
        state.passed
    }
}
