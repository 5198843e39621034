//! What the log of requests keeps, and what it does not.

use promo_testkit::digest::sha256;
use promo_testkit::image::ImageBuilder;
use promo_testkit::registry::{Auth, Matcher, Operation, RegistryOptions};
use reqwest::Method;

use crate::support::Bench;

#[tokio::test]
async fn the_log_knows_what_was_asked_and_answered() {
    let bench = Bench::new().await;
    let image = ImageBuilder::seeded(3).build();
    image.push_to(&bench.registry.state(), "deep/er/a", "v1");
    assert!(bench.registry.log().is_empty());
    bench
        .get("/v2/deep/er/a/manifests/v1")
        .await
        .bytes()
        .await
        .unwrap();
    let session = bench.open("deep/er/a").await;
    let digest = sha256(b"hello");
    let path = format!("{session}&digest={digest}");
    let put = bench
        .request(Method::PUT, &path)
        .header("accept-encoding", "identity");
    put.body("hello").send().await.unwrap();

    let entries = bench.registry.log().entries();
    let [get, post, put] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    assert_eq!(get.operation, Operation::ManifestGet);
    assert_eq!(get.repository.as_deref(), Some("deep/er/a"));
    assert_eq!(get.reference.as_deref(), Some("v1"));
    assert_eq!(get.response_bytes, image.manifest().len() as u64);
    assert!(get.is_success() && !get.had_authorization());
    assert_eq!(
        (post.operation, post.status),
        (Operation::UploadStart, Some(202))
    );
    assert_eq!((put.operation, put.request_bytes), (Operation::BlobPut, 5));
    assert_eq!(put.reference.as_deref(), Some(digest.as_str()));
    assert_eq!(put.headers["accept-encoding"], "identity");
    assert_eq!((get.number, post.number, put.number), (1, 2, 3));
    assert_eq!((get.answered, put.answered), (Some(1), Some(3)));
}

#[tokio::test]
async fn the_log_counts_and_forgets() {
    let bench = Bench::new().await;
    bench.open("a").await;
    bench.get("/v2/a/tags/list").await;
    let log = bench.registry.log();
    assert_eq!(
        (
            log.len(),
            log.count(Operation::TagList),
            log.count_method("POST")
        ),
        (2, 1, 1)
    );
    assert_eq!(log.writes().len(), 1);
    assert_eq!(log.counts()[&Operation::UploadStart], 1);
    log.clear();
    assert!(log.is_empty());
    bench.get("/v2/").await;
    assert_eq!(log.entries()[0].number, 3);
}

#[tokio::test]
async fn the_log_knows_how_many_requests_came_at_once() {
    let bench = Bench::new().await;
    let gate = bench
        .registry
        .faults()
        .pause(Matcher::on(Operation::TagList));
    let release = async {
        gate.reached_by(2).await;
        gate.release();
    };
    let list = || bench.get("/v2/a/tags/list");
    tokio::join!(list(), list(), release);
    bench.get("/v2/").await;
    assert_eq!(bench.registry.log().peak_in_flight(), 2);
    assert_eq!(bench.registry.connections(), 2);
    bench.registry.log().clear();
    bench.get("/v2/").await;
    assert_eq!(bench.registry.log().peak_in_flight(), 1);
}

#[tokio::test]
async fn the_log_can_be_bounded() {
    let bench = Bench::with(RegistryOptions::default().log_capacity(2)).await;
    for _ in 0..5 {
        bench.get("/v2/").await;
    }
    let numbers: Vec<_> = bench
        .registry
        .log()
        .entries()
        .iter()
        .map(|entry| entry.number)
        .collect();
    assert_eq!(numbers, [4, 5]);
}

#[tokio::test]
async fn the_log_keeps_no_secret() {
    let auth = Auth::bearer()
        .user("robot", "hunter2")
        .refresh_token("robot", "hunter3");
    let bench = Bench::with(RegistryOptions::default().auth(auth)).await;
    let token = bench.request(
        Method::GET,
        "/token?password=hunter2&refresh_token=hunter3&scope=repository:a:pull",
    );
    let token = token
        .basic_auth("robot", Some("hunter2"))
        .send()
        .await
        .unwrap();
    let token: serde_json::Value = serde_json::from_slice(&token.bytes().await.unwrap()).unwrap();
    let token = token["token"].as_str().unwrap();
    bench
        .request(Method::GET, "/v2/")
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let bare = bench
        .request(Method::GET, "/v2/")
        .header("authorization", "hunter4")
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);

    let entries = bench.registry.log().entries();
    let schemes: Vec<_> = entries
        .iter()
        .map(|entry| entry.authorization.as_deref())
        .collect();
    assert_eq!(schemes, [Some("Basic"), Some("Bearer"), Some("unknown")]);
    assert!(bench.registry.log().writes().is_empty());
    let shown = format!(
        "{entries:?} {:?} {:?}",
        bench.registry,
        bench.registry.tokens()
    );
    assert!(
        !shown.contains("hunter") && !shown.contains(token),
        "{shown}"
    );
}
