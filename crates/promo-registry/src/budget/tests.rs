use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::ports::{Clock, Operation, Silent, Sleep};

use super::{HostBudget, Slot};
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
    HostBudget::new(
        "r.example",
        &settings,
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
