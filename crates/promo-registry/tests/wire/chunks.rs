//! Blobs that a registry, or a proxy before it, doesn't take as one body: when they go in chunks, how, and what is learned.

use promo_core::oci::Descriptor;
use promo_core::ports::{Failure, FailureKind, Registry};
use promo_registry::WireRegistry;
use promo_testkit::registry::{
    Answer, Auth, Fault, LogEntry, Matcher, Operation, RegistryOptions, Switches,
};
use promo_testkit::tls::{Authority, Protocols};

use crate::support::{Bench, basic, pieces};
use crate::tls::encrypted;

const MIB: usize = 1 << 20;

/// A registry with these limits.
async fn limited(limits: impl FnOnce(&mut Switches)) -> Bench {
    Bench::with(RegistryOptions::default().switch(limits)).await
}

fn bytes(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// Uploads once, as `put_blob` does.
async fn try_once(bench: &Bench, wire: &WireRegistry, bytes: &[u8]) -> Result<(), Failure> {
    let blob = Descriptor::of("application/octet-stream", bytes);
    let repository = bench.repository("app");
    let session = wire.start_upload(&repository).await?;
    let body = pieces(bytes, 100_000);
    wire.put_blob(&repository, &blob, session, body).await?;
    let stored = bench.registry.state().blob("app", &blob.digest.to_string());
    assert_eq!(stored.unwrap(), bytes);
    Ok(())
}

/// The same, once more after a 413, as copies do.
async fn put(bench: &Bench, wire: &WireRegistry, bytes: &[u8]) -> Result<(), Failure> {
    match try_once(bench, wire, bytes).await {
        Err(failure) if failure.status() == Some(413) => try_once(bench, wire, bytes).await,
        outcome => outcome,
    }
}

/// The bodies that were sent since the last time: what they were, and how they were answered.
fn sent(bench: &Bench) -> Vec<(Operation, Option<u16>, String)> {
    let log = bench.registry.log();
    let of_bodies = |entry: &LogEntry| {
        matches!(
            entry.operation,
            Operation::BlobPut | Operation::BlobPatch | Operation::UploadStatus
        )
    };
    let entries = log.filter(of_bodies);
    log.clear();
    let told = entries.iter().map(|entry| {
        let range = entry.headers.get("content-range");
        (
            entry.operation,
            entry.status,
            range.cloned().unwrap_or_default(),
        )
    });
    told.collect()
}

fn entry(operation: Operation, status: u16, range: &str) -> (Operation, Option<u16>, String) {
    (operation, Some(status), range.to_owned())
}

fn chunk(status: u16, range: &str) -> (Operation, Option<u16>, String) {
    entry(Operation::BlobPatch, status, range)
}

#[tokio::test]
async fn a_refused_blob_goes_in_chunks_and_the_next_one_at_once() {
    let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
    let wire = bench.wire();
    put(&bench, &wire, &bytes(2 * MIB + 500)).await.unwrap();
    // Of what is shorter than the blob, half of the usual length, and so on.
    assert_eq!(
        sent(&bench),
        [
            entry(Operation::BlobPut, 413, ""),
            chunk(413, "0-2097151"),
            chunk(202, "0-1048575"),
            chunk(202, "1048576-2097151"),
            chunk(202, "2097152-2097651"),
            entry(Operation::BlobPut, 201, ""),
        ]
    );
    put(&bench, &wire, &bytes(MIB + 1)).await.unwrap();
    assert_eq!(
        sent(&bench),
        [
            chunk(202, "0-1048575"),
            chunk(202, "1048576-1048576"),
            entry(Operation::BlobPut, 201, ""),
        ]
    );
    // What is small enough goes as one body, as it always did.
    put(&bench, &wire, &bytes(MIB)).await.unwrap();
    assert_eq!(sent(&bench), [entry(Operation::BlobPut, 201, "")]);
}

#[tokio::test]
async fn a_registry_without_limits_gets_no_chunks() {
    let bench = Bench::new().await;
    put(&bench, &bench.wire(), &bytes(9 * MIB)).await.unwrap();
    assert_eq!(sent(&bench), [entry(Operation::BlobPut, 201, "")]);
}

#[tokio::test]
async fn evidence_goes_in_chunks_as_well() {
    let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
    let bytes = bytes(MIB + 5);
    let blob = Descriptor::of("application/octet-stream", &bytes);
    let repository = bench.repository("app");
    let whole = bytes.clone().into();
    bench
        .wire()
        .put_whole_blob(&repository, &blob, whole)
        .await
        .unwrap();
    let stored = bench.registry.state().blob("app", &blob.digest.to_string());
    assert_eq!(stored.unwrap(), bytes);
}

#[tokio::test]
async fn chunks_go_over_http2_with_tokens() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default()
        .tls(authority.server(Protocols::Http2).unwrap())
        .auth(Auth::bearer().user("ann", "s3cr3t"))
        .switch(|switches| switches.body_limit = Some(MIB as u64));
    let bench = Bench::with(options).await;
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire
        .extra_roots(authority.pem())
        .credentials(std::sync::Arc::new(
            promo_registry::auth::FixedCredentials::default()
                .with(bench.host(), basic("ann", "s3cr3t")),
        ));
    let wire = wire.build().unwrap();
    put(&bench, &wire, &bytes(3 * MIB)).await.unwrap();
    let chunks = bench.registry.log().of(Operation::BlobPatch);
    let taken = chunks.iter().filter(|chunk| chunk.is_success());
    assert_eq!(taken.count(), 3);
}

#[tokio::test]
async fn a_chunk_is_as_long_as_the_registry_wants_it() {
    let bench = limited(|switches| {
        switches.body_limit = Some(700_000);
        switches.chunk_minimum = Some(600_000);
    })
    .await;
    put(&bench, &bench.wire(), &bytes(1_500_000)).await.unwrap();
    let taken = [
        chunk(202, "0-599999"),
        chunk(202, "600000-1199999"),
        chunk(202, "1200000-1499999"),
        entry(Operation::BlobPut, 201, ""),
    ];
    assert!(sent(&bench).ends_with(&taken));
}

#[tokio::test]
async fn where_no_chunk_fits_the_refusal_says_what_to_do() {
    let fits_nothing: [fn(&mut Switches); 2] = [
        |switches| switches.body_limit = Some(1000),
        |switches| {
            switches.body_limit = Some(700_000);
            switches.chunk_minimum = Some(800_000);
        },
    ];
    for limits in fits_nothing {
        let bench = limited(limits).await;
        let wire = bench.wire();
        let failure = put(&bench, &wire, &bytes(MIB)).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R075", "{}", failure.chain());
        assert_eq!(failure.kind(), FailureKind::TooLarge);
        assert!(failure.hints()[0].contains("client_max_body_size"));
        let refused = sent(&bench).len();
        // The next one isn't sent at all.
        put(&bench, &wire, &bytes(MIB)).await.unwrap_err();
        assert!(refused > 1 && sent(&bench).is_empty());
    }
}

/// A registry that keeps what it got of a chunk that broke off is asked for its end.
#[tokio::test]
async fn a_chunk_that_breaks_off_goes_on_from_what_was_taken() {
    for fault in [
        Fault::ResetRequest { after: 300_000 },
        // Taken as a whole, but never answered.
        Fault::ResetAnswer,
        Fault::status(502),
    ] {
        let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
        let wire = bench.wire();
        put(&bench, &wire, &bytes(MIB + 1)).await.unwrap();
        sent(&bench);
        let second = Matcher::on(Operation::BlobPatch).after(1).times(1);
        bench.registry.faults().inject(second, fault.clone());
        put(&bench, &wire, &bytes(4 * MIB)).await.unwrap();
        let sent = sent(&bench);
        let asked = sent.iter().filter(|it| it.0 == Operation::UploadStatus);
        assert_eq!(asked.count(), 1, "{fault:?}: {sent:?}");
        let refused = sent.iter().filter(|it| it.1 == Some(416));
        assert_eq!(refused.count(), 0, "{fault:?}: {sent:?}");
    }
}

#[tokio::test]
async fn a_chunk_out_of_step_asks_how_far_the_upload_is() {
    let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
    let wire = bench.wire();
    put(&bench, &wire, &bytes(MIB + 1)).await.unwrap();
    let faults = bench.registry.faults();
    // It says that half of what it took is there: the next chunk doesn't fit.
    let first = Matcher::on(Operation::BlobPatch).times(1);
    faults.inject(first, Fault::header("range", "0-524287"));
    put(&bench, &wire, &bytes(3 * MIB)).await.unwrap();
    let statuses: Vec<_> = sent(&bench).iter().filter_map(|it| it.1).collect();
    assert!(statuses.contains(&416), "{statuses:?}");
}

/// An upload that never gets on, or that the registry forgot, or whose registry talks nonsense, ends.
#[tokio::test]
async fn an_upload_in_chunks_that_gets_nowhere_ends() {
    for (operation, fault) in [
        (Operation::BlobPatch, Fault::status(416)),
        (Operation::BlobPatch, Fault::status(500)),
        (Operation::BlobPatch, Fault::status(404)),
        (Operation::BlobPatch, Fault::too_many_requests(1)),
        (Operation::BlobPatch, Fault::header("range", "0-0")),
        (
            Operation::BlobPatch,
            Fault::header("range", "0-99999999999"),
        ),
        (Operation::BlobPatch, Fault::header("range", "soon")),
        (
            Operation::BlobPatch,
            Fault::header("location", "http://192.0.2.1/"),
        ),
        (
            Operation::BlobPatch,
            Fault::Answer(Answer::status(202).header("range", "0-0")),
        ),
        (Operation::BlobPut, Fault::status(400)),
    ] {
        let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
        let wire = bench.wire();
        put(&bench, &wire, &bytes(MIB + 1)).await.unwrap();
        bench
            .registry
            .faults()
            .inject(Matcher::on(operation), fault.clone());
        let failure = put(&bench, &wire, &bytes(2 * MIB)).await;
        assert!(failure.is_err(), "{fault:?}");
        let requests = bench.registry.log().len();
        assert!(requests < 30, "{fault:?}: {requests}");
    }
}

/// The last bytes only go out when the source has ended well.
#[tokio::test]
async fn a_source_that_fails_completes_no_upload_in_chunks() {
    let bench = limited(|switches| switches.body_limit = Some(MIB as u64)).await;
    let wire = bench.wire();
    put(&bench, &wire, &bytes(MIB + 1)).await.unwrap();
    sent(&bench);
    let blob = Descriptor::of("application/octet-stream", &bytes(3 * MIB));
    let repository = bench.repository("app");
    for length in [3 * MIB - 1, 3 * MIB + 1] {
        let session = wire.start_upload(&repository).await.unwrap();
        let body = pieces(&bytes(length), 100_000);
        let put = wire.put_blob(&repository, &blob, session, body).await;
        assert_eq!(put.unwrap_err().code().as_str(), "PROMO-R012");
    }
    let closed = sent(&bench);
    assert!(
        closed.iter().all(|it| it.0 != Operation::BlobPut),
        "{closed:?}"
    );
}
