//! Redirects, upload locations, and what goes along with them.

use promo_core::ports::{FailureKind, Registry, UploadSession};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation};

use crate::support::{Bench, download, pieces, tag, upload};

#[tokio::test]
async fn a_redirect_is_followed_without_credentials() {
    let storage = Bench::new().await;
    let bench = Bench::auth(Auth::basic("ann", "secret")).await;
    let bytes = [9; 5000];
    let blob = bench.blob("app", &bytes);
    storage.blob("store", &bytes);
    let target = format!("{}/v2/store/blobs/{}", storage.registry.url(), blob.digest);
    let redirect = Matcher::on(Operation::BlobGet).after(1);
    bench
        .registry
        .faults()
        .inject(redirect, Fault::redirect(&target));
    let wire = bench.wire_as("ann", "secret");
    let found = download(&wire, &bench.repository("app"), &blob)
        .await
        .unwrap();
    assert_eq!(found, bytes);
    assert!(bench.registry.log().entries()[1].had_authorization());
    let elsewhere = storage.registry.log().entries();
    assert_eq!(elsewhere.len(), 1);
    assert!(!elsewhere[0].had_authorization());
}

#[tokio::test]
async fn credentials_do_not_come_back_from_elsewhere() {
    let other = Bench::new().await;
    let bench = Bench::auth(Auth::basic("ann", "secret")).await;
    bench.image("app", "v1");
    let wire = bench.wire_as("ann", "secret");
    let repository = bench.repository("app");
    wire.head_manifest(&repository, &tag("v1")).await.unwrap();
    bench.registry.log().clear();
    // There and back again, to a request of the other's choice.
    let there = format!("{}/v2/x/manifests/v1", other.registry.url());
    let back = format!("{}/v2/private/manifests/v1", bench.registry.url());
    let on_head = Matcher::on(Operation::ManifestHead).repository("app");
    bench
        .registry
        .faults()
        .inject(on_head, Fault::redirect(&there));
    other
        .registry
        .faults()
        .inject(Matcher::any(), Fault::redirect(&back));
    let failure = wire
        .head_manifest(&repository, &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unauthenticated);
    let private = bench
        .registry
        .log()
        .filter(|entry| entry.repository.as_deref() == Some("private"));
    assert!(!private.is_empty());
    assert!(private.iter().all(|entry| !entry.had_authorization()));
}

#[tokio::test]
async fn redirects_into_other_networks_are_refused() {
    let bench = Bench::new().await;
    let blob = bench.blob("app", b"bytes");
    for (target, code) in [
        ("http://169.254.169.254/latest/meta-data/", "PROMO-R017"),
        ("http://10.1.2.3/blob", "PROMO-R017"),
        ("http://[fd00::1]/blob", "PROMO-R017"),
        ("http://[::ffff:192.168.0.1]/blob", "PROMO-R017"),
        ("ftp://example.net/blob", "PROMO-R017"),
        ("http://ann:secret@example.net/blob", "PROMO-R017"),
        ("http://", "PROMO-R014"),
    ] {
        bench.registry.faults().clear();
        bench
            .registry
            .faults()
            .inject(Matcher::any(), Fault::redirect(target));
        let wire = bench.wire();
        let get = wire.get_blob(&bench.repository("app"), &blob).await;
        let Err(failure) = get else {
            panic!("{target} was followed");
        };
        assert_eq!(failure.code().as_str(), code, "{target}: {failure}");
        assert!(!failure.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn redirects_end() {
    let bench = Bench::new().await;
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::redirect("/v2/app/manifests/v1"));
    let wire = bench.wire();
    let failure = wire
        .get_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    assert!(failure.to_string().contains("too many redirects"));
    assert_eq!(bench.registry.log().len(), 6);
}

#[tokio::test]
async fn writes_are_not_redirected_to_other_hosts() {
    let (bench, other) = (Bench::new().await, Bench::new().await);
    let elsewhere = format!("{}/v2/app/blobs/uploads/", other.registry.url());
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::redirect(&elsewhere));
    let wire = bench.wire();
    let failure = wire
        .start_upload(&bench.repository("app"))
        .await
        .unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R017");
    assert_eq!(bench.registry.log().len(), 1);
    assert!(other.registry.log().is_empty());
}

#[tokio::test]
async fn an_upload_elsewhere_carries_no_credentials() {
    let storage = Bench::new().await;
    let bench = Bench::auth(Auth::basic("ann", "secret")).await;
    let open = storage
        .wire()
        .start_upload(&storage.repository("store"))
        .await
        .unwrap();
    let fault = Fault::header("location", open.location());
    bench
        .registry
        .faults()
        .inject(Matcher::on(Operation::UploadStart), fault);
    let wire = bench.wire_as("ann", "secret");
    upload(&wire, &bench.repository("app"), b"bytes")
        .await
        .unwrap();
    let put = &storage.registry.log().of(Operation::BlobPut)[0];
    assert!(!put.had_authorization());
    assert!(put.query.contains("digest=sha256:"), "{}", put.query);
}

#[tokio::test]
async fn upload_locations_keep_to_the_rules() {
    let bench = Bench::new().await;
    let repository = bench.repository("app");
    for location in [
        "http://10.0.0.1/upload",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ] {
        bench.registry.faults().clear();
        let fault = Fault::header("location", location);
        bench.registry.faults().inject(Matcher::any(), fault);
        let wire = bench.wire();
        let failure = wire.start_upload(&repository).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R017", "{location}");
        // Nor is a session taken that somebody else made.
        let blob = promo_core::oci::Descriptor::of("x/y", b"bytes");
        let session = UploadSession::new(location);
        let put = wire
            .put_blob(&repository, &blob, session, pieces(b"bytes", 5))
            .await;
        assert_eq!(put.unwrap_err().code().as_str(), "PROMO-R017");
    }
    bench.registry.faults().clear();
    let without = Fault::RemoveHeader("location".to_owned());
    bench.registry.faults().inject(Matcher::any(), without);
    let failure = bench.wire().start_upload(&repository).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Malformed);
}
