use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::Flight;
use crate::Error;

fn failure() -> Error {
    Error::setting("it", "it fails")
}

#[tokio::test(start_paused = true)]
async fn those_who_come_meanwhile_share_the_outcome() {
    for fails in [false, true] {
        let flight = Flight::new(|_| Duration::ZERO);
        let asked = Cell::new(0);
        let ask = || async {
            asked.set(asked.get() + 1);
            sleep(Duration::from_secs(10)).await;
            if fails { Err(failure()) } else { Ok("it") }
        };
        let began = Instant::now();
        let outcomes = join_all((0..50).map(|_| flight.join(|_| true, ask))).await;
        assert_eq!(asked.get(), 1);
        assert_eq!(began.elapsed(), Duration::from_secs(10));
        assert!(outcomes.iter().all(|outcome| outcome.is_err() == fails));
        let own = outcomes.iter().flatten().filter(|found| found.is_own);
        assert_eq!(own.count(), usize::from(!fails));
        // What was found stays; a failure is asked about anew.
        let _again = flight.join(|_| true, ask).await;
        assert_eq!(asked.get(), if fails { 2 } else { 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_lasts_as_long_as_it_should() {
    let flight: Flight<()> = Flight::new(|_| Duration::from_secs(60));
    let asked = Cell::new(0);
    let ask = || async {
        asked.set(asked.get() + 1);
        Err(failure())
    };
    for (after, expected) in [(0, 1), (59, 1), (2, 2)] {
        sleep(Duration::from_secs(after)).await;
        flight.join(|()| true, ask).await.unwrap_err();
        assert_eq!(asked.get(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_leaves_the_question_to_the_next() {
    let flight = Flight::new(|_| Duration::ZERO);
    let gives_up = async {
        let hangs = flight.join(
            |_| true,
            || async {
                std::future::pending::<()>().await;
                Ok(1)
            },
        );
        tokio::time::timeout(Duration::from_secs(5), hangs).await
    };
    let next = async {
        tokio::task::yield_now().await;
        flight.join(|_| true, || async { Ok(2) }).await
    };
    let (given_up, found) = tokio::join!(gives_up, next);
    assert!(given_up.is_err());
    assert_eq!(found.unwrap().value, 2);
}

#[tokio::test]
async fn what_was_forgotten_is_asked_for_again() {
    let flight = Flight::new(|_| Duration::ZERO);
    let first = flight.join(|_| true, || async { Ok(1) }).await.unwrap();
    flight.forget(first.number);
    let second = flight.join(|_| true, || async { Ok(2) }).await.unwrap();
    // The first is gone already; the second must not go with it.
    flight.forget(first.number);
    let third = flight.join(|_| true, || async { Ok(3) }).await.unwrap();
    assert_eq!((second.value, third.value), (2, 2));
    assert!(second.is_own && !third.is_own);
}
