//! How many requests may be open at one host: from few on more with each answer, as many as suit its distance, and more than
//! that as long as it answers as quickly as before. Who gets a place is decided by the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::BudgetSettings;

/// How many requests are open at the most before the first answer. Each answer that is no refusal opens another place, so
/// that what is open can double with each round trip, up to the host's places.
const FIRST: usize = 32;
/// The round trip of a host that is near. One that is farther away has more places, as many times as it is farther, so that
/// distance alone makes nothing slower.
const NEAR: Duration = Duration::from_millis(25);
/// An answer that takes at most so many times as long as the quickest one shows that the host isn't busy.
const QUICK: f64 = 1.5;
/// How many quick answers it takes to outweigh a slow one: a few are slow at every host.
const WEIGHT: i32 = 8;
/// How many it takes at the most, however many were slow.
const DOUBT: i32 = 256;
/// How many quick answers open a place of those beyond.
const STEP: i32 = 2;
/// For how many hosts at once there are all places that one may have: a source and a destination. Each place is an open
/// file, and mirrors by the dozen that all take as many would take them by the thousand.
const HOSTS: usize = 2;

/// The places that hosts have beyond those of every near one, of all hosts together. Once taken they stay so.
#[derive(Debug)]
pub(crate) struct PlacesBeyond(AtomicUsize);

impl Default for PlacesBeyond {
    fn default() -> Self {
        let of_one = BudgetSettings::MOST - BudgetSettings::NEAR;
        Self(AtomicUsize::new(HOSTS * of_one))
    }
}

impl PlacesBeyond {
    fn take(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        let order = Ordering::Relaxed;
        self.0.fetch_update(order, order, one_less).is_ok()
    }
}

/// The places for open requests at one host.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) open: usize,
    near: usize,
    most: usize,
    /// The quickest answer so far. That others take longer may be because the host has much to do.
    round_trip: Duration,
    /// Quick answers less what slow ones weigh, of late. A place beyond those of every near host takes from it.
    ease: i32,
    beyond: Arc<PlacesBeyond>,
}

impl Places {
    pub(super) fn new(settings: &BudgetSettings, beyond: Arc<PlacesBeyond>) -> Self {
        let (near, most) = match settings.concurrency {
            Some(set) => (set, set),
            None => (BudgetSettings::NEAR, BudgetSettings::MOST),
        };
        let [near, most] = [near, most].map(|places| places.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            open: near.min(FIRST),
            near,
            most,
            round_trip: Duration::MAX,
            ease: 0,
            beyond,
        }
    }

    /// Whether an answer that came after so long opens another place.
    pub(super) fn opens_another(&mut self, took: Duration) -> bool {
        self.round_trip = self.round_trip.min(took);
        let is_at_ease = self.judge(took);
        let is_opened = if self.open < self.near {
            true
        } else if self.open < self.by_distance() || (self.open < self.most && is_at_ease) {
            self.beyond.take()
        } else {
            false
        };
        self.open += usize::from(is_opened);
        is_opened
    }

    /// How many a host at this distance has, however busy it is.
    fn by_distance(&self) -> usize {
        let times = self.round_trip.as_nanos() / NEAR.as_nanos();
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        self.near.saturating_mul(times).clamp(self.near, self.most)
    }

    /// Whether the host answers as quickly as ever, by this answer and those before. Where more requests only wait at the
    /// host, each takes longer, and so most answers are slow.
    fn judge(&mut self, took: Duration) -> bool {
        let is_quick = took <= self.round_trip.mul_f64(QUICK);
        let change = if is_quick { 1 } else { -WEIGHT };
        self.ease = self.ease.saturating_add(change).max(-DOUBT);
        let is_at_ease = self.ease >= STEP;
        if is_at_ease {
            self.ease = 0;
        }
        is_at_ease
    }
}
