//! Faults that are injected, as a client meets them.

use std::error::Error as _;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use promo_testkit::image::ImageBuilder;
use promo_testkit::registry::{Answer, Fault, Matcher, Operation, Quota};
use reqwest::Method;

use crate::support::{Bench, error_code, header};

const MANIFEST: &str = "/v2/a/manifests/v1";

async fn bench() -> Bench {
    let bench = Bench::new().await;
    ImageBuilder::seeded(1)
        .build()
        .push_to(&bench.registry.state(), "a", "v1");
    bench
}

/// Whether an error has a reset of the connection among its sources.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        let found = error.downcast_ref::<io::Error>();
        if found.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
            return true;
        }
        source = error.source();
    }
    false
}

#[tokio::test]
async fn a_fault_happens_as_often_as_its_matcher_says() {
    let bench = bench().await;
    let matcher = Matcher::on(Operation::ManifestGet).after(1).times(2);
    let fault = bench.registry.faults().inject(matcher, Fault::status(503));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(bench.get(MANIFEST).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(fault.hits(), 2);
}

#[tokio::test]
async fn a_fault_happens_only_to_what_matches() {
    let bench = bench().await;
    let faults = bench.registry.faults();
    let matcher = Matcher::on(Operation::ManifestGet)
        .or(Operation::TagList)
        .repository("a")
        .reference("v1");
    let fault = faults.inject(matcher, Fault::status(500));
    assert_eq!(bench.get(MANIFEST).await.status(), 500);
    assert_eq!(bench.head(MANIFEST).await.status(), 200);
    assert_eq!(bench.get("/v2/a/tags/list").await.status(), 200);
    assert_eq!(bench.get("/v2/b/manifests/v1").await.status(), 404);
    fault.remove();
    assert_eq!(bench.get(MANIFEST).await.status(), 200);
    faults.inject(Matcher::writes(), Fault::status(412));
    assert_eq!(bench.get(MANIFEST).await.status(), 200);
    assert_eq!(bench.delete(MANIFEST).await.status(), 412);
    assert!(bench.registry.state().tag_digest("a", "v1").is_some());
    faults.clear();
    assert_eq!(bench.delete(MANIFEST).await.status(), 202);
}

#[tokio::test]
async fn answers_can_be_anything() {
    let bench = bench().await;
    let faults = bench.registry.faults();
    let once = || Matcher::any().times(1);
    faults.inject(once(), Fault::too_many_requests(7));
    faults.inject(once().after(1), Fault::html(200));
    faults.inject(once().after(2), Fault::redirect("https://evil.example/"));
    faults.inject(
        once().after(3),
        Fault::Answer(
            Answer::status(418)
                .body("text/plain", "tea")
                .header("x-pot", "1"),
        ),
    );
    let limited = bench.get(MANIFEST).await;
    assert_eq!(header(&limited, "retry-after").as_deref(), Some("7"));
    assert_eq!(error_code(limited).await, "TOOMANYREQUESTS");
    let page = bench.get(MANIFEST).await;
    assert!(
        header(&page, "content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let redirect = bench.get(MANIFEST).await;
    assert_eq!(
        (
            redirect.status().as_u16(),
            header(&redirect, "location").as_deref()
        ),
        (307, Some("https://evil.example/"))
    );
    let pot = bench.get(MANIFEST).await;
    assert_eq!(
        (pot.status().as_u16(), header(&pot, "x-pot").as_deref()),
        (418, Some("1"))
    );
    assert_eq!(pot.text().await.unwrap(), "tea");
    assert_eq!(bench.get(MANIFEST).await.status(), 200);
}

#[tokio::test]
async fn a_reset_comes_before_or_after_the_effect() {
    let bench = bench().await;
    let faults = bench.registry.faults();
    let delete = || bench.request(Method::DELETE, MANIFEST).send();
    faults.inject(Matcher::writes().times(1), Fault::Reset);
    assert!(is_reset(&delete().await.unwrap_err()));
    assert!(bench.registry.state().tag_digest("a", "v1").is_some());
    faults.inject(Matcher::writes().times(1), Fault::ResetAnswer);
    assert!(is_reset(&delete().await.unwrap_err()));
    assert!(bench.registry.state().tag_digest("a", "v1").is_none());
    let statuses: Vec<_> = bench
        .registry
        .log()
        .entries()
        .iter()
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [None, None]);
}

#[tokio::test]
async fn a_reset_comes_in_the_middle_of_an_upload() {
    let bench = bench().await;
    let session = bench.open("a").await;
    let fault = Fault::ResetRequest { after: 100_000 };
    bench
        .registry
        .faults()
        .inject(Matcher::any().times(1), fault);
    let patch = || {
        bench
            .request(Method::PATCH, &session)
            .body(vec![1; 10_000_000])
            .send()
    };
    patch().await.unwrap_err();
    let entry = &bench.registry.log().of(Operation::BlobPatch)[0];
    assert!(
        (100_000..10_000_000).contains(&entry.request_bytes),
        "{entry:?}"
    );
    let status = header(&bench.get(&session).await, "range").unwrap();
    assert_eq!(status, format!("0-{}", entry.request_bytes - 1));
}

#[tokio::test]
async fn bodies_break_off() {
    let bench = bench().await;
    let faults = bench.registry.faults();
    let digest = bench.registry.state().put_blob("a", vec![7; 1_000_000]);
    let path = format!("/v2/a/blobs/{digest}");
    faults.inject(Matcher::any().times(1), Fault::Truncate { after: 300_000 });
    let truncated = bench.get(&path).await;
    assert_eq!(truncated.content_length(), Some(1_000_000));
    let error = truncated.bytes().await.unwrap_err();
    assert!(!is_reset(&error), "{error:?}");
    assert_eq!(bench.registry.log().entries()[0].response_bytes, 300_000);
    faults.inject(Matcher::any().times(1), Fault::ResetBody { after: 300_000 });
    let broken = async {
        bench
            .request(Method::GET, &path)
            .send()
            .await?
            .bytes()
            .await
    };
    assert!(is_reset(&broken.await.unwrap_err()));
    assert_eq!(
        bench.get(&path).await.bytes().await.unwrap().len(),
        1_000_000
    );
}

#[tokio::test]
async fn registries_lie() {
    let bench = bench().await;
    let faults = bench.registry.faults();
    let truth = bench.registry.state().manifest("a", "v1").unwrap();
    faults.inject(Matcher::any().times(1), Fault::Corrupt);
    let altered = bench.get(MANIFEST).await;
    assert_eq!(
        header(&altered, "docker-content-digest").as_deref(),
        Some(truth.digest.as_str())
    );
    let altered = altered.bytes().await.unwrap();
    assert!(altered.len() == truth.bytes.len() && altered != truth.bytes);

    faults.inject(Matcher::any().times(1), Fault::Body(Bytes::from("other")));
    assert_eq!(bench.get(MANIFEST).await.bytes().await.unwrap(), "other");
    faults.inject(Matcher::any().times(1), Fault::digest_header("sha256:beef"));
    assert_eq!(
        header(&bench.head(MANIFEST).await, "docker-content-digest").as_deref(),
        Some("sha256:beef")
    );
    faults.inject(
        Matcher::any().times(1),
        Fault::RemoveHeader("docker-content-digest".to_owned()),
    );
    assert_eq!(
        header(&bench.head(MANIFEST).await, "docker-content-digest"),
        None
    );
    faults.inject(Matcher::any().times(1), Fault::gzip_header());
    assert_eq!(
        header(&bench.get(MANIFEST).await, "content-encoding").as_deref(),
        Some("gzip")
    );
    assert_eq!(
        bench.get(MANIFEST).await.bytes().await.unwrap(),
        truth.bytes
    );
}

#[tokio::test]
async fn an_endless_body_does_not_end() {
    let bench = bench().await;
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::Endless);
    let mut answer = bench.get(MANIFEST).await;
    assert_eq!(answer.content_length(), None);
    let mut received = 0;
    while received < 20_000_000 {
        received += answer.chunk().await.unwrap().expect("it ended").len();
    }
}

#[tokio::test]
async fn latency_is_waited_for() {
    let bench = bench().await;
    bench.registry.faults().inject(
        Matcher::any().times(1),
        Fault::Latency(Duration::from_millis(80)),
    );
    let begin = Instant::now();
    bench.get(MANIFEST).await;
    assert!(begin.elapsed() >= Duration::from_millis(80));
    bench
        .registry
        .switch(|switches| switches.latency = Duration::from_millis(60));
    let begin = Instant::now();
    bench.get(MANIFEST).await;
    assert!(begin.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_gate_holds_requests_before_their_effect() {
    let bench = bench().await;
    let gate = bench
        .registry
        .faults()
        .pause(Matcher::on(Operation::ManifestDelete));
    let test = async {
        gate.reached().await;
        assert!(bench.registry.state().tag_digest("a", "v1").is_some());
        assert_eq!(
            (gate.arrivals(), bench.registry.log().entries()[0].status),
            (1, None)
        );
        gate.release();
    };
    let (answer, ()) = tokio::join!(bench.delete(MANIFEST), test);
    assert_eq!(answer.status(), 202);
}

#[tokio::test]
async fn a_gate_holds_answers_after_their_effect() {
    let bench = bench().await;
    let gate = bench
        .registry
        .faults()
        .pause_answer(Matcher::on(Operation::ManifestDelete));
    let test = async {
        gate.reached().await;
        assert!(bench.registry.state().tag_digest("a", "v1").is_none());
        drop(gate);
    };
    let (answer, ()) = tokio::join!(bench.delete(MANIFEST), test);
    assert_eq!(answer.status(), 202);
}

#[tokio::test]
async fn a_gate_holds_a_download_in_its_middle() {
    let bench = bench().await;
    let digest = bench.registry.state().put_blob("a", vec![7; 1_000_000]);
    let gate = bench
        .registry
        .faults()
        .pause_answer_body(Matcher::any(), 400_000);
    let mut answer = bench.get(&format!("/v2/a/blobs/{digest}")).await;
    let mut received = 0;
    while received < 400_000 {
        received += answer.chunk().await.unwrap().unwrap().len();
    }
    gate.reached().await;
    assert_eq!(bench.registry.log().entries()[0].response_bytes, 400_000);
    gate.release();
    assert_eq!(received + answer.bytes().await.unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn a_gate_holds_an_upload_in_its_middle() {
    let bench = bench().await;
    let session = bench.open("a").await;
    let faults = bench.registry.faults();
    let gate = faults.pause_request_body(Matcher::on(Operation::BlobPatch), 100_000);
    let patch = bench
        .request(Method::PATCH, &session)
        .body(vec![1; 10_000_000])
        .send();
    let test = async {
        gate.reached().await;
        let arrived = bench.registry.log().of(Operation::BlobPatch)[0].request_bytes;
        assert!((100_000..10_000_000).contains(&arrived), "{arrived}");
        gate.release();
    };
    let (answer, ()) = tokio::join!(patch, test);
    assert_eq!(
        header(&answer.unwrap(), "range").as_deref(),
        Some("0-9999999")
    );
}

#[tokio::test]
async fn a_quota_refuses_what_comes_too_fast() {
    let bench = bench().await;
    let quota = Quota {
        per_second: 1,
        burst: 3,
        retry_after: 2,
    };
    bench
        .registry
        .switch(|switches| switches.quota = Some(quota));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = bench.get(MANIFEST).await;
        assert_eq!(
            header(&answer, "retry-after").is_some(),
            answer.status() == 429
        );
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses[..3], [200, 200, 200]);
    assert!(statuses.contains(&429));
}
