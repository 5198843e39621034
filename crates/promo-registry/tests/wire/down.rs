//! Hosts that are down for a while, and hosts that stay down: what that costs. Time is virtual, for them and for us.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use promo_core::oci::{DigestAlgorithm, MediaType, RawManifest, Repository};
use promo_core::ports::{Clock, Failure, FailureKind, Registry};
use promo_registry::WireRegistry;
use promo_testkit::time::RuntimeTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::support::tag;

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const UNAVAILABLE: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What a host does with a request.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answer(&'static str),
    /// It ends the connection.
    Break,
    /// It says nothing.
    Hang,
}

/// A host that does this with each request, by the time since it was started. Counts them.
async fn host(does: fn(Duration) -> Does) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, began) = (Arc::clone(&asked), Instant::now());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match connection.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                count.fetch_add(1, Ordering::Relaxed);
                match does(began.elapsed()) {
                    Does::Answer(text) => connection.write_all(text.as_bytes()).await.unwrap(),
                    Does::Break => {}
                    Does::Hang => std::future::pending().await,
                }
            });
        }
    });
    (name, asked)
}

fn wire() -> WireRegistry {
    let time = Arc::new(RuntimeTime::start());
    let clock = Arc::clone(&time) as Arc<dyn Clock>;
    WireRegistry::builder(clock, time).build().unwrap()
}

/// Asks for a tag in each of so many repositories at the same time.
async fn ask(wire: &WireRegistry, host: &str, count: usize) -> Vec<Result<(), Failure>> {
    let v1 = tag("v1");
    let one = async |number: usize| {
        let repository: Repository = format!("{host}/app-{number}").parse().unwrap();
        let head = wire.head_manifest(&repository, &v1).await;
        head.map(|head| assert!(head.is_none()))
    };
    join_all((0..count).map(one)).await
}

#[tokio::test(start_paused = true)]
async fn a_host_that_restarts_for_20_s_costs_nothing_but_its_time() {
    for does in [
        |time: Duration| match time.as_secs() {
            1..21 => Does::Break,
            _ => Does::Answer(NOT_FOUND),
        },
        |time: Duration| match time.as_secs() {
            1..21 => Does::Answer(UNAVAILABLE),
            _ => Does::Answer(NOT_FOUND),
        },
    ] {
        let (host, _) = host(does).await;
        let wire = wire();
        ask(&wire, &host, 3)
            .await
            .into_iter()
            .for_each(Result::unwrap);
        sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        for outcome in ask(&wire, &host, 60).await {
            outcome.unwrap();
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(40), "{took:?}");
    }
}

/// Whatever it does instead of answering: a run loses no more than 90 s to it, however much it wants of it.
#[tokio::test(start_paused = true)]
async fn a_host_that_stays_down_is_waited_for_once() {
    for does in [
        |_: Duration| Does::Break,
        |_: Duration| Does::Answer(UNAVAILABLE),
        |_: Duration| Does::Hang,
    ] {
        let (host, asked) = host(does).await;
        let wire = wire();
        let began = Instant::now();
        for _ in 0..3 {
            for outcome in ask(&wire, &host, 60).await {
                let failure = outcome.unwrap_err();
                let code = failure.code();
                assert_eq!(code.as_str(), "PROMO-R035", "{}", failure.chain());
            }
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(90), "{:?}: {took:?}", does(took));
        let asked = asked.load(Ordering::Relaxed);
        assert!(asked < 50, "{:?}: {asked} requests", does(took));
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_given_up_is_found_when_it_is_back() {
    let (host, _) = host(|time| match time.as_secs() {
        0..100 => Does::Break,
        _ => Does::Answer(NOT_FOUND),
    })
    .await;
    let wire = wire();
    for outcome in ask(&wire, &host, 60).await {
        outcome.unwrap_err();
    }
    sleep(Duration::from_secs(100)).await;
    let back = ask(&wire, &host, 1).await;
    assert!(back.iter().all(Result::is_ok), "{back:?}");
    let all = ask(&wire, &host, 60).await;
    assert!(all.iter().all(Result::is_ok));
}

/// A repository that alone is broken isn't its host.
#[tokio::test(start_paused = true)]
async fn a_host_that_answers_others_is_not_down() {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let (host, _) = host(|_| match TURN.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => Does::Answer(NOT_FOUND),
        _ => Does::Answer(UNAVAILABLE),
    })
    .await;
    let wire = wire();
    let began = Instant::now();
    let outcomes = ask(&wire, &host, 60).await;
    assert!(outcomes.iter().any(Result::is_ok));
    let codes = outcomes.iter().filter_map(|it| it.as_ref().err());
    assert!(
        codes
            .into_iter()
            .all(|it| it.code().as_str() != "PROMO-R035")
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}

/// What a tag points to was looked at before its PUT. After a wait it may be another, so the PUT isn't sent any more.
#[tokio::test(start_paused = true)]
async fn a_tag_is_not_put_when_its_host_was_down_meanwhile() {
    let (host, _) = host(|time| match time.as_secs() {
        0..20 => Does::Break,
        _ => Does::Answer(NOT_FOUND),
    })
    .await;
    let wire = wire();
    let repository: Repository = format!("{host}/app").parse().unwrap();
    let manifest = RawManifest::new(
        MediaType::new("application/vnd.oci.image.manifest.v1+json"),
        DigestAlgorithm::Sha256,
        Bytes::from_static(b"{}"),
    );
    let v1 = tag("v1");
    let others = ask(&wire, &host, 60);
    let put = async {
        sleep(Duration::from_secs(5)).await;
        wire.put_manifest(&repository, &v1, &manifest).await
    };
    let (others, put) = tokio::join!(others, put);
    assert!(others.iter().all(Result::is_ok));
    let failure = put.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadline, "{}", failure.chain());
    // Now it is sent, and answered.
    let failure = wire.put_manifest(&repository, &v1, &manifest).await;
    assert_eq!(failure.unwrap_err().kind(), FailureKind::NotFound);
}
