use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::{Door, Entry, PATIENCE, Wants};
use crate::auth::challenge::Challenge;

fn door() -> Arc<Door> {
    Arc::new(Door::default())
}

async fn first(door: &Arc<Door>) -> super::First {
    match Arc::clone(door).enter().await {
        Entry::Unknown(Some(first)) => first,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_others_wait_for_the_first_answer() {
    let door = door();
    let first = first(&door).await;
    let began = Instant::now();
    let others = join_all((0..20).map(|_| Arc::clone(&door).enter()));
    let answer = async {
        sleep(Duration::from_secs(1)).await;
        door.challenged(Challenge::Basic);
        drop(first);
    };
    let (entries, ()) = tokio::join!(others, answer);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    for entry in entries {
        assert!(matches!(
            entry,
            Entry::Known(Wants::Answer(Challenge::Basic))
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_an_answer_that_does_not_come() {
    let door = door();
    let _hangs = first(&door).await;
    let began = Instant::now();
    let waited = Arc::clone(&door).enter().await;
    assert!(matches!(waited, Entry::Unknown(None)));
    assert_eq!(began.elapsed(), PATIENCE);
    // And who comes later doesn't wait at all.
    let late = Arc::clone(&door).enter().await;
    assert!(matches!(late, Entry::Unknown(None)));
    assert_eq!(began.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn when_the_first_fails_all_go_at_once() {
    let door = door();
    let first = first(&door).await;
    let began = Instant::now();
    let others = join_all((0..20).map(|_| Arc::clone(&door).enter()));
    let failing = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (entries, ()) = tokio::join!(others, failing);
    assert!(entries.iter().all(|it| matches!(it, Entry::Unknown(None))));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn an_answer_to_a_stranger_does_not_undo_a_challenge() {
    let door = door();
    door.challenged(Challenge::Basic);
    door.passed();
    assert_eq!(door.wants(), Some(Wants::Answer(Challenge::Basic)));
}
