use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

/// Eight small requests, four blobs that are read, four that are sent.
fn connections() -> Arc<Connections> {
    Arc::new(Connections::new(ConnectionLimit::new(32)))
}

/// A place that is there at once.
fn now(connections: &Arc<Connections>, operation: Operation, host: &str) -> Option<Place> {
    let place = pin!(connections.place(operation, host, Wait::UntilFree));
    match place.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(place) => place,
        Poll::Pending => None,
    }
}

/// As many places as there are at once.
fn all(connections: &Arc<Connections>, operation: Operation, host: &str) -> Vec<Place> {
    std::iter::from_fn(|| now(connections, operation, host)).collect()
}

#[test]
fn readings_that_have_all_places_keep_none_from_what_they_wait_for() {
    let connections = connections();
    let reading = all(&connections, Operation::BlobGet, "a.example");
    let sending = all(&connections, Operation::BlobPut, "b.example");
    let small = all(&connections, Operation::ManifestHead, "b.example");
    assert_eq!((reading.len(), sending.len(), small.len()), (4, 4, 8));
}

#[tokio::test]
async fn what_goes_on_with_something_does_not_wait() {
    let connections = connections();
    let reading = all(&connections, Operation::BlobGet, "a.example");
    let resumed = connections.place(Operation::BlobGet, "a.example", Wait::Never);
    assert!(resumed.await.is_some());
    drop(reading);
}

#[tokio::test]
async fn a_free_place_goes_to_the_host_that_has_the_fewest() {
    let connections = connections();
    let head = Operation::ManifestHead;
    // As long as it is alone a host may have all.
    let mut of_a = all(&connections, head, "a.example");
    assert_eq!(of_a.len(), 8);
    let mut first = pin!(connections.place(head, "a.example", Wait::UntilFree));
    let mut second = pin!(connections.place(head, "b.example", Wait::UntilFree));
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    assert!(futures_util::poll!(second.as_mut()).is_pending());
    of_a.pop();
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    let of_b = second.await.unwrap();
    // From now on it has half at the most.
    of_a.truncate(4);
    assert!(futures_util::poll!(first.as_mut()).is_pending());
    of_a.pop();
    assert!(first.await.is_some());
    drop(of_b);
}

#[tokio::test]
async fn who_goes_while_it_waits_keeps_no_place() {
    let connections = connections();
    let head = Operation::ManifestHead;
    let mut taken = all(&connections, head, "a.example");
    {
        let mut gone = pin!(connections.place(head, "a.example", Wait::UntilFree));
        assert!(futures_util::poll!(gone.as_mut()).is_pending());
        // Its turn comes, and it never looks.
        taken.pop();
    }
    let mut gone_before = Box::pin(connections.place(head, "a.example", Wait::UntilFree));
    assert!(futures_util::poll!(gone_before.as_mut()).is_ready());
    drop(gone_before);
    drop(taken);
    assert_eq!(all(&connections, head, "a.example").len(), 8);
}

#[test]
fn connections_that_nobody_uses_are_closed_before_there_are_too_many() {
    let connections = connections();
    let mut closed = Vec::new();
    for host in 0..9 {
        // Four are in use at once, of two hosts at the most.
        let host = format!("host{host}.example");
        let places: Vec<_> = (0..4)
            .filter_map(|_| now(&connections, Operation::ManifestHead, &host))
            .collect();
        assert_eq!(places.len(), 4);
        closed.push(places.iter().filter(|place| place.closes_idle).count());
    }
    // Thirty-two are open after eight hosts.
    assert_eq!(closed, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn requests_that_share_a_connection_need_no_place() {
    let connections = connections();
    let head = Operation::ManifestHead;
    let of_a = all(&connections, head, "a.example");
    connections.learn(head, "a.example", true);
    let place = pin!(connections.place(head, "a.example", Wait::UntilFree));
    let place = place.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(place, Poll::Ready(None)), "{place:?}");
    // Blobs have connections of their own.
    assert!(now(&connections, Operation::BlobGet, "a.example").is_some());
    drop(of_a);
}

#[test]
fn of_many_connections_that_lack_a_file_one_lowers_the_bound() {
    let connections = connections();
    let head = Operation::ManifestHead;
    for place in all(&connections, head, "a.example") {
        connections.exhausted(place);
    }
    // Eight were opened, and fewer than eight could be.
    assert_eq!(connections.lock().limit, ConnectionLimit::new(8));
    assert_eq!(all(&connections, head, "a.example").len(), 2);
}
