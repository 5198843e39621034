use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::{Clock, Event, Observer, Silent};
use promo_testkit::time::RuntimeTime;
use tokio::time::{Instant, sleep};

use super::{Entry, Health, MANY, MayProbe};
use crate::monotonic::Monotonic;
use crate::{Deadlines, Error};

const HOST: &str = "r.example";

/// Keeps what is told of the host, as words.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(&'static str, u64)>>);

impl Observer for Kept {
    fn observe(&self, event: &Event) {
        let told = match event {
            Event::HostAwaited {
                host,
                silent,
                give_up,
            } => {
                assert_eq!((host.as_str(), give_up.as_secs()), (HOST, 60));
                ("awaited", silent.as_secs())
            }
            Event::HostBack { silent, .. } => ("back", silent.as_secs()),
            Event::HostGivenUp { silent, .. } => ("given up", silent.as_secs()),
            other => panic!("{other:?}"),
        };
        self.0.lock().unwrap().push(told);
    }
}

fn health() -> Health {
    health_told(Arc::new(Silent))
}

fn health_told(observer: Arc<dyn Observer>) -> Health {
    let time = Arc::new(RuntimeTime::start());
    let monotonic = Monotonic::new(Arc::clone(&time) as Arc<dyn Clock>);
    Health::new(&Deadlines::default(), Arc::new(monotonic), time, observer)
}

async fn enter(health: &Health) -> Result<Entry, Error> {
    health.enter(HOST, HOST, MayProbe::Yes).await
}

fn lose(health: &Health, count: u32) {
    for _ in 0..count {
        health.lost(HOST, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn many_lost_in_a_row_are_needed_and_one_answer_begins_anew() {
    let health = health();
    for _ in 0..3 {
        lose(&health, MANY - 1);
        assert!(!health.is_down(HOST));
        health.heard(HOST);
    }
    lose(&health, MANY);
    assert!(health.is_down(HOST));
    assert!(!health.is_down("other.example"));
    assert!(!health.holds(HOST, Entry::Up));
    assert!(health.holds(HOST, Entry::Probe));
}

/// A hundred wait; now and then one of them asks; as soon as one is answered, all go.
#[tokio::test(start_paused = true)]
async fn a_host_that_is_back_after_20_s_has_lost_nothing() {
    let health = health();
    let began = Instant::now();
    lose(&health, MANY);
    let probes = std::cell::Cell::new(0);
    let one = || async {
        loop {
            match enter(&health).await.unwrap() {
                Entry::Up => return began.elapsed(),
                Entry::Probe => {
                    probes.set(probes.get() + 1);
                    if began.elapsed() < Duration::from_secs(20) {
                        health.lost(HOST, Duration::ZERO);
                    } else {
                        health.heard(HOST);
                        return began.elapsed();
                    }
                }
            }
        }
    };
    let ends = join_all((0..100).map(|_| one())).await;
    assert!(probes.get() < 8, "{} probes", probes.get());
    let last = ends.iter().max().unwrap();
    assert!(*last < Duration::from_secs(31), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_stays_down_is_given_up_and_asked_every_30_s() {
    let health = health();
    let began = Instant::now();
    lose(&health, MANY);
    let one = || async {
        while let Ok(Entry::Probe) = enter(&health).await {
            health.lost(HOST, Duration::ZERO);
        }
        began.elapsed()
    };
    for end in join_all((0..100).map(|_| one())).await {
        let expected = Duration::from_secs(59)..Duration::from_secs(61);
        assert!(expected.contains(&end), "{end:?}");
    }
    let mut probes = 0;
    let mut refused = 0;
    for _ in 0..100 {
        match enter(&health).await {
            Ok(entry) => {
                assert_eq!(entry, Entry::Probe);
                health.lost(HOST, Duration::ZERO);
                probes += 1;
            }
            Err(Error::Silent { since, .. }) => {
                assert!(since >= Duration::from_secs(60));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert!((3..=5).contains(&probes), "{probes} probes");
    assert_eq!(probes + refused, 100);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(enter(&health).await.unwrap(), Entry::Probe);
    health.heard(HOST);
    assert_eq!(enter(&health).await.unwrap(), Entry::Up);
}

/// One request that hangs for a minute is as telling as many that are refused, unless the host answered others meanwhile.
#[tokio::test(start_paused = true)]
async fn silence_counts_by_time() {
    let minute = Duration::from_secs(60);
    let health = health();
    sleep(minute).await;
    health.lost(HOST, minute);
    assert!(enter(&health).await.is_err());
    let health = self::health();
    sleep(Duration::from_secs(30)).await;
    health.heard(HOST);
    sleep(Duration::from_secs(30)).await;
    health.lost(HOST, minute);
    assert!(!health.is_down(HOST));
}

/// A stream can't be sent twice, so it doesn't find out whether a host is back.
#[tokio::test(start_paused = true)]
async fn a_stream_waits_for_others_to_find_out() {
    let health = health();
    lose(&health, MANY);
    let began = Instant::now();
    let stream = health.enter(HOST, HOST, MayProbe::No);
    let other = async {
        sleep(Duration::from_secs(5)).await;
        assert_eq!(enter(&health).await.unwrap(), Entry::Probe);
        health.heard(HOST);
    };
    let (stream, ()) = tokio::join!(stream, other);
    assert_eq!(stream.unwrap(), Entry::Up);
    assert_eq!(began.elapsed().as_secs(), 5);
    lose(&health, MANY);
    let stream = health.enter(HOST, HOST, MayProbe::No).await;
    assert!(matches!(stream, Err(Error::Silent { .. })));
}

/// A hundred requests wait twice: it is told twice, and a host that was never waited for is no news.
#[tokio::test(start_paused = true)]
async fn an_outage_is_told_once_and_not_for_each_request() {
    let kept = Arc::new(Kept::default());
    let health = health_told(Arc::clone(&kept) as Arc<dyn Observer>);
    lose(&health, MANY);
    health.heard(HOST);
    assert!(kept.0.lock().unwrap().is_empty());

    lose(&health, MANY);
    let waiting = join_all((0..100).map(|_| health.enter(HOST, HOST, MayProbe::No)));
    let back = async {
        sleep(Duration::from_secs(20)).await;
        health.heard(HOST);
    };
    let (entered, ()) = tokio::join!(waiting, back);
    assert!(entered.into_iter().all(|entry| entry.is_ok()));
    assert_eq!(*kept.0.lock().unwrap(), [("awaited", 0), ("back", 20)]);

    kept.0.lock().unwrap().clear();
    sleep(Duration::from_secs(1)).await;
    lose(&health, MANY);
    let waiting = join_all((0..100).map(|_| health.enter(HOST, HOST, MayProbe::No)));
    assert!(waiting.await.into_iter().all(|entry| entry.is_err()));
    health.heard(HOST);
    health.heard(HOST);
    let told = [("awaited", 0), ("given up", 60), ("back", 60)];
    assert_eq!(*kept.0.lock().unwrap(), told);
}
