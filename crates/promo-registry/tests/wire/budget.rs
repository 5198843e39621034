//! Rates, pauses and places: how much is sent to a host.

use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::{Clock, Event, FailureKind, Registry};
use promo_registry::{HostSettings, RetrySettings};
use promo_testkit::registry::{Answer, Fault, Matcher, Operation};

use crate::support::{Bench, download, tag};

#[tokio::test]
async fn a_429_pauses_the_host_for_as_long_as_it_asks() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let once = Matcher::on(Operation::ManifestHead).times(1);
    bench
        .registry
        .faults()
        .inject(once, Fault::too_many_requests(7));
    let wire = bench.wire();
    let before = bench.time.now();
    let repository = bench.repository("app");
    wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    assert_eq!(bench.time.now().duration_since(before).as_secs(), 7);
    assert_eq!(bench.registry.log().len(), 2);
    let throttled = |event: &Event| matches!(event, Event::Throttled { pause, .. } if *pause == Duration::from_secs(7));
    assert_eq!(bench.events.count(throttled), 1);
    let retries = |event: &Event| matches!(event, Event::Retry { .. });
    assert_eq!(bench.events.count(retries), 1);
    let requests = |event: &Event| matches!(event, Event::Request { .. });
    assert_eq!(bench.events.count(requests), 2);
}

#[tokio::test]
async fn a_429_that_goes_on_fails_with_what_it_asked() {
    let bench = Bench::new().await;
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::too_many_requests(2));
    let failure = bench
        .wire()
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::RateLimited);
    assert_eq!(failure.retry_after(), Some(Duration::from_secs(2)));
    assert_eq!(bench.registry.log().len(), 8);
}

#[tokio::test]
async fn nobody_waits_for_a_day() {
    let bench = Bench::new().await;
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::too_many_requests(86_400));
    let wire = bench.wire();
    let repository = bench.repository("app");
    for _ in 0..3 {
        let failure = wire
            .head_manifest(&repository, &tag("v1"))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::RateLimited);
    }
    // Only the first was sent at all.
    assert_eq!(bench.registry.log().len(), 1);
    assert!(bench.time.pauses().is_empty());
}

/// What is used up for hours is one class of requests; the others go on.
#[tokio::test]
async fn a_pause_that_nobody_waits_for_closes_only_such_requests() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let used_up = Matcher::on(Operation::ManifestGet).times(1);
    let faults = bench.registry.faults();
    faults.inject(used_up, Fault::too_many_requests(21_600));
    let wire = bench.wire();
    let repository = bench.repository("app");
    for _ in 0..2 {
        let closed = wire.get_manifest(&repository, &tag("v1")).await;
        let failure = closed.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R034");
        assert_eq!(failure.retry_after(), Some(Duration::from_secs(21_600)));
        assert!(failure.to_string().contains("manifests for 21600 s"));
    }
    let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    assert!(head.is_some());
    assert!(wire.tags(&repository, None).await.unwrap().is_some());
    assert_eq!(bench.registry.log().len(), 3);
    assert!(bench.time.pauses().is_empty());
    bench.time.advance(Duration::from_secs(21_600));
    let again = wire.get_manifest(&repository, &tag("v1")).await.unwrap();
    assert!(again.is_some());
}

#[tokio::test]
async fn a_retry_after_that_means_nothing_changes_nothing() {
    for nonsense in [
        "",
        "-1",
        "soon",
        "99999999999999999999",
        "0",
        "1.5, 2",
        "NaN",
        "Thu, 01 Jan 2150 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 99 Foo 2026 77:00:00 GMT",
    ] {
        let bench = Bench::new().await;
        bench.image("app", "v1");
        let answer = Answer::status(429).header("retry-after", nonsense);
        let twice = Matcher::on(Operation::ManifestHead).times(2);
        bench.registry.faults().inject(twice, Fault::Answer(answer));
        let wire = bench.wire();
        let repository = bench.repository("app");
        let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
        assert!(head.is_some(), "{nonsense}");
        let paused: Duration = bench.time.pauses().iter().sum();
        assert!(paused >= Duration::from_secs(1), "{nonsense}: {paused:?}");
        assert!(paused < Duration::from_secs(10), "{nonsense}: {paused:?}");
    }
}

#[tokio::test]
async fn a_rate_that_is_set_is_kept() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let mut settings = HostSettings::default();
    settings.budget.requests_per_second = Some(10.0);
    let wire = bench
        .builder()
        .host(bench.host(), settings)
        .build()
        .unwrap();
    let before = bench.time.now();
    let repository = bench.repository("app");
    for _ in 0..21 {
        wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    }
    let took = bench.time.now().duration_since(before).as_secs_f64();
    assert!((1.9..2.2).contains(&took), "{took}");
}

#[tokio::test]
async fn no_more_requests_are_open_than_the_host_has_places() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.latency = Duration::from_millis(5));
    let mut settings = HostSettings::default();
    settings.budget.concurrency = Some(3);
    let wire = bench
        .builder()
        .host(bench.host(), settings)
        .build()
        .unwrap();
    let repository = bench.repository("app");
    let v1 = tag("v1");
    let heads = join_all((0..24).map(|_| wire.head_manifest(&repository, &v1))).await;
    assert!(heads.into_iter().all(|head| head.unwrap().is_some()));
    assert_eq!(bench.registry.log().peak_in_flight(), 3);
}

/// What is behind a registry has a budget of its own: nobody knows its limits, but it may ask for a pause.
#[tokio::test]
async fn where_a_redirect_leads_may_ask_for_a_pause_as_well() {
    let storage = Bench::new().await;
    let bench = Bench::new().await;
    let bytes = [9; 5000];
    let blob = bench.blob("app", &bytes);
    storage.blob("store", &bytes);
    let target = format!("{}/v2/store/blobs/{}", storage.registry.url(), blob.digest);
    let on_get = Matcher::on(Operation::BlobGet);
    bench
        .registry
        .faults()
        .inject(on_get, Fault::redirect(&target));
    let once = Matcher::on(Operation::BlobGet).times(1);
    let faults = storage.registry.faults();
    faults.inject(once, Fault::too_many_requests(7));
    let before = bench.time.now();
    let wire = bench.wire();
    let found = download(&wire, &bench.repository("app"), &blob).await;
    assert_eq!(found.unwrap(), bytes);
    assert_eq!(bench.time.now().duration_since(before).as_secs(), 7);
    // The registry itself didn't ask for it.
    let of_registry = bench.host();
    let throttled = |event: &Event| matches!(event, Event::Throttled { host, .. } if *host == of_registry.to_string());
    assert_eq!(bench.events.count(throttled), 0);
}

/// Who says 503 serves nothing: what a host really serves is counted without them.
#[tokio::test]
async fn a_503_is_nothing_that_was_served() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let mut retry = RetrySettings::default();
    retry.attempts = 1;
    let wire = bench.builder().retry(retry).build().unwrap();
    let repository = bench.repository("app");
    let v1 = tag("v1");
    let faults = bench.registry.faults();
    for _ in 0..10 {
        let few = Matcher::on(Operation::ManifestHead).times(4);
        faults.inject(few, Fault::status(503));
        for _ in 0..4 {
            wire.head_manifest(&repository, &v1).await.unwrap_err();
        }
        wire.head_manifest(&repository, &v1).await.unwrap();
    }
    let once = Matcher::on(Operation::ManifestHead).times(1);
    faults.inject(once, Fault::too_many_requests(1));
    wire.head_manifest(&repository, &v1).await.unwrap_err();
    let before = bench.time.now();
    for _ in 0..11 {
        wire.head_manifest(&repository, &v1).await.unwrap();
    }
    // Ten in a second were served, and not fifty; then there was a second of pause.
    let took = bench.time.now().duration_since(before).as_secs_f64();
    assert!((1.8..2.5).contains(&took), "{took}");
}
