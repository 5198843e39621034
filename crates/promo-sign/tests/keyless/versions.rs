//! The older versions of bundles, and what is too much of anything.

use promo_core::ports::CheckSubject;
use promo_sign::codes;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::recorded::{ONE, ONE_ALONE, Recorded, SIGNATURE, TWO, base64, demand_refused, root};

/// The same bundle in an older version, where the certificate is a chain of one.
fn older(bundle: &Value, version: &str) -> Value {
    let mut bundle = bundle.clone();
    bundle["mediaType"] =
        format!("application/vnd.dev.sigstore.bundle+json;version={version}").into();
    let material = bundle["verificationMaterial"].as_object_mut().unwrap();
    let certificate = material.remove("certificate").unwrap();
    let chain = json!({"certificates": [certificate]});
    material.insert("x509CertificateChain".to_owned(), chain);
    bundle
}

#[test]
fn older_versions_hold_if_they_have_what_they_demand() {
    for text in [ONE, ONE_ALONE] {
        let recorded = Recorded::new(text);
        for version in ["0.1", "0.2"] {
            let facts = recorded.examine(&root(), &older(&recorded.bundle(SIGNATURE), version));
            assert_eq!(facts.failure(), None, "{version}");
        }
    }
    let recorded = Recorded::new(ONE);
    let mut bundle = older(&recorded.bundle(SIGNATURE), "0.1");
    let entry = bundle["verificationMaterial"]["tlogEntries"][0].as_object_mut();
    entry.unwrap().remove("inclusionPromise");
    let facts = recorded.examine(&root(), &bundle);
    demand_refused(
        "0.1 without a promise",
        &facts,
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    );
    let mut bundle = older(&recorded.bundle(SIGNATURE), "0.2");
    let entry = bundle["verificationMaterial"]["tlogEntries"][0].as_object_mut();
    entry.unwrap().remove("inclusionProof");
    let facts = recorded.examine(&root(), &bundle);
    demand_refused(
        "0.2 without a proof",
        &facts,
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    );
    let mut bundle = older(&recorded.bundle(SIGNATURE), "0.2");
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json".into();
    let facts = recorded.examine(&root(), &bundle);
    demand_refused("0.3 with a chain", &facts, CheckSubject::Form, codes::FORM);
}

/// A bundle of [`TWO`] with something changed of what comes with the signature.
fn with_material(change: fn(&mut Value)) -> Value {
    let mut bundle = Recorded::new(TWO).bundle(SIGNATURE);
    change(&mut bundle["verificationMaterial"]);
    bundle
}

#[test]
fn more_than_is_read_is_refused_before_anything_is_verified() {
    let entries = with_material(|it| {
        it["tlogEntries"] = json!(vec![it["tlogEntries"][0].clone(); 17]);
    });
    let times = with_material(|it| {
        let times = &mut it["timestampVerificationData"]["rfc3161Timestamps"];
        *times = json!(vec![times[0].clone(); 17]);
    });
    let hashes = with_material(|it| {
        it["tlogEntries"][0]["inclusionProof"]["hashes"] = json!(vec![base64(&[0; 32]); 65]);
    });
    let head = with_material(|it| {
        let envelope = &mut it["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"];
        let text = envelope.as_str().unwrap();
        let line = format!("{}\n", "x".repeat(70_000));
        *envelope = text.replacen('\n', &line, 1).into();
    });
    let mut values = Recorded::new(TWO).bundle(SIGNATURE);
    let statement = format!(r#"{{"predicate":[{}1]}}"#, "1,".repeat(200_000));
    values["dsseEnvelope"]["payload"] = base64(statement.as_bytes());
    let recorded = Recorded::new(TWO);
    for (name, bundle) in [
        ("entries", entries),
        ("timestamps", times),
        ("hashes", hashes),
        ("the head of a log", head),
        ("values of a statement", values),
    ] {
        let facts = recorded.examine(&root(), &bundle);
        demand_refused(name, &facts, CheckSubject::Form, codes::MALFORMED);
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let recorded = Recorded::new(TWO);
    let mut version = recorded.bundle(SIGNATURE);
    version["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json".into();
    let facts = recorded.examine(&root(), &version);
    demand_refused("a version", &facts, CheckSubject::Form, codes::MALFORMED);
    let mut bytes = recorded.bundle(SIGNATURE);
    let content = bytes.as_object_mut().unwrap();
    content.remove("dsseEnvelope");
    content.insert("messageSignature".to_owned(), json!({"signature": "AA=="}));
    let facts = recorded.examine(&root(), &bytes);
    demand_refused(
        "a signature of bytes",
        &facts,
        CheckSubject::Form,
        codes::FORM,
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever byte is changed: what still holds is what was signed, by whom it was signed.
    #[test]
    fn no_byte_of_a_bundle_can_be_changed_for_another_meaning(
        of in prop::sample::select(vec![ONE, ONE_ALONE, TWO]),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let recorded = Recorded::new(of);
        let root = root();
        let whole = recorded.examine(&root, &recorded.bundle(SIGNATURE));
        let mut bytes = recorded.bundle(SIGNATURE).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        for facts in root.examine(&recorded.digest, &recorded.referrer(&bytes)) {
            if facts.failure().is_none() {
                prop_assert_eq!(&facts.signer, &whole.signer);
                prop_assert_eq!(&facts.kind, &whole.kind);
                prop_assert_eq!(&facts.signed_digest, &whole.signed_digest);
                prop_assert_eq!(&facts.names, &whole.names);
            }
        }
    }
}
