use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use promo_core::ports::{Clock, Operation, Silent, Sleep};
use tokio::task::unconstrained;

use super::{HostBudget, PlacesBeyond, Slot};
use crate::monotonic::Monotonic;
use crate::{BudgetSettings, Error};

mod quotas;

const HEAD: Operation = Operation::ManifestHead;

#[derive(Debug)]
struct OwnTime(Mutex<Timestamp>);

impl OwnTime {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap())))
    }

    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    fn set_back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }
}

impl Clock for OwnTime {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[async_trait]
impl Sleep for OwnTime {
    async fn sleep(&self, pause: Duration) {
        self.advance(pause);
    }
}

fn budget(time: &Arc<OwnTime>, rate: Option<f64>) -> HostBudget {
    let settings = BudgetSettings {
        requests_per_second: rate,
        ..BudgetSettings::default()
    };
    with(time, &settings, Arc::default())
}

fn with(time: &Arc<OwnTime>, settings: &BudgetSettings, beyond: Arc<PlacesBeyond>) -> HostBudget {
    HostBudget::new(
        "r.example",
        (settings, beyond),
        Duration::from_secs(60),
        Arc::new(Monotonic::new(Arc::clone(time) as Arc<dyn Clock>)),
        Arc::clone(time) as Arc<dyn Sleep>,
        Arc::new(Silent),
    )
}

#[tokio::test]
async fn many_429s_of_one_moment_lower_the_rate_once() {
    let time = OwnTime::new();
    let budget = budget(&time, Some(100.0));
    let mut permits = Vec::new();
    for _ in 0..50 {
        permits.push(budget.admit(Slot::Uncounted, HEAD).await.unwrap());
    }
    for permit in &permits {
        budget.throttled(permit, Duration::from_secs(1), HEAD);
    }
    let before = time.now();
    for _ in 0..101 {
        drop(budget.admit(Slot::Uncounted, HEAD).await.unwrap());
    }
    // A second of pause, and a hundred intervals at somewhat less than 100 in a second: not at 100 * 0.75^50.
    let took = time.now().duration_since(before).as_secs_f64();
    assert!((2.0..3.5).contains(&took), "{took}");
}

#[tokio::test]
async fn a_pause_holds_everybody_and_ends() {
    let time = OwnTime::new();
    let budget = budget(&time, None);
    let first = budget.admit(Slot::Uncounted, HEAD).await.unwrap();
    budget.throttled(&first, Duration::from_secs(30), HEAD);
    budget.throttled(&first, Duration::from_secs(10), HEAD);
    let before = time.now();
    drop(budget.admit(Slot::Uncounted, HEAD).await.unwrap());
    assert_eq!(time.now().duration_since(before).as_secs(), 30);
    budget.throttled(&first, Duration::from_secs(61), HEAD);
    let refused = budget
        .admit(Slot::Counted, Operation::ManifestHead)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::PausedTooLong { .. }));
    // Other requests go on.
    let other = budget.admit(Slot::Counted, Operation::BlobPut).await;
    assert!(other.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_make_us_wait() {
    let time = OwnTime::new();
    let budget = budget(&time, Some(10.0));
    let first = budget.admit(Slot::Counted, HEAD).await.unwrap();
    budget.throttled(&first, Duration::from_secs(5), HEAD);
    time.set_back(Duration::from_secs(86_400));
    let before = time.now();
    drop(budget.admit(Slot::Counted, HEAD).await.unwrap());
    let waited = time.now().duration_since(before).as_secs_f64();
    assert!((4.9..5.5).contains(&waited), "{waited}");
}

/// A host for the tests below: so far away, with so many requests that it works on at once.
#[derive(Debug, Clone, Copy)]
struct Distant {
    round_trip: Duration,
    works_on: usize,
}

/// How many requests are open at once in the end.
fn open_at(host: Distant, concurrency: Option<usize>, beyond: &Arc<PlacesBeyond>) -> usize {
    let time = OwnTime::new();
    let settings = BudgetSettings {
        concurrency,
        ..BudgetSettings::default()
    };
    let budget = with(&time, &settings, Arc::clone(beyond));
    let mut open = 0;
    // Each round trip may double what is open.
    for _ in 0..8 {
        let mut permits = Vec::new();
        let admit = || unconstrained(budget.admit(Slot::Counted, HEAD)).now_or_never();
        while let Some(Ok(permit)) = admit() {
            permits.push(permit);
        }
        open = permits.len();
        // Those that it doesn't work on at first wait for those before them.
        for together in permits.chunks(host.works_on) {
            time.advance(host.round_trip);
            for permit in together {
                budget.answered(permit);
            }
        }
    }
    open
}

#[test]
fn a_host_that_is_far_away_has_more_requests_under_way() {
    for (milliseconds, concurrency, open) in [
        (1, None, 64),
        (20, None, 64),
        (49, None, 64),
        (50, None, 128),
        (100, None, 256),
        (2_000, None, 256),
        (100, Some(8), 8),
        (20, Some(100), 100),
    ] {
        // It is as busy as can be, whatever its distance.
        let host = Distant {
            round_trip: Duration::from_millis(milliseconds),
            works_on: 8,
        };
        let found = open_at(host, concurrency, &Arc::default());
        assert_eq!(found, open, "{milliseconds} ms, {concurrency:?}");
    }
}

/// A host whose answers take no longer when there are more of them gets more, however near it is.
#[test]
fn a_host_that_is_at_ease_has_more_requests_under_way() {
    for (works_on, concurrency, open) in [
        (1_000, None, 256..=256),
        // With more than it works on at once the others wait there.
        (100, None, 100..=200),
        (64, None, 64..=128),
        (16, None, 64..=64),
        (1_000, Some(100), 100..=100),
    ] {
        let host = Distant {
            round_trip: Duration::from_millis(20),
            works_on,
        };
        let found = open_at(host, concurrency, &Arc::default());
        assert!(open.contains(&found), "{works_on}: {found}");
    }
}

/// Each place is an open file: a source and a destination have all of theirs, mirrors by the dozen share as many.
#[test]
fn hosts_that_all_take_more_share_what_they_have_beyond_others() {
    for milliseconds in [20, 100] {
        let beyond = &Arc::default();
        let host = Distant {
            round_trip: Duration::from_millis(milliseconds),
            works_on: 1_000,
        };
        let found = [(); 4].map(|()| open_at(host, None, beyond));
        assert_eq!(found, [256, 256, 64, 64], "{milliseconds} ms");
    }
}
