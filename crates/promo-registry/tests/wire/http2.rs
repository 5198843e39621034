//! HTTP/2, where the connection's own task polls what we send, also after its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use promo_core::oci::Descriptor;
use promo_core::ports::{BlobStream, Event, Failure, FailureKind, Observer, Registry};
use promo_registry::{Deadlines, RetrySettings, WireRegistry, WireRegistryBuilder};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols};

use crate::support::{Bench, basic, download, tag, upload};
use crate::tls::encrypted;

/// A registry that speaks HTTP/2 over TLS, and a client that trusts it.
async fn bench(auth: Auth) -> (Bench, WireRegistry) {
    let (bench, builder) = bench_to_build(auth).await;
    (bench, builder.build().unwrap())
}

async fn bench_to_build(auth: Auth) -> (Bench, WireRegistryBuilder) {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Http2).unwrap());
    let bench = Bench::with(options.auth(auth)).await;
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.credentials(Arc::new(
        promo_registry::auth::FixedCredentials::default()
            .with(bench.host(), basic("ann", "s3cr3t")),
    ));
    (bench, wire.extra_roots(authority.pem()))
}

fn panics() -> BlobStream {
    let first = stream::iter([Ok(Bytes::from_static(b"first"))]);
    first
        .chain(stream::once(async {
            assert!(never(), "the disk is gone");
            Ok(Bytes::new())
        }))
        .boxed()
}

/// A condition that no compiler sees through.
fn never() -> bool {
    static NEVER: AtomicBool = AtomicBool::new(false);
    NEVER.load(Ordering::Relaxed)
}

/// A stream in pieces of 1000 that, as streams may, panics when it is asked again after its end.
fn once_only(bytes: Vec<u8>) -> BlobStream {
    let pieces = stream::unfold(Bytes::from(bytes), |mut rest| async move {
        let piece = rest.split_to(rest.len().min(1000));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    });
    pieces.boxed()
}

#[tokio::test]
async fn blobs_go_there_and_back() {
    let (bench, wire) = bench(Auth::bearer().user("ann", "s3cr3t")).await;
    let repository = bench.repository("app");
    for bytes in [
        Vec::new(),
        b"x".to_vec(),
        (0..100_000u32).flat_map(u32::to_le_bytes).collect(),
    ] {
        let blob = Descriptor::of("application/octet-stream", &bytes);
        let session = wire.start_upload(&repository).await.unwrap();
        wire.put_blob(&repository, &blob, session, once_only(bytes.clone()))
            .await
            .unwrap();
        assert_eq!(download(&wire, &repository, &blob).await.unwrap(), bytes);
    }
    let connections = bench.registry.connections();
    assert_eq!(connections, 2, "one for blobs, one for the rest");
}

/// Blobs that nobody reads, because mirrors are slow, fill the window of their connection. Small answers have another.
#[tokio::test]
async fn blobs_that_nobody_reads_hold_up_no_manifest_and_no_other_blob() {
    let (bench, builder) = bench_to_build(Auth::none()).await;
    bench.image("app", "v1");
    let mut deadlines = Deadlines::default();
    deadlines.request = Duration::from_secs(5);
    deadlines.read = Duration::from_secs(5);
    let mut retry = RetrySettings::default();
    retry.attempts = 1;
    let wire = builder.deadlines(deadlines).retry(retry).build().unwrap();
    let repository = bench.repository("app");
    let mut unread = Vec::new();
    for number in 0..4 {
        let blob = bench.blob("app", &vec![number; 4 << 20]);
        let stream = wire.get_blob(&repository, &blob).await.unwrap();
        unread.push(stream.unwrap());
    }
    // Enough of them that the windows are full before the last.
    for _ in 0..100 {
        let manifest = wire.get_manifest(&repository, &tag("v1")).await;
        assert!(manifest.unwrap().is_some());
    }
    let bytes = vec![9; 4 << 20];
    let blob = bench.blob("app", &bytes);
    assert_eq!(download(&wire, &repository, &blob).await.unwrap(), bytes);
    for stream in unread {
        let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), 4 << 20);
    }
}

#[tokio::test]
async fn a_body_that_panics_ends_its_upload_and_nothing_else() {
    let (bench, wire) = bench(Auth::none()).await;
    let plain = Bench::new().await;
    let over = [(&bench, wire), (&plain, plain.wire())];
    for (bench, wire) in over {
        let repository = bench.repository("app");
        let blob = Descriptor::of("application/octet-stream", &vec![7; 50_000]);
        let session = wire.start_upload(&repository).await.unwrap();
        let failure = wire
            .put_blob(&repository, &blob, session, panics())
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Defect, "{}", failure.chain());
        assert!(failure.chain().contains("the disk is gone"));
        upload(&wire, &repository, b"the next").await.unwrap();
    }
}

#[derive(Debug)]
struct Clumsy;

impl Observer for Clumsy {
    fn observe(&self, event: &Event) {
        assert!(
            !matches!(event, Event::BytesSent { .. }),
            "an observer's own affair"
        );
    }
}

#[tokio::test]
async fn an_observer_that_panics_in_the_connections_task_hangs_nothing() {
    let bench = Bench::new().await;
    let wire = bench.builder().observer(Arc::new(Clumsy)).build().unwrap();
    let failure: Failure = upload(&wire, &bench.repository("app"), b"bytes")
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Defect);
}

#[tokio::test]
async fn giving_an_upload_up_is_tried_once_with_the_token_that_is_there() {
    let bench = Bench::auth(Auth::bearer().user("ann", "s3cr3t")).await;
    let wire = bench.wire_as("ann", "s3cr3t");
    let repository = bench.repository("app");
    let session = wire.start_upload(&repository).await.unwrap();
    let failure = wire.cancel_upload(&repository, session).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unauthenticated);
    upload(&wire, &repository, b"bytes").await.unwrap();
    let log = bench.registry.log();
    assert_eq!(log.count(Operation::UploadCancel), 1);
    assert_eq!(log.count(Operation::Token), 1, "the token is still good");
}

/// HTTP/2 has a bound of its own for heads: the answer is refused, the connection and others on it go on.
#[tokio::test]
async fn a_head_of_64_kib_ends_its_request_and_no_other() {
    let (bench, builder) = bench_to_build(Auth::none()).await;
    bench.image("app", "v1");
    let mut retry = RetrySettings::default();
    retry.attempts = 2;
    let wire = builder.retry(retry).build().unwrap();
    let repository = bench.repository("app");
    let filled = Fault::header("x-filling", &"x".repeat(64 << 10));
    let fault = bench.registry.faults().inject(Matcher::any(), filled);
    let v1 = tag("v1");
    let asked = tokio::time::timeout(Duration::from_secs(60), wire.get_manifest(&repository, &v1));
    let failure = asked.await.expect("it ends by itself").unwrap_err();
    assert_eq!(
        failure.kind(),
        FailureKind::Unavailable,
        "{}",
        failure.chain()
    );
    fault.remove();
    let manifest = wire.get_manifest(&repository, &v1).await.unwrap();
    assert!(manifest.is_some());
}
