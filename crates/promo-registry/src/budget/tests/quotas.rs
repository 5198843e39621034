//! The gate against hosts with quotas, in virtual time. Timers fire on whole milliseconds, as those of the runtime do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::{Clock, Silent};
use promo_testkit::time::RuntimeTime;
use tokio::time::{Instant, sleep, timeout};

use super::HEAD;
use crate::BudgetSettings;
use crate::budget::{HostBudget, Slot};
use crate::monotonic::Monotonic;

fn budget(rate: Option<f64>, concurrency: usize) -> HostBudget {
    let time = Arc::new(RuntimeTime::start());
    let settings = BudgetSettings {
        requests_per_second: rate,
        concurrency: Some(concurrency),
    };
    HostBudget::new(
        "r.example",
        (&settings, Arc::default()),
        Duration::from_secs(300),
        Arc::new(Monotonic::new(Arc::clone(&time) as Arc<dyn Clock>)),
        time,
        Arc::new(Silent),
    )
}

/// How a host counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Counts {
    /// Tokens that are refilled all the time, as many as the quota of a second at the most.
    Bucket,
    /// In windows of this many seconds.
    Windows(f64),
}

/// A host with a quota.
#[derive(Debug)]
struct Host {
    counts: Counts,
    /// Requests in a second.
    quota: f64,
    tokens: f64,
    last: f64,
}

impl Host {
    fn new(counts: Counts, quota: f64) -> Self {
        let tokens = match counts {
            Counts::Bucket => quota,
            Counts::Windows(length) => quota * length,
        };
        Self {
            counts,
            quota,
            tokens,
            last: 0.0,
        }
    }

    /// Answers a request: served, or refused with the seconds of `Retry-After`.
    fn answer(&mut self, now: f64) -> Result<(), f64> {
        match self.counts {
            Counts::Bucket => {
                let refilled = (now - self.last) * self.quota;
                self.tokens = (self.tokens + refilled).min(self.quota);
            }
            Counts::Windows(length) if (now / length).floor() > (self.last / length).floor() => {
                self.tokens = self.quota * length;
            }
            Counts::Windows(_) => {}
        }
        self.last = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(match self.counts {
            Counts::Bucket => ((1.0 - self.tokens) / self.quota).ceil(),
            Counts::Windows(length) => (length - now % length).ceil(),
        })
    }
}

/// What was answered: when, and whether it was served.
type Log = Vec<(f64, bool)>;

/// `waiters` requests at a time for `span`, each taking `trip`.
async fn ask_for(
    budget: &HostBudget,
    host: Host,
    waiters: usize,
    trip: Duration,
    span: Duration,
) -> Log {
    let began = Instant::now();
    let host = Rc::new(RefCell::new(host));
    let log = Rc::new(RefCell::new(Log::new()));
    let ask = || async {
        loop {
            let permit = budget.admit(Slot::Counted, HEAD).await.unwrap();
            let now = began.elapsed().as_secs_f64();
            let answer = host.borrow_mut().answer(now);
            log.borrow_mut().push((now, answer.is_ok()));
            sleep(trip).await;
            match answer {
                Ok(()) => budget.answered(&permit),
                Err(pause) => budget.throttled(&permit, Duration::from_secs_f64(pause), HEAD),
            }
        }
    };
    let asking = join_all((0..waiters).map(|_| ask()));
    timeout(span, asking).await.unwrap_err();
    log.take()
}

/// What part of the quota was used in the 120 seconds from `from`, and what part of all from second 30 was refused.
fn judge(log: &Log, quota: f64, from: f64) -> (f64, f64) {
    let within = |since: f64| log.iter().filter(move |(at, _)| *at >= since);
    let served = within(from).filter(|(at, served)| *served && *at < from + 120.0);
    let late = within(30.0).count();
    let refused = within(30.0).filter(|(_, served)| !served).count();
    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    (
        served.count() as f64 / (quota * 120.0),
        refused as f64 / late as f64,
    )
}

/// A quota that nobody told is found within ten seconds, and used from then on. Of windows of a minute the first may be
/// used up at once, so it is counted from the second.
async fn is_found(counts: Counts, from: f64) {
    let mut wrong = Vec::new();
    let few = [10.0, 50.0, 83.0].map(|quota| [1, 20, 100].map(|trip| (quota, trip)));
    let few = few.into_iter().flatten();
    let few = few.flat_map(|(quota, trip)| [(quota, trip, 16), (quota, trip, 352)]);
    for (quota, trip, waiters) in few.chain([(800.0, 100, 352)]) {
        let budget = budget(None, waiters);
        let host = Host::new(counts, quota);
        let span = Duration::from_secs_f64(from + 120.0);
        let log = ask_for(&budget, host, waiters, Duration::from_millis(trip), span).await;
        let (used, refused) = judge(&log, quota, from);
        if used < 0.97 || refused > 0.005 {
            wrong.push(format!(
                "{quota}/s, {trip} ms, {waiters} waiters: {used} used, {refused} refused"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_tokens_is_found_and_used() {
    is_found(Counts::Bucket, 10.0).await;
}

#[tokio::test(start_paused = true)]
async fn a_quota_by_the_second_is_found_and_used() {
    is_found(Counts::Windows(1.0), 10.0).await;
}

#[tokio::test(start_paused = true)]
async fn a_quota_by_the_minute_is_found_and_used() {
    is_found(Counts::Windows(60.0), 60.0).await;
}

/// What is late isn't lost, and never more goes out than the rate and what is made up for.
#[tokio::test(start_paused = true)]
async fn a_rate_that_is_set_is_used_and_never_exceeded() {
    for (rate, at_least) in [(50.0, 0.99), (83.0, 0.99), (800.0, 0.97)] {
        for waiters in [16, 352] {
            let budget = budget(Some(rate), waiters);
            let host = Host::new(Counts::Bucket, 1e9);
            let trip = Duration::from_millis(10);
            let log = ask_for(&budget, host, waiters, trip, Duration::from_secs(21)).await;
            let after_one = log.iter().filter(|(at, _)| *at >= 1.0).count();
            #[expect(clippy::cast_precision_loss, reason = "they are small")]
            let used = after_one as f64 / (rate * 20.0);
            assert!(used >= at_least, "{rate}/s, {waiters} waiters: {used}");
            let most = log.iter().enumerate().map(|(first, (began, _))| {
                let behind = log[first..].iter();
                behind.take_while(|(at, _)| at - began < 1.0).count()
            });
            let most = u32::try_from(most.max().unwrap()).unwrap();
            let allowed = rate * 1.025 + 1.0;
            assert!(f64::from(most) <= allowed, "{rate}/s: {most} in a second");
        }
    }
}

/// A host without a quota isn't held back: 352 places are open after a few round trips.
#[tokio::test(start_paused = true)]
async fn a_host_without_a_quota_is_not_held_back() {
    let budget = budget(None, 352);
    let host = Host::new(Counts::Bucket, 1e9);
    let trip = Duration::from_millis(20);
    let log = ask_for(&budget, host, 352, trip, Duration::from_secs(1)).await;
    assert!(log.len() > 352 * 45, "{} of {}", log.len(), 352 * 50);
}

/// What a host without a known quota can refuse is bounded by what it served before.
#[tokio::test(start_paused = true)]
async fn the_first_requests_double_with_the_answers() {
    let budget = budget(None, 352);
    let host = Host::new(Counts::Windows(60.0), 1.0);
    let trip = Duration::from_millis(20);
    let log = ask_for(&budget, host, 352, trip, Duration::from_secs(10)).await;
    let served = log.iter().filter(|(_, served)| *served).count();
    assert_eq!(served, 60);
    assert!(log.len() < 160, "{} sent", log.len());
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_sent_first_and_who_gives_up_holds_up_nobody() {
    let budget = budget(Some(1.0), 16);
    drop(budget.admit(Slot::Counted, HEAD).await.unwrap());
    let began = Instant::now();
    let order = RefCell::new(Vec::new());
    let admitted = |name: u32, patience: Duration| {
        let (budget, order) = (&budget, &order);
        async move {
            let admitted = timeout(patience, budget.admit(Slot::Counted, HEAD)).await;
            if admitted.is_ok() {
                order.borrow_mut().push((name, began.elapsed().as_millis()));
            }
        }
    };
    let long = Duration::from_secs(60);
    // The first gives up while it sleeps, the third while it stands behind others.
    tokio::join!(
        admitted(1, Duration::from_millis(500)),
        admitted(2, long),
        admitted(3, Duration::from_millis(700)),
        admitted(4, long),
        admitted(5, long),
    );
    let order: Vec<_> = order.into_inner();
    let names: Vec<_> = order.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [2, 4, 5]);
    for ((_, at), second) in order.iter().zip(1u128..) {
        let expected = second * 1000 - 30..second * 1000 + 30;
        assert!(expected.contains(at), "{order:?}");
    }
}
