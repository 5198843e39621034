//! Blobs on the way in and out: every byte counted and hashed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType};
use promo_core::ports::{BlobStream, Event, Failure, FailureKind, Mount, Registry};
use promo_registry::Deadlines;
use promo_testkit::registry::{Fault, Locations, Matcher, Mounts, Operation};

use crate::support::{Bench, download, pieces, upload};

#[tokio::test]
async fn blobs_go_there_and_back() {
    let bench = Bench::new().await;
    let wire = bench.wire();
    let repository = bench.repository("app");
    for bytes in [
        Vec::new(),
        b"x".to_vec(),
        (0..100_000u32).flat_map(u32::to_le_bytes).collect(),
    ] {
        let blob = upload(&wire, &repository, &bytes).await.unwrap();
        let size = wire.blob_size(&repository, &blob.digest).await.unwrap();
        assert_eq!(size, Some(bytes.len() as u64));
        assert_eq!(download(&wire, &repository, &blob).await.unwrap(), bytes);
    }
    // POST and PUT, HEAD, GET for each, and nothing else.
    assert_eq!(bench.registry.log().len(), 3 * 4);
    let puts = bench.registry.log().of(Operation::BlobPut);
    let lengths: Vec<_> = puts
        .iter()
        .map(|put| &put.headers["content-length"])
        .collect();
    assert_eq!(lengths, ["0", "1", "400000"]);
    let sent = bench
        .events
        .count(|event| matches!(event, Event::BytesSent { .. }));
    assert_eq!(sent, 401);
}

#[tokio::test]
async fn sha512_is_checked_as_well() {
    let bench = Bench::new().await;
    let bytes = b"a long digest";
    let digest = Digest::of(DigestAlgorithm::Sha512, bytes);
    let state = bench.registry.state();
    state.put_blob_as("app", &digest.to_string(), bytes.to_vec());
    let media_type = MediaType::new("application/octet-stream");
    let blob = Descriptor::new(media_type, digest, bytes.len() as u64);
    let repository = bench.repository("app");
    let wire = bench.wire();
    assert_eq!(download(&wire, &repository, &blob).await.unwrap(), bytes);
    assert!(state.corrupt_blob("app", &digest.to_string()));
    let failure = download(&wire, &repository, &blob).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch);
}

#[tokio::test]
async fn absolute_locations_are_taken() {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.locations = Locations::Absolute);
    upload(&bench.wire(), &bench.repository("app"), b"bytes")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_altered_blob_never_comes_whole() {
    let bench = Bench::new().await;
    let blob = bench.blob("app", &vec![7; 50_000]);
    let on_get = || Matcher::on(Operation::BlobGet);
    let faults = bench.registry.faults();
    let cases = [
        (Fault::Corrupt, FailureKind::DigestMismatch),
        (Fault::Truncate { after: 10_000 }, FailureKind::Unavailable),
        (Fault::ResetBody { after: 10_000 }, FailureKind::Unavailable),
        (Fault::Endless, FailureKind::DigestMismatch),
        (
            Fault::Body(Bytes::from_static(b"short")),
            FailureKind::DigestMismatch,
        ),
        (Fault::gzip_header(), FailureKind::Malformed),
    ];
    for (fault, kind) in cases {
        faults.clear();
        faults.inject(on_get(), fault.clone());
        let wire = bench.wire();
        let repository = bench.repository("app");
        let mut received = 0;
        let failure = match wire.get_blob(&repository, &blob).await {
            Err(failure) => failure,
            Ok(stream) => {
                let mut stream = stream.unwrap();
                loop {
                    match stream.next().await.expect("a failure before the end") {
                        Ok(piece) => received += piece.len(),
                        Err(failure) => break failure,
                    }
                }
            }
        };
        assert_eq!(failure.kind(), kind, "{fault:?}: {}", failure.chain());
        // Trailing bytes come after a blob that was right.
        if !matches!(fault, Fault::Endless) {
            assert!(received < 50_000, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_source_that_fails_leaves_no_blob() {
    let bench = Bench::new().await;
    let wire = bench.wire();
    let repository = bench.repository("app");
    let bytes = vec![1u8; 10_000];
    let blob = Descriptor::of("application/octet-stream", &bytes);
    let failing = |sent: usize| -> BlobStream {
        let failure = Failure::new(
            FailureKind::DigestMismatch,
            promo_core::Code::new("PROMO-T001"),
            "the source is wrong",
        );
        let sent = pieces(&bytes[..sent], 1000);
        // An empty piece says nothing about what follows it.
        let end = [Ok(Bytes::new()), Err(failure)];
        sent.chain(stream::iter(end)).boxed()
    };
    // An error in the middle, and one behind the last byte.
    for sent in [4000, 10_000] {
        let session = wire.start_upload(&repository).await.unwrap();
        let put = wire
            .put_blob(&repository, &blob, session, failing(sent))
            .await;
        let failure = put.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::DigestMismatch);
        assert_eq!(failure.code().as_str(), "PROMO-R022");
        assert!(failure.chain().contains("the source is wrong"));
    }
    // Too few bytes, and too many.
    for wrong in [9_999, 10_001] {
        let session = wire.start_upload(&repository).await.unwrap();
        let put = wire
            .put_blob(&repository, &blob, session, pieces(&vec![1; wrong], 1000))
            .await;
        let failure = put.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::DigestMismatch);
        assert_eq!(failure.code().as_str(), "PROMO-R012");
    }
    let stored = bench.registry.state().blobs("app");
    assert_eq!(stored, Vec::<String>::new());
}

#[tokio::test]
async fn a_blob_that_is_not_empty_is_not_taken_for_an_empty_one() {
    let bench = Bench::new().await;
    let wire = bench.wire();
    let repository = bench.repository("app");
    let empty = Descriptor::of("application/octet-stream", b"");
    let session = wire.start_upload(&repository).await.unwrap();
    let put = wire
        .put_blob(&repository, &empty, session, pieces(b"not empty", 4))
        .await;
    let failure = put.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R012");
    assert_eq!(bench.registry.log().count(Operation::BlobPut), 0);
}

#[tokio::test]
async fn an_upload_is_not_repeated_but_opening_one_is() {
    let bench = Bench::new().await;
    let faults = bench.registry.faults();
    let broken = Matcher::on(Operation::UploadStart).times(2);
    faults.inject(broken, Fault::status(503));
    let wire = bench.wire();
    let repository = bench.repository("app");
    upload(&wire, &repository, b"bytes").await.unwrap();
    assert_eq!(bench.registry.log().count(Operation::UploadStart), 3);
    faults.inject(Matcher::on(Operation::BlobPut), Fault::status(503));
    let failure = upload(&wire, &repository, b"more").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert_eq!(bench.registry.log().count(Operation::BlobPut), 2);
}

#[tokio::test]
async fn a_refused_mount_gives_its_session() {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.mounts = Mounts::Refused);
    let blob = bench.blob("staging", b"a layer");
    let wire = bench.wire();
    let (to, from) = (bench.repository("app"), bench.repository("staging"));
    let mount = wire.mount_blob(&to, &blob.digest, &from).await.unwrap();
    let Mount::Refused(Some(session)) = mount else {
        panic!("no session");
    };
    assert_eq!(bench.registry.open_uploads(), 1);
    wire.cancel_upload(&to, session.clone()).await.unwrap();
    assert_eq!(bench.registry.open_uploads(), 0);
    // A second time it is gone, which is as good.
    wire.cancel_upload(&to, session).await.unwrap();
    bench
        .registry
        .switch(|switches| switches.mounts = Mounts::Unsupported);
    let mount = wire.mount_blob(&to, &blob.digest, &from).await.unwrap();
    assert_eq!(mount, Mount::Refused(None));
}

#[tokio::test]
async fn a_download_that_hangs_ends_by_the_read_deadline() {
    let bench = Bench::new().await;
    let blob = bench.blob("app", &vec![7; 50_000]);
    let mut deadlines = Deadlines::default();
    deadlines.read = Duration::from_millis(100);
    let wire = bench.builder().deadlines(deadlines).build().unwrap();
    let gate = bench
        .registry
        .faults()
        .pause_answer_body(Matcher::on(Operation::BlobGet), 10_000);
    let failure = download(&wire, &bench.repository("app"), &blob)
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadline);
    gate.release();
}

#[tokio::test]
async fn an_upload_that_hangs_ends_by_the_idle_deadline() {
    let bench = Bench::new().await;
    let mut deadlines = Deadlines::default();
    deadlines.idle = Duration::from_millis(100);
    let wire = bench.builder().deadlines(deadlines).build().unwrap();
    let gate = bench
        .registry
        .faults()
        .pause(Matcher::on(Operation::BlobPut));
    let failure = upload(&wire, &bench.repository("app"), b"bytes")
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadline);
    gate.release();
}

#[tokio::test]
async fn a_wrong_digest_in_the_answer_to_an_upload_is_seen() {
    let bench = Bench::new().await;
    let other = Digest::sha256_of(b"other").to_string();
    let fault = Fault::digest_header(&other);
    bench
        .registry
        .faults()
        .inject(Matcher::on(Operation::BlobPut), fault);
    let failure = upload(&bench.wire(), &bench.repository("app"), b"bytes")
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::DigestMismatch);
}
