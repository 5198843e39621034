//! Registries that answer in ways of their own: what is taken as they mean it, and what stays undecided. Their lists are
//! in `broken_lists`.

use bytes::Bytes;
use promo_core::oci::Digest;
use promo_core::ports::{FailureKind, Mount, Registry, UploadSession};
use promo_testkit::registry::{Answer, Fault, Matcher, Operation};

use crate::support::{Bench, digest, pieces, tag};

/// An error document with a code of the registry's choice.
fn says(status: u16, code: &str) -> Fault {
    let document = format!(r#"{{"errors":[{{"code":"{code}","message":"no"}}]}}"#);
    Fault::Answer(Answer::status(status).body("application/json", document))
}

/// An answer without a document.
fn bare(status: u16) -> Fault {
    Fault::Answer(Answer::status(status).body("text/plain", ""))
}

#[tokio::test]
async fn a_type_that_nobody_thought_of_is_asked_for_as_well() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    wire.get_manifest(&repository, &tag("v1")).await.unwrap();
    for entry in bench.registry.log().entries() {
        let accept = entry.headers["accept"].clone();
        assert!(accept.ends_with(", */*"), "{accept}");
    }
}

#[tokio::test]
async fn get_is_asked_where_head_is_not_served() {
    for (status, asked_again) in [(405, false), (501, false), (400, true)] {
        let bench = Bench::new().await;
        let image = bench.image("app", "v1");
        let heads = Matcher::on(Operation::ManifestHead).or(Operation::BlobHead);
        bench.registry.faults().inject(heads, bare(status));
        let (wire, repository) = (bench.wire(), bench.repository("app"));
        for _ in 0..2 {
            let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
            assert_eq!(head.unwrap().digest, digest(image.digest()), "{status}");
        }
        let missing = wire.head_manifest(&repository, &tag("v2")).await.unwrap();
        assert_eq!(missing, None);
        let asked = bench.registry.log().count(Operation::ManifestGet);
        assert_eq!(asked, 3, "{status}");
        let heads = bench.registry.log().filter(|entry| {
            entry.operation == Operation::ManifestHead && entry.reference.as_deref() == Some("v2")
        });
        assert_eq!(!heads.is_empty(), asked_again, "{status}");
        let blob = bench.blob("app", b"twelve bytes");
        let size = wire.blob_size(&repository, &blob.digest).await.unwrap();
        assert_eq!(size, Some(12), "{status}");
        let missing = Digest::sha256_of(b"missing");
        let size = wire.blob_size(&repository, &missing).await.unwrap();
        assert_eq!(size, None, "{status}");
    }
}

#[tokio::test]
async fn an_empty_digest_header_names_no_digest() {
    let bench = Bench::new().await;
    let image = bench.image("app", "v1");
    let empty = Fault::digest_header(" ");
    bench.registry.faults().inject(Matcher::any(), empty);
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    let head = wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    assert_eq!(head.unwrap().digest, digest(image.digest()));
    let manifest = wire.get_manifest(&repository, &tag("v1")).await.unwrap();
    let (manifest, v2) = (manifest.unwrap(), tag("v2"));
    let put = wire.put_manifest(&repository, &v2, &manifest).await;
    assert!(!put.unwrap().digest_confirmed);
}

/// Quay answers so where the manifest isn't there; the same code says what is wrong with one that is.
#[tokio::test]
async fn nothing_refers_to_what_is_not_there_yet() {
    let bench = Bench::new().await;
    let there = digest(bench.image("app", "v1").digest());
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    let missing = Digest::sha256_of(b"missing");
    for code in ["MANIFEST_INVALID", "MANIFEST_UNKNOWN"] {
        bench.registry.faults().clear();
        let on_list = Matcher::on(Operation::Referrers);
        bench.registry.faults().inject(on_list, says(400, code));
        let list = wire.referrers(&repository, &missing).await.unwrap();
        assert!(list.descriptors.is_empty() && !list.fallback);
        let failure = wire.referrers(&repository, &there).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Refused, "{code}");
    }
    for (status, code) in [
        (400, "NAME_INVALID"),
        (412, "MANIFEST_INVALID"),
        (403, "DENIED"),
    ] {
        bench.registry.faults().clear();
        let on_list = Matcher::on(Operation::Referrers);
        bench.registry.faults().inject(on_list, says(status, code));
        let list = wire.referrers(&repository, &missing).await;
        assert!(list.is_err(), "{status} {code}");
    }
}

#[tokio::test]
async fn a_registry_that_does_not_know_the_list_has_the_fallback_tag() {
    for fault in [bare(404), bare(405), bare(501), says(400, "UNSUPPORTED")] {
        let bench = Bench::new().await;
        let subject = digest(bench.image("app", "v1").digest());
        let on_list = Matcher::on(Operation::Referrers);
        bench.registry.faults().inject(on_list, fault.clone());
        let (wire, repository) = (bench.wire(), bench.repository("app"));
        let list = wire.referrers(&repository, &subject).await;
        assert!(list.unwrap().fallback, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mount_that_breaks_the_registry_is_an_upload() {
    for fault in [bare(500), bare(502), bare(503), bare(520), Fault::Reset] {
        let bench = Bench::new().await;
        let blob = bench.blob("from", b"bytes");
        let on_mount = Matcher::on(Operation::Mount);
        bench.registry.faults().inject(on_mount, fault.clone());
        let (to, from) = (bench.repository("to"), bench.repository("from"));
        let mount = bench.wire().mount_blob(&to, &blob.digest, &from).await;
        assert_eq!(mount.unwrap(), Mount::Refused(None), "{fault:?}");
        assert_eq!(bench.registry.log().count(Operation::Mount), 1);
        assert!(bench.time.pauses().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_mount_that_is_throttled_is_asked_again() {
    let bench = Bench::new().await;
    let blob = bench.blob("from", b"bytes");
    let on_mount = Matcher::on(Operation::Mount).times(1);
    bench
        .registry
        .faults()
        .inject(on_mount, Fault::too_many_requests(1));
    let (to, from) = (bench.repository("to"), bench.repository("from"));
    let mount = bench.wire().mount_blob(&to, &blob.digest, &from).await;
    assert_eq!(mount.unwrap(), Mount::Mounted);
}

fn redirect(status: u16, location: &str) -> Fault {
    Fault::Answer(Answer::status(status).header("location", location))
}

#[tokio::test]
async fn an_empty_write_is_redirected_within_its_host() {
    for status in [301, 302, 307, 308] {
        let bench = Bench::new().await;
        let (wire, repository) = (bench.wire(), bench.repository("app"));
        let to = "/v2/app/blobs/uploads/?moved=1";
        let once = Matcher::on(Operation::UploadStart).times(1);
        bench.registry.faults().inject(once, redirect(status, to));
        let session = wire.start_upload(&repository).await.unwrap();
        let log = bench.registry.log().entries();
        assert_eq!((log.len(), log[1].method.as_str()), (2, "POST"), "{status}");
        assert_eq!(log[1].query, "moved=1");
        let blob = promo_core::oci::Descriptor::of("x/y", b"bytes");
        let body = pieces(b"bytes", 2);
        wire.put_blob(&repository, &blob, session, body)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_manifest_goes_along_only_where_the_redirect_says_so() {
    for (status, followed) in [
        (301, false),
        (302, false),
        (303, false),
        (307, true),
        (308, true),
    ] {
        let bench = Bench::new().await;
        let image = bench.image("app", "v1");
        let (wire, repository) = (bench.wire(), bench.repository("app"));
        let manifest = wire
            .get_manifest(&repository, &tag("v1"))
            .await
            .unwrap()
            .unwrap();
        let to = "/v2/app/manifests/v3";
        let put = Matcher::on(Operation::ManifestPut).reference("v2");
        bench.registry.faults().inject(put, redirect(status, to));
        let put = wire.put_manifest(&repository, &tag("v2"), &manifest).await;
        assert_eq!(put.is_ok(), followed, "{status}: {put:?}");
        let kept = bench.registry.state().tag_digest("app", "v3");
        assert_eq!(kept.is_some(), followed, "{status}");
        assert!(kept.is_none_or(|kept| kept == image.digest()));
    }
}

#[tokio::test]
async fn a_host_that_an_upload_location_names_is_not_named_alone() {
    let bench = Bench::new().await;
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    let blob = promo_core::oci::Descriptor::of("x/y", b"bytes");
    // Nothing listens there.
    let session = UploadSession::new("http://127.0.0.1:1/upload");
    let body = pieces(b"bytes", 2);
    let failure = wire
        .put_blob(&repository, &blob, session, body)
        .await
        .unwrap_err();
    let message = failure.to_string();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    let host = bench.registry.host();
    for part in ["127.0.0.1:1", &format!("the upload location of {host} led")] {
        assert!(message.contains(part), "{message}");
    }
    assert!(failure.hints()[0].contains("behind a proxy"));
    let on_blob = Matcher::on(Operation::BlobGet);
    let fault = Fault::redirect("http://127.0.0.1:1/blob");
    bench.registry.faults().inject(on_blob, fault);
    let failure = wire.get_blob(&repository, &blob).await.err().unwrap();
    let message = failure.to_string();
    assert!(
        message.contains(&format!("the redirect of {host} led")),
        "{message}"
    );
}

#[tokio::test]
async fn a_body_that_is_no_list_is_no_empty_list() {
    let bench = Bench::new().await;
    let subject = digest(bench.image("app", "v1").digest());
    let (wire, repository) = (bench.wire(), bench.repository("app"));
    for body in ["[]", "{}", r#"{"errors":[{"code":"UNKNOWN"}]}"#, "null", ""] {
        bench.registry.faults().clear();
        let fault = Fault::Body(Bytes::from(body));
        bench.registry.faults().inject(Matcher::any(), fault);
        let failures = [
            wire.tags(&repository, None).await.unwrap_err(),
            wire.bulk_list(&repository).await.unwrap_err(),
            wire.catalog(&bench.host(), None).await.unwrap_err(),
            wire.referrers(&repository, &subject).await.unwrap_err(),
        ];
        for failure in failures {
            assert_eq!(failure.kind(), FailureKind::Malformed, "{body}: {failure}");
        }
    }
}
