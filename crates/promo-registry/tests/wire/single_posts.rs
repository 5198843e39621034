//! Blobs that come with the POST: what a registry does with them, and what is learned from that.

use bytes::Bytes;
use promo_core::oci::Descriptor;
use promo_core::ports::{Failure, Registry};
use promo_registry::WireRegistry;
use promo_testkit::registry::{Fault, Matcher, Operation};

use crate::support::Bench;

async fn put(bench: &Bench, wire: &WireRegistry, bytes: &[u8]) -> Result<(), Failure> {
    let blob = Descriptor::of("application/octet-stream", bytes);
    let repository = bench.repository("app");
    let put = wire.put_whole_blob(&repository, &blob, Bytes::copy_from_slice(bytes));
    put.await?;
    let stored = bench.registry.state().blob("app", &blob.digest.to_string());
    assert_eq!(stored.unwrap(), bytes);
    Ok(())
}

/// What was asked for since the last time.
fn asked(bench: &Bench) -> Vec<(Operation, Option<u16>)> {
    let log = bench.registry.log();
    let entries = log.entries();
    log.clear();
    entries.iter().map(|it| (it.operation, it.status)).collect()
}

const UPLOAD: [(Operation, Option<u16>); 2] = [
    (Operation::UploadStart, Some(202)),
    (Operation::BlobPut, Some(201)),
];

async fn taking() -> Bench {
    let bench = Bench::new().await;
    bench
        .registry
        .switch(|switches| switches.single_posts = true);
    bench
}

#[tokio::test]
async fn a_small_blob_is_one_request_where_the_registry_takes_it() {
    let bench = taking().await;
    let wire = bench.wire();
    for bytes in [b"one".as_slice(), b"two"] {
        put(&bench, &wire, bytes).await.unwrap();
        assert_eq!(asked(&bench), [(Operation::BlobPost, Some(201))]);
    }
    put(&bench, &wire, &vec![7; 100_000]).await.unwrap();
    assert_eq!(asked(&bench), UPLOAD, "one that isn't small");
}

/// Distribution opens an upload and leaves the bytes.
#[tokio::test]
async fn an_upload_that_was_opened_instead_is_filled_and_the_next_is_opened_at_once() {
    let bench = Bench::new().await;
    let wire = bench.wire();
    put(&bench, &wire, b"one").await.unwrap();
    let opened = [
        (Operation::BlobPost, Some(202)),
        (Operation::BlobPut, Some(201)),
    ];
    assert_eq!(asked(&bench), opened);
    put(&bench, &wire, b"two").await.unwrap();
    assert_eq!(asked(&bench), UPLOAD);
}

#[tokio::test]
async fn a_registry_that_does_not_know_it_is_asked_once() {
    for status in [400, 404, 405, 411, 500, 501, 503] {
        let bench = taking().await;
        let wire = bench.wire();
        let posts = Matcher::on(Operation::BlobPost);
        bench.registry.faults().inject(posts, Fault::status(status));
        put(&bench, &wire, b"one").await.unwrap();
        let mut expected = vec![(Operation::BlobPost, Some(status))];
        expected.extend(UPLOAD);
        assert_eq!(asked(&bench), expected);
        put(&bench, &wire, b"two").await.unwrap();
        assert_eq!(asked(&bench), UPLOAD, "{status} is remembered");
    }
}

/// Whoever may not push isn't told so twice, and a 429 is waited for as any other.
#[tokio::test]
async fn what_an_upload_would_not_change_is_no_answer_about_the_post() {
    let bench = taking().await;
    let wire = bench.wire();
    let faults = bench.registry.faults();
    let posts = || Matcher::on(Operation::BlobPost).times(1);
    faults.inject(posts(), Fault::status(403));
    let failure = put(&bench, &wire, b"one").await.unwrap_err();
    assert_eq!(failure.status(), Some(403));
    assert_eq!(asked(&bench), [(Operation::BlobPost, Some(403))]);

    faults.inject(posts(), Fault::status(429));
    put(&bench, &wire, b"one").await.unwrap();
    let expected = [429, 201].map(|status| (Operation::BlobPost, Some(status)));
    assert_eq!(asked(&bench), expected);
}

#[tokio::test]
async fn a_registry_that_says_to_have_stored_something_else_is_not_believed() {
    let bench = taking().await;
    let posts = Matcher::on(Operation::BlobPost);
    let other = Descriptor::of("application/octet-stream", b"other");
    let lie = Fault::digest_header(&other.digest.to_string());
    bench.registry.faults().inject(posts, lie);
    let failure = put(&bench, &bench.wire(), b"one").await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R011");
}
