use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::ports::{Clock, Operation, Silent, Sleep};

use super::rate::Rate;
use super::{HostBudget, Monotonic, Slot};
use crate::{BudgetSettings, Error};

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

/// Sends for `span` to a host that serves `limit` requests in a second and answers 429 to the rest. Each
/// request takes a millisecond. Returns how many were served, and how many not.
async fn send_for(time: &OwnTime, budget: &HostBudget, limit: u32, span: Duration) -> (u32, u32) {
    let start = time.now();
    let (mut served, mut refused) = (0, 0);
    let (mut second, mut left) = (0, limit);
    loop {
        drop(
            budget
                .admit(Slot::Counted, Operation::ManifestHead)
                .await
                .unwrap(),
        );
        time.advance(Duration::from_millis(1));
        let passed = Duration::try_from(time.now().duration_since(start)).unwrap();
        if passed > span {
            return (served, refused);
        }
        if passed.as_secs() != second {
            (second, left) = (passed.as_secs(), limit);
        }
        if left > 0 {
            left -= 1;
            served += 1;
            budget.answered();
        } else {
            refused += 1;
            budget.throttled(Duration::from_secs(1), Operation::ManifestHead);
        }
    }
}

#[tokio::test]
async fn a_limit_is_found_and_kept_to() {
    let time = OwnTime::new();
    let budget = budget(&time, None);
    let (served, refused) = send_for(&time, &budget, 50, Duration::from_secs(120)).await;
    // At the most 6000 could be served. Few are refused, and most of what is allowed is used.
    assert!(refused < 40, "{served} served, {refused} refused");
    assert!(served > 3600, "{served} served, {refused} refused");
}

#[tokio::test]
async fn a_rate_that_is_set_is_never_exceeded() {
    let time = OwnTime::new();
    let budget = budget(&time, Some(20.0));
    let (served, refused) = send_for(&time, &budget, 1000, Duration::from_secs(10)).await;
    assert_eq!(refused, 0);
    assert!((195..=202).contains(&served), "{served}");
}

#[test]
fn many_429s_of_one_moment_lower_the_rate_once() {
    let time = OwnTime::new();
    let monotonic = Arc::new(Monotonic::new(Arc::clone(&time) as Arc<dyn Clock>));
    let rate = Rate::new(Arc::clone(&monotonic), Some(100.0));
    for _ in 0..50 {
        rate.throttled(Duration::from_secs(1));
    }
    assert!(rate.take().is_ok());
    let wait = rate.take().unwrap_err();
    // 75 in a second, not 100 * 0.75^50.
    assert!((0.012..0.015).contains(&wait.as_secs_f64()), "{wait:?}");
}

#[tokio::test]
async fn a_pause_holds_everybody_and_ends() {
    let time = OwnTime::new();
    let budget = budget(&time, None);
    budget.throttled(Duration::from_secs(30), Operation::ManifestHead);
    budget.throttled(Duration::from_secs(10), Operation::ManifestHead);
    let before = time.now();
    drop(
        budget
            .admit(Slot::Uncounted, Operation::ManifestHead)
            .await
            .unwrap(),
    );
    assert_eq!(time.now().duration_since(before).as_secs(), 30);
    budget.throttled(Duration::from_secs(61), Operation::ManifestHead);
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
    drop(
        budget
            .admit(Slot::Counted, Operation::ManifestHead)
            .await
            .unwrap(),
    );
    budget.throttled(Duration::from_secs(5), Operation::ManifestHead);
    time.set_back(Duration::from_secs(86_400));
    let before = time.now();
    drop(
        budget
            .admit(Slot::Counted, Operation::ManifestHead)
            .await
            .unwrap(),
    );
    let waited = time.now().duration_since(before).as_secs_f64();
    assert!((4.9..5.5).contains(&waited), "{waited}");
}
