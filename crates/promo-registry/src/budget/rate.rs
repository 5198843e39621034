//! A token bucket whose rate adapts: down once per epoch when the host answers 429, slowly up
//! while it doesn't.
//!
//! Adapting the number of open requests can't hold a rate: eight requests at 20 ms are 400 in a
//! second. The bucket is `governor`'s; as its quota can't be changed, a new one is put in place
//! when the rate has moved by more than 5 %. Its burst is 1, because a new bucket hands out its
//! whole burst again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::time::{GovernorClock, Monotonic};

type Bucket = RateLimiter<NotKeyed, InMemoryState, GovernorClock, NoOpMiddleware<Nanos>>;

/// The slowest we go: one request in five seconds.
const LOWEST: f64 = 0.2;
/// The fastest we go once a limit is known to exist but not where.
const HIGHEST: f64 = 1000.0;
/// What is left of the rate after a 429.
const DECREASE: f64 = 0.75;
/// By how much a rate grows in each second without a 429.
const INCREASE: f64 = 1.05;
/// How far the rate must move before the bucket is replaced.
const TOLERANCE: f64 = 0.05;
/// The shortest time between two decreases.
const SHORTEST_EPOCH: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);

/// The adapting rate of one host.
pub(super) struct Rate {
    time: Arc<Monotonic>,
    bucket: ArcSwapOption<Bucket>,
    ceiling: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What is aimed at; none while no limit is known.
    rate: Option<f64>,
    /// The rate of the bucket that is in place.
    installed: f64,
    /// No decrease before this time.
    epoch_ends: Duration,
    /// When the rate was last changed.
    changed: Duration,
    answers: Answers,
}

/// Answers per second, over the current second and the one before.
#[derive(Debug, Default)]
struct Answers {
    second: u64,
    current: u32,
    before: u32,
}

impl Rate {
    pub(super) fn new(time: Arc<Monotonic>, requests_per_second: Option<f64>) -> Self {
        let rate = requests_per_second
            .filter(|rate| rate.is_finite())
            .map(|rate| rate.max(LOWEST));
        let bucket = rate.map(|rate| new_bucket(&time, rate));
        let now = time.now();
        Self {
            time,
            bucket: ArcSwapOption::new(bucket),
            ceiling: rate.unwrap_or(HIGHEST),
            state: Mutex::new(State {
                rate,
                installed: rate.unwrap_or(f64::INFINITY),
                epoch_ends: Duration::ZERO,
                changed: now,
                answers: Answers::default(),
            }),
        }
    }

    /// Takes a token, or says how long to wait before trying again.
    pub(super) fn take(&self) -> Result<(), Duration> {
        let bucket = self.bucket.load();
        let Some(bucket) = bucket.as_ref() else {
            return Ok(());
        };
        bucket.check().map_err(|not_yet| {
            let wait = not_yet.wait_time_from(Nanos::from(self.time.now()));
            wait.max(Duration::from_millis(1))
        })
    }

    /// Counts an answer, and lets the rate grow when it is time.
    pub(super) fn answered(&self) {
        let now = self.time.now();
        let mut state = self.lock();
        state.answers.count(now);
        let Some(rate) = state.rate else { return };
        if now >= state.epoch_ends && now.saturating_sub(state.changed) >= SECOND {
            let raised = (rate * INCREASE + 0.1).min(self.ceiling);
            self.change(&mut state, now, raised);
        }
    }

    /// Lowers the rate, once per epoch. The first time it starts from what the host really answered.
    pub(super) fn throttled(&self, pause: Duration) {
        let now = self.time.now();
        let mut state = self.lock();
        if now < state.epoch_ends {
            return;
        }
        let rate = state
            .rate
            .unwrap_or_else(|| state.answers.per_second(now).max(1.0));
        state.epoch_ends = now.saturating_add(pause.max(SHORTEST_EPOCH));
        let lowered = (rate * DECREASE).clamp(LOWEST, self.ceiling.max(LOWEST));
        self.change(&mut state, now, lowered);
    }

    fn change(&self, state: &mut State, now: Duration, rate: f64) {
        state.rate = Some(rate);
        state.changed = now;
        if !state.installed.is_finite()
            || (rate - state.installed).abs() > state.installed * TOLERANCE
        {
            state.installed = rate;
            self.bucket.store(Some(new_bucket(&self.time, rate)));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_bucket(time: &Arc<Monotonic>, rate: f64) -> Arc<Bucket> {
    let period = Duration::from_secs_f64(1.0 / rate.clamp(LOWEST, 1e6));
    // A period of zero is the only one that is refused.
    let quota =
        Quota::with_period(period).unwrap_or_else(|| Quota::per_second(std::num::NonZeroU32::MIN));
    Arc::new(RateLimiter::direct_with_clock(
        quota,
        GovernorClock(Arc::clone(time)),
    ))
}

impl Answers {
    fn count(&mut self, now: Duration) {
        self.turn(now);
        self.current = self.current.saturating_add(1);
    }

    fn per_second(&mut self, now: Duration) -> f64 {
        self.turn(now);
        f64::from(self.current.max(self.before))
    }

    fn turn(&mut self, now: Duration) {
        let second = now.as_secs();
        if second != self.second {
            self.before = if second == self.second + 1 {
                self.current
            } else {
                0
            };
            self.current = 0;
            self.second = second;
        }
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
