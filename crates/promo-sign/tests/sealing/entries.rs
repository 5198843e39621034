//! What logs answer: an entry that is there already is read, what is no entry seals nothing.

use bytes::Bytes;
use promo_core::ports::{Failure, Sealer, ServiceMethod};
use promo_sign::codes;
use serde_json::{Value, json};

use crate::services::{Bench, Told};

const STATEMENT: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1"}"#;
/// The name of an entry: of a tree, and of what is in it.
const NAME: &str =
    "108e9186e8c5677a0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An entry as a log of the first generation answers it.
fn entry() -> Value {
    json!({NAME: {
        "body": "e30=",
        "integratedTime": 1_796_126_400,
        "logID": "00".repeat(32),
        "logIndex": 7,
        "verification": {"signedEntryTimestamp": "c2lnbmVk"},
    }})
}

async fn sealed(bench: &Bench, told: impl IntoIterator<Item = Told>) -> Result<Value, Failure> {
    bench.others(told);
    let bundle = bench.sealer.bundle(Bytes::from_static(STATEMENT)).await?;
    Ok(serde_json::from_slice(&bundle).unwrap())
}

fn code(failure: &Failure) -> &'static str {
    failure.code().as_str()
}

#[tokio::test]
async fn a_bundle_has_what_the_log_answered() {
    let bench = Bench::new(1);
    let bundle = sealed(&bench, [(201, None, entry())]).await.unwrap();
    let material = &bundle["verificationMaterial"];
    assert!(material["certificate"]["rawBytes"].is_string(), "{bundle}");
    let entries = material["tlogEntries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["logIndex"], "7");
    assert_eq!(entries[0]["kindVersion"]["kind"], "dsse");
}

#[tokio::test]
async fn an_entry_that_is_there_already_is_read_and_not_made_again() {
    let bench = Bench::new(1);
    let there = "/api/v1/log/entries/108e9186e8c5677a0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let told = [(409, Some(there), json!({})), (200, None, entry())];
    sealed(&bench, told).await.unwrap();
    let asked = bench.services.asked.lock().unwrap();
    let (method, url, body) = asked.last().unwrap();
    assert_eq!(*method, ServiceMethod::Get);
    assert_eq!(
        *url,
        format!("https://log.example/api/v1/log/entries/{NAME}")
    );
    assert_eq!(body, "");
}

/// A log that points elsewhere isn't followed there.
#[tokio::test]
async fn where_a_log_points_to_is_a_name_and_nothing_else() {
    for there in [
        None,
        Some("https://elsewhere.example/entries/"),
        Some("/api/v1/log/entries/..%2f..%2fetc"),
        Some("/api/v1/log/entries/0?x=y"),
    ] {
        let bench = Bench::new(1);
        let failure = sealed(&bench, [(409, there, json!({}))]).await.unwrap_err();
        assert_eq!(code(&failure), codes::SERVICE_REFUSED.as_str());
        assert_eq!(bench.services.urls().len(), 2, "{there:?}");
    }
    let bench = Bench::new(1);
    let elsewhere = Some("https://elsewhere.example/entries/abc");
    let told = [(409, elsewhere, json!({})), (200, None, entry())];
    sealed(&bench, told).await.unwrap();
    let urls = bench.services.urls();
    assert_eq!(urls[2], "https://log.example/api/v1/log/entries/abc");
}

#[tokio::test]
async fn what_is_no_entry_seals_nothing() {
    let mut two = entry();
    two["other"] = two[NAME].clone();
    let mut head = entry();
    head[NAME]["verification"]["inclusionProof"] = json!({
        "checkpoint": "no head", "hashes": [], "logIndex": 0, "rootHash": "00".repeat(32), "treeSize": 1,
    });
    for (answer, expected) in [
        (
            (400, None, json!({"code": 400, "message": "no"})),
            codes::SERVICE_REFUSED,
        ),
        ((200, None, json!({})), codes::SERVICE_ANSWER),
        ((200, None, json!([])), codes::SERVICE_ANSWER),
        ((200, None, two), codes::SERVICE_ANSWER),
        ((200, None, head), codes::SERVICE_ANSWER),
    ] {
        let failure = sealed(&Bench::new(1), [answer]).await.unwrap_err();
        assert_eq!(code(&failure), expected.as_str(), "{failure}");
    }
    let told = [
        (200, None, json!({"logIndex": "x"})),
        (201, None, json!("time")),
    ];
    let failure = sealed(&Bench::new(2), told).await.unwrap_err();
    assert_eq!(code(&failure), codes::SERVICE_ANSWER.as_str());
}

#[tokio::test]
async fn layers_are_not_begun_where_they_have_no_room() {
    let bench = Bench::new(2);
    let payload = Bytes::from_static(b"{}");
    let failure = bench.sealer.signature_layer(payload).await.unwrap_err();
    assert_eq!(code(&failure), codes::LAYER_NEEDS_PROMISE.as_str());
    assert_eq!(bench.services.urls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_layer_has_what_vouches_for_it_in_annotations() {
    let bench = Bench::new(1);
    bench.others([(201, None, entry())]);
    let layer = bench
        .sealer
        .signature_layer(Bytes::from_static(b"{}"))
        .await
        .unwrap();
    let annotation = |name: &str| layer.descriptor.annotations[name].clone();
    let kept: Value = serde_json::from_str(&annotation("dev.sigstore.cosign/bundle")).unwrap();
    assert_eq!(kept["Payload"]["integratedTime"], 1_796_126_400);
    assert_eq!(kept["Payload"]["logIndex"], 7);
    assert_eq!(kept["Payload"]["logID"], "00".repeat(32));
    assert_eq!(kept["SignedEntryTimestamp"], "c2lnbmVk");
    for name in [
        "dev.sigstore.cosign/certificate",
        "dev.sigstore.cosign/chain",
    ] {
        let pem = annotation(name);
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
        assert!(!pem.contains('\r'), "{pem}");
    }
    assert!(
        !layer
            .descriptor
            .annotations
            .contains_key("dev.sigstore.cosign/rfc3161timestamp")
    );
}
