//! Manifests and lists: what answers mean, and lies that are found out.

use std::time::Duration;

use bytes::Bytes;
use promo_core::oci::{Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Tag};
use promo_core::ports::{BulkList, FailureKind, Registry};
use promo_registry::Deadlines;
use promo_testkit::image::ImageBuilder;
use promo_testkit::registry::{Answer, Fault, Matcher, Operation};

use crate::support::{Bench, digest, tag};

const MANIFESTS: [Operation; 2] = [Operation::ManifestGet, Operation::ManifestHead];

#[tokio::test]
async fn head_and_get_agree() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    let wire = bench.wire();
    let repository = bench.repository("app");
    for reference in [tag("v1"), digest(image.digest()).into()] {
        let head = wire.head_manifest(&repository, &reference).await.unwrap();
        let head = head.unwrap();
        let manifest = wire.get_manifest(&repository, &reference).await.unwrap();
        let manifest = manifest.unwrap();
        assert_eq!(manifest.bytes(), &image.manifest());
        assert_eq!(manifest.digest(), digest(image.digest()));
        assert_eq!(head.digest, manifest.digest());
        assert_eq!(head.media_type.as_ref(), Some(manifest.media_type()));
        assert_eq!(head.size, Some(manifest.bytes().len() as u64));
    }
    assert_eq!(
        wire.head_manifest(&repository, &tag("v2")).await.unwrap(),
        None
    );
    let missing = bench.repository("missing");
    assert_eq!(wire.get_manifest(&missing, &tag("v1")).await.unwrap(), None);
}

#[tokio::test]
async fn a_registry_without_digest_headers_is_asked_for_the_bytes() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    bench
        .registry
        .switch(|switches| switches.digest_header = false);
    let wire = bench.wire();
    let repository = bench.repository("app");
    let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    assert_eq!(head.unwrap().digest, digest(image.digest()));
    assert_eq!(bench.registry.log().len(), 2);
    let by_digest = ManifestReference::Digest(digest(image.digest()));
    wire.head_manifest(&repository, &by_digest).await.unwrap();
    assert_eq!(bench.registry.log().len(), 3);
}

#[tokio::test]
async fn wrong_manifests_are_refused() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    let other = Digest::sha256_of(b"other").to_string();
    let by_digest = ManifestReference::Digest(digest(image.digest()));
    let index = Fault::header("content-type", MediaType::OCI_INDEX);
    let cases = [
        (tag("v1"), Fault::Corrupt, FailureKind::DigestMismatch),
        (
            by_digest.clone(),
            Fault::Corrupt,
            FailureKind::DigestMismatch,
        ),
        (
            tag("v1"),
            Fault::digest_header(&other),
            FailureKind::DigestMismatch,
        ),
        (
            by_digest,
            Fault::digest_header(&other),
            FailureKind::DigestMismatch,
        ),
        (
            tag("v1"),
            Fault::digest_header("sha256:short"),
            FailureKind::Malformed,
        ),
        (tag("v1"), index, FailureKind::Malformed),
        (tag("v1"), Fault::html(200), FailureKind::Malformed),
        (tag("v1"), Fault::gzip_header(), FailureKind::Malformed),
        (tag("v1"), Fault::Endless, FailureKind::TooLarge),
        (
            tag("v1"),
            Fault::Truncate { after: 10 },
            FailureKind::Unavailable,
        ),
        (tag("v1"), Fault::status(403), FailureKind::Forbidden),
        (tag("v1"), Fault::status(412), FailureKind::Refused),
        (tag("v1"), Fault::status(500), FailureKind::Unavailable),
        (tag("v1"), Fault::Reset, FailureKind::Unavailable),
    ];
    for (reference, fault, kind) in cases {
        bench.registry.faults().clear();
        let on_get = Matcher::on(Operation::ManifestGet);
        bench.registry.faults().inject(on_get, fault.clone());
        let get = bench.wire();
        let failure = get
            .get_manifest(&bench.repository("app"), &reference)
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), kind, "{fault:?}: {}", failure.chain());
    }
}

#[tokio::test]
async fn an_html_page_is_called_one() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::html(200));
    let wire = bench.wire();
    let repository = bench.repository("app");
    let id = Digest::sha256_of(b"");
    let failures = [
        wire.head_manifest(&repository, &tag("v1"))
            .await
            .unwrap_err(),
        wire.get_manifest(&repository, &tag("v1"))
            .await
            .unwrap_err(),
        wire.tags(&repository, None).await.unwrap_err(),
        wire.referrers(&repository, &id).await.unwrap_err(),
        wire.catalog(&bench.host(), None).await.unwrap_err(),
    ];
    for failure in failures {
        assert_eq!(failure.kind(), FailureKind::Malformed);
        assert!(failure.to_string().contains("HTML page"), "{failure}");
    }
}

#[tokio::test]
async fn no_compression_is_asked_for() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let wire = bench.wire();
    wire.get_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap();
    let entry = &bench.registry.log().entries()[0];
    assert_eq!(entry.headers["accept-encoding"], "identity");
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::status(504),
        Fault::Reset,
    ] {
        for operation in MANIFESTS {
            bench.registry.log().clear();
            bench.registry.faults().clear();
            let matcher = Matcher::on(operation).times(3);
            bench.registry.faults().inject(matcher, fault.clone());
            let wire = bench.wire();
            let repository = bench.repository("app");
            if operation == Operation::ManifestGet {
                wire.get_manifest(&repository, &tag("v1")).await.unwrap();
            } else {
                wire.head_manifest(&repository, &tag("v1")).await.unwrap();
            }
            assert_eq!(bench.registry.log().len(), 4, "{fault:?}");
        }
    }
    // 3 pauses for each, none longer than the longest, not all alike.
    let pauses = bench.time.pauses();
    assert_eq!(pauses.len(), 5 * 2 * 3);
    assert!(pauses.iter().all(|pause| pause.as_secs_f64() <= 2.0));
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_given_up() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let mut deadlines = Deadlines::default();
    deadlines.request = Duration::from_millis(50);
    let wire = bench.builder().deadlines(deadlines).build().unwrap();
    let repository = bench.repository("app");
    let on_get = || Matcher::on(Operation::ManifestGet);
    let faults = bench.registry.faults();
    // Before the head of the answer, and in the middle of its body.
    for in_the_body in [false, true] {
        let gate = if in_the_body {
            faults.pause_answer_body(on_get(), 10)
        } else {
            faults.pause(on_get())
        };
        bench.registry.log().clear();
        let failure = wire
            .get_manifest(&repository, &tag("v1"))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Deadline);
        gate.release();
        faults.clear();
    }
}

#[tokio::test]
async fn what_the_registry_says_is_repeated_but_cleaned() {
    let bench = Bench::new().await;
    let message = format!("no\\u001b[31m way{}", "y".repeat(500));
    let body = format!(r#"{{"errors":[{{"code":"SIZE_INVALID","message":"{message}"}}]}}"#);
    let answer = Answer::status(400).body("application/json", body);
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::Answer(answer));
    let wire = bench.wire();
    let failure = wire
        .get_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    let text = failure.to_string();
    assert!(text.contains("SIZE_INVALID (no\\u{1b}[31m way"), "{text}");
    assert!(text.len() < 400, "{text}");
}

#[tokio::test]
async fn immutable_tags_are_told_apart() {
    for status in [400, 403, 409, 412] {
        let bench = Bench::new().await;
        bench.image("app", "v1");
        bench
            .registry
            .switch(|switches| switches.immutable_tags = Some(status));
        let other = ImageBuilder::seeded(7).build();
        other.push_untagged(&bench.registry.state(), "app");
        let manifest = RawManifest::new(
            MediaType::new(other.media_type()),
            DigestAlgorithm::Sha256,
            other.manifest(),
        );
        let wire = bench.wire();
        let put = wire
            .put_manifest(&bench.repository("app"), &tag("v1"), &manifest)
            .await;
        let failure = put.unwrap_err();
        assert_eq!(
            failure.kind(),
            FailureKind::ImmutableTag,
            "{}",
            failure.chain()
        );
        assert_eq!(failure.status(), Some(status));
    }
}

#[tokio::test]
async fn a_manifest_is_not_put_under_another_digest() {
    let bench = Bench::new().await;
    let image = ImageBuilder::new().build();
    let manifest = RawManifest::new(
        MediaType::new(image.media_type()),
        DigestAlgorithm::Sha256,
        image.manifest(),
    );
    let other = ManifestReference::Digest(Digest::sha256_of(b"other"));
    let wire = bench.wire();
    let repository = bench.repository("app");
    let put = wire.put_manifest(&repository, &other, &manifest).await;
    assert_eq!(put.unwrap_err().kind(), FailureKind::DigestMismatch);
    assert!(bench.registry.log().is_empty());
    // And an answer that names another digest is no confirmation.
    image.push_untagged(&bench.registry.state(), "app");
    let fault = Fault::digest_header(&Digest::sha256_of(b"other").to_string());
    bench
        .registry
        .faults()
        .inject(Matcher::on(Operation::ManifestPut), fault);
    let put = wire.put_manifest(&repository, &tag("v1"), &manifest).await;
    assert_eq!(put.unwrap_err().kind(), FailureKind::DigestMismatch);
}

#[tokio::test]
async fn lists_are_followed_by_their_links() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v0");
    let state = bench.registry.state();
    for number in 1..25 {
        state.tag("app", &format!("v{number}"), image.digest());
    }
    bench
        .registry
        .switch(|switches| switches.tag_page_size = Some(10));
    let wire = bench.wire();
    let repository = bench.repository("app");
    let mut tags: Vec<Tag> = Vec::new();
    let mut next = None;
    loop {
        let page = wire
            .tags(&repository, next.as_deref())
            .await
            .unwrap()
            .unwrap();
        tags.extend(page.tags);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(tags.len(), 25);
    assert_eq!(bench.registry.log().count(Operation::TagList), 3);
    let missing = bench.repository("missing");
    assert_eq!(wire.tags(&missing, None).await.unwrap(), None);
    assert_eq!(
        wire.bulk_list(&repository).await.unwrap(),
        BulkList::NotOffered
    );
    bench
        .registry
        .switch(|switches| switches.google_listing = true);
    let BulkList::Listed { content, .. } = wire.bulk_list(&repository).await.unwrap() else {
        panic!("no list");
    };
    assert!(content.is_complete());
    assert_eq!(content.tags().count(), 25);
}

#[tokio::test]
async fn a_list_is_not_continued_elsewhere() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let wire = bench.wire();
    let repository = bench.repository("app");
    for link in [
        "<https://example.net/v2/app/tags/list?last=v1>; rel=\"next\"",
        "<http://127.0.0.1:1/v2/app/tags/list>; rel=next",
        "<//example.net/v2/>; rel=\"next\"",
    ] {
        bench.registry.faults().clear();
        let fault = Fault::header("link", link);
        bench.registry.faults().inject(Matcher::any(), fault);
        let failure = wire.tags(&repository, None).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R017", "{link}");
        let id = Digest::sha256_of(b"");
        let failure = wire.referrers(&repository, &id).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R017", "{link}");
    }
    for next in [
        "//example.net/v2/",
        "https://example.net/",
        "http://u:p@127.0.0.1/",
    ] {
        let failure = wire.tags(&repository, Some(next)).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Malformed, "{next}");
    }
}

#[tokio::test]
async fn a_list_that_leads_to_itself_ends() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let fault = Fault::header("link", "</v2/app/tags/list?n=1000>; rel=\"next\"");
    bench.registry.faults().inject(Matcher::any(), fault);
    let failure = bench
        .wire()
        .tags(&bench.repository("app"), None)
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Malformed);
}

#[tokio::test]
async fn media_types_are_found_in_the_document_when_the_header_is_vague() {
    let bench = Bench::new().await;
    let state = bench.registry.state();
    let cases = [
        (
            r#"{"schemaVersion":2,"config":{},"layers":[]}"#,
            Some(MediaType::OCI_MANIFEST),
        ),
        (
            r#"{"schemaVersion":2,"manifests":[]}"#,
            Some(MediaType::OCI_INDEX),
        ),
        (
            r#"{"schemaVersion":1,"fsLayers":[]}"#,
            Some(MediaType::DOCKER_SCHEMA1),
        ),
        (
            r#"{"mediaType":"application/x","schemaVersion":2}"#,
            Some("application/x"),
        ),
        (r#"{"schemaVersion":2}"#, None),
        (r#"{"schemaVersion":2,"manifests":[],"config":{}}"#, None),
        ("not JSON", None),
    ];
    let vague = Fault::header("content-type", "application/json; charset=utf-8");
    bench.registry.faults().inject(Matcher::any(), vague);
    for (document, expected) in cases {
        let id = state.put_manifest("app", "application/json", Bytes::from(document));
        let reference = ManifestReference::Digest(digest(&id));
        let wire = bench.wire();
        let found = wire
            .get_manifest(&bench.repository("app"), &reference)
            .await;
        let found = found.ok().flatten().map(|it| it.media_type().to_string());
        assert_eq!(found.as_deref(), expected, "{document}");
    }
}
