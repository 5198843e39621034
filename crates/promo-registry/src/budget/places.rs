//! How many requests may be open at one host: from few on more with each answer, as many as suit its distance. Who gets a
//! place is decided by the budget.

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
/// For how many hosts at once there are all places that a far one may have: a source and a destination. Each place is an
/// open file, and mirrors by the dozen that are all far away would take them by the thousand.
const FAR_HOSTS: usize = 2;

/// The places that far hosts have beyond those of near ones, of all hosts together. Once taken they stay so.
#[derive(Debug)]
pub(crate) struct FarPlaces(AtomicUsize);

impl Default for FarPlaces {
    fn default() -> Self {
        let of_one = BudgetSettings::FAR - BudgetSettings::NEAR;
        Self(AtomicUsize::new(FAR_HOSTS * of_one))
    }
}

impl FarPlaces {
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
    far: usize,
    /// The quickest answer so far. That others take longer may be because the host has much to do.
    round_trip: Duration,
    beyond: Arc<FarPlaces>,
}

impl Places {
    pub(super) fn new(settings: &BudgetSettings, beyond: Arc<FarPlaces>) -> Self {
        let (near, far) = match settings.concurrency {
            Some(set) => (set, set),
            None => (BudgetSettings::NEAR, BudgetSettings::FAR),
        };
        let [near, far] = [near, far].map(|places| places.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            open: near.min(FIRST),
            near,
            far,
            round_trip: Duration::MAX,
            beyond,
        }
    }

    /// Whether an answer that came after so long opens another place.
    pub(super) fn opens_another(&mut self, took: Duration) -> bool {
        self.round_trip = self.round_trip.min(took);
        let times = self.round_trip.as_nanos() / NEAR.as_nanos();
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        let most = self.near.saturating_mul(times).clamp(self.near, self.far);
        let is_opened = self.open < most && (self.open < self.near || self.beyond.take());
        self.open += usize::from(is_opened);
        is_opened
    }
}
