use super::*;

fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

fn blob() -> Digest {
    Digest::sha256_of(b"blob")
}

fn claim(deliveries: &Arc<Deliveries>, at: &str) -> Claim {
    match deliveries.turn(&blob(), &repository(at), false) {
        Turn::Ours(claim) => claim,
        other => panic!("{other:?}"),
    }
}

fn signal(deliveries: &Arc<Deliveries>, at: &str) -> oneshot::Receiver<()> {
    match deliveries.turn(&blob(), &repository(at), false) {
        Turn::Wait(signal) => signal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_second_waits_and_then_has_nothing_to_do() {
    let deliveries = Arc::<Deliveries>::default();
    let first = claim(&deliveries, "a.example/x");
    let waiting = signal(&deliveries, "a.example/x");
    first.arrived();
    waiting.await.unwrap();
    let turn = deliveries.turn(&blob(), &repository("a.example/x"), false);
    assert!(matches!(turn, Turn::There));
}

#[tokio::test]
async fn another_repository_of_the_host_waits_for_a_home() {
    let deliveries = Arc::<Deliveries>::default();
    let first = claim(&deliveries, "a.example/x");
    let waiting = signal(&deliveries, "a.example/y");
    // Another host has nothing to wait for.
    assert!(claim(&deliveries, "b.example/y").home().is_none());
    first.arrived();
    waiting.await.unwrap();
    let second = claim(&deliveries, "a.example/y");
    assert_eq!(second.home(), Some(&repository("a.example/x")));
}

#[tokio::test]
async fn a_claim_that_is_dropped_is_free_again() {
    let deliveries = Arc::<Deliveries>::default();
    let first = claim(&deliveries, "a.example/x");
    let waiting = signal(&deliveries, "a.example/x");
    drop(first);
    waiting.await.unwrap();
    assert!(claim(&deliveries, "a.example/x").home().is_none());
}

#[test]
fn where_waiting_gains_nothing_nobody_waits() {
    let deliveries = Arc::<Deliveries>::default();
    let _near = claim(&deliveries, "a.example/x");
    let turn = deliveries.turn(&blob(), &repository("a.example/y"), true);
    assert!(matches!(turn, Turn::Ours(_)), "the source is on the host");
    deliveries.refuses_mount(&repository("a.example/x"));
    claim(&deliveries, "a.example/z");
}
