//! One change each, by what it attacks: the signature and what is signed, the log's entry, promise, proof, head and key, and
//! the timestamp.

use promo_core::Code;
use promo_core::oci::Digest;
use promo_core::ports::CheckSubject;
use promo_sign::codes;
use serde_json::{Value, json};

use crate::recorded::{
    CONTROL, ONE, ONE_ALONE, Recorded, SIGNATURE, TAG_THREE, TWO, base64, base64_of,
    demand_refused, flip, only, root, tag_layer,
};

/// A change of a recorded bundle, and what must come of it.
struct Mutation {
    name: &'static str,
    of: &'static str,
    change: fn(&mut Value, &Value),
    check: CheckSubject,
    code: Code,
}

const fn mutation(
    name: &'static str,
    of: &'static str,
    change: fn(&mut Value, &Value),
    check: CheckSubject,
    code: Code,
) -> Mutation {
    Mutation {
        name,
        of,
        change,
        check,
        code,
    }
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn proof(bundle: &mut Value) -> &mut Value {
    &mut entry(bundle)["inclusionProof"]
}

pub(crate) fn statement(bundle: &mut Value, change: impl FnOnce(&mut Value)) {
    let payload = &mut bundle["dsseEnvelope"]["payload"];
    let mut statement: Value = serde_json::from_slice(&base64_of(payload)).unwrap();
    change(&mut statement);
    *payload = base64(statement.to_string().as_bytes());
}

/// Replaces text in the head of the log.
fn head(bundle: &mut Value, change: impl FnOnce(String) -> String) {
    let envelope = &mut proof(bundle)["checkpoint"]["envelope"];
    *envelope = change(envelope.as_str().unwrap().to_owned()).into();
}

/// The signature under the head, changed in its last bytes.
fn forged(text: &str) -> String {
    let (body, signature) = text.trim_end().rsplit_once(' ').unwrap();
    let mut signature = Value::from(signature);
    flip(&mut signature);
    format!("{body} {}\n", signature.as_str().unwrap())
}

/// The second value is another bundle by the same stack, about the same image.
const MUTATIONS: [Mutation; 35] = [
    mutation(
        "the signature",
        ONE_ALONE,
        |bundle, _| flip(&mut bundle["dsseEnvelope"]["signatures"][0]["sig"]),
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the signature of another statement",
        ONE_ALONE,
        |bundle, other| {
            bundle["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"].clone();
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the certificate of another signature",
        ONE_ALONE,
        |bundle, _| {
            // One that was valid already.
            let earlier = Recorded::new(ONE).bundle(SIGNATURE);
            bundle["verificationMaterial"]["certificate"] =
                earlier["verificationMaterial"]["certificate"].clone();
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "a signature that a timestamp is about",
        TWO,
        |bundle, _| flip(&mut bundle["dsseEnvelope"]["signatures"][0]["sig"]),
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    mutation(
        "the payload: another name",
        ONE_ALONE,
        |bundle, _| statement(bundle, |it| it["subject"][0]["name"] = "evil".into()),
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the payload: the whole statement of another",
        ONE_ALONE,
        |bundle, other| {
            bundle["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"].clone();
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the payload: the type of the predicate",
        ONE_ALONE,
        |bundle, _| statement(bundle, |it| it["predicateType"] = CONTROL.into()),
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the payload: the version of the statement",
        ONE_ALONE,
        |bundle, _| {
            statement(bundle, |it| {
                it["_type"] = "https://in-toto.io/Statement/v2".into();
            });
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    mutation(
        "the payload: no statement",
        ONE_ALONE,
        |bundle, _| bundle["dsseEnvelope"]["payload"] = base64(b"[]"),
        CheckSubject::Statement,
        codes::MALFORMED,
    ),
    mutation(
        "the payload: a key twice",
        ONE_ALONE,
        |bundle, _| {
            let payload = base64_of(&bundle["dsseEnvelope"]["payload"]);
            let payload = String::from_utf8(payload).unwrap();
            let twice = payload.replacen('{', r#"{"predicateType":"https://example.org/p/v1","#, 1);
            bundle["dsseEnvelope"]["payload"] = base64(twice.as_bytes());
        },
        CheckSubject::Form,
        codes::MALFORMED,
    ),
    mutation(
        "the type of the payload",
        ONE_ALONE,
        |bundle, _| bundle["dsseEnvelope"]["payloadType"] = "application/json".into(),
        CheckSubject::Statement,
        codes::STATEMENT,
    ),
    mutation(
        "a second signature in the envelope",
        ONE_ALONE,
        |bundle, other| {
            let signature = other["dsseEnvelope"]["signatures"][0].clone();
            let signatures = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
            signatures.push(signature);
        },
        CheckSubject::Form,
        codes::MALFORMED,
    ),
    mutation(
        "the promise",
        ONE_ALONE,
        |bundle, _| flip(&mut entry(bundle)["inclusionPromise"]["signedEntryTimestamp"]),
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    mutation(
        "the promise of another entry",
        ONE_ALONE,
        |bundle, other| {
            let mut other = other.clone();
            entry(bundle)["inclusionPromise"] = entry(&mut other)["inclusionPromise"].clone();
        },
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    mutation(
        "the time that a promise is about, although there is a timestamp",
        ONE,
        |bundle, _| {
            let time = &mut entry(bundle)["integratedTime"];
            let later: i64 = time.as_str().unwrap().parse::<i64>().unwrap() + 1;
            *time = later.to_string().into();
        },
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    mutation(
        "the index that a promise is about",
        ONE_ALONE,
        |bundle, _| entry(bundle)["logIndex"] = "7".into(),
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    mutation(
        "no promise, and no other time",
        ONE_ALONE,
        |bundle, _| {
            drop(
                entry(bundle)
                    .as_object_mut()
                    .unwrap()
                    .remove("inclusionPromise"),
            );
        },
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    mutation(
        "no proof",
        ONE_ALONE,
        |bundle, _| {
            drop(
                entry(bundle)
                    .as_object_mut()
                    .unwrap()
                    .remove("inclusionProof"),
            );
        },
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "neither proof nor promise",
        ONE,
        |bundle, _| {
            let entry = entry(bundle).as_object_mut().unwrap();
            entry.remove("inclusionProof");
            entry.remove("inclusionPromise");
        },
        CheckSubject::Form,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "a hash of the proof, in Rekor v1",
        ONE_ALONE,
        |bundle, _| flip(&mut proof(bundle)["hashes"][0]),
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "a proof with fewer hashes",
        ONE_ALONE,
        |bundle, _| proof(bundle)["hashes"] = json!([]),
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "the index in the tree of Rekor v2",
        TWO,
        |bundle, _| {
            entry(bundle)["logIndex"] = if entry(bundle)["logIndex"] == "1" {
                "0"
            } else {
                "1"
            }
            .into();
        },
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "an index beyond the tree",
        TWO,
        |bundle, _| entry(bundle)["logIndex"] = "999".into(),
        CheckSubject::LogInclusion,
        codes::LOG_INCLUSION,
    ),
    mutation(
        "the root of the proof",
        ONE_ALONE,
        |bundle, _| flip(&mut proof(bundle)["rootHash"]),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    mutation(
        "the signature of the head of Rekor v1",
        ONE_ALONE,
        |bundle, _| head(bundle, |text| forged(&text)),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    mutation(
        "the signature of the head of Rekor v2",
        TWO,
        |bundle, _| head(bundle, |text| forged(&text)),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    mutation(
        "the origin in the head",
        TWO,
        |bundle, _| head(bundle, |text| text.replacen("127.0.0.1", "127.0.0.2", 1)),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    mutation(
        "no head",
        ONE_ALONE,
        |bundle, _| drop(proof(bundle).as_object_mut().unwrap().remove("checkpoint")),
        CheckSubject::LogInclusion,
        codes::LOG_HEAD,
    ),
    mutation(
        "the id of another log that is known",
        TWO,
        |bundle, _| {
            let mut other = Recorded::new(ONE).bundle(SIGNATURE);
            entry(bundle)["logId"] = entry(&mut other)["logId"].clone();
        },
        CheckSubject::LogInclusion,
        codes::LOG_KEY,
    ),
    mutation(
        "the id of no log",
        ONE_ALONE,
        |bundle, _| flip(&mut entry(bundle)["logId"]["keyId"]),
        CheckSubject::LogPromise,
        codes::LOG_KEY,
    ),
    mutation(
        "the entry of another signature, in Rekor v1",
        ONE_ALONE,
        |bundle, other| *entry(bundle) = entry(&mut other.clone()).clone(),
        CheckSubject::LogContent,
        codes::LOG_CONTENT,
    ),
    mutation(
        "the entry of another signature, in Rekor v2",
        TWO,
        |bundle, other| *entry(bundle) = entry(&mut other.clone()).clone(),
        CheckSubject::LogContent,
        codes::LOG_CONTENT,
    ),
    mutation(
        "the entry of another signature beside the right one",
        ONE_ALONE,
        |bundle, other| {
            let other = entry(&mut other.clone()).clone();
            let entries = bundle["verificationMaterial"]["tlogEntries"].as_array_mut();
            entries.unwrap().push(other);
        },
        CheckSubject::LogContent,
        codes::LOG_CONTENT,
    ),
    mutation(
        "the timestamp of another signature",
        TWO,
        |bundle, other| {
            bundle["verificationMaterial"]["timestampVerificationData"] =
                other["verificationMaterial"]["timestampVerificationData"].clone();
        },
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    mutation(
        "no timestamp in Rekor v2",
        TWO,
        |bundle, _| bundle["verificationMaterial"]["timestampVerificationData"] = json!({}),
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
];

#[test]
fn each_change_of_a_bundle_is_refused_with_its_reason() {
    for mutation in &MUTATIONS {
        let recorded = Recorded::new(mutation.of);
        let mut bundle = recorded.bundle(SIGNATURE);
        let whole = bundle.clone();
        (mutation.change)(&mut bundle, &recorded.bundle(CONTROL));
        assert_ne!(bundle, whole, "{}", mutation.name);
        let facts = recorded.examine(&root(), &bundle);
        demand_refused(mutation.name, &facts, mutation.check, mutation.code);
    }
}

#[test]
fn evidence_about_another_image_is_refused() {
    let recorded = Recorded::new(TWO);
    let mut other = recorded.clone();
    other.digest = Digest::sha256_of(b"another image");
    // In a manifest about the other image, so that only what is signed tells.
    let facts = other.examine(&root(), &recorded.bundle(SIGNATURE));
    demand_refused("another image", &facts, CheckSubject::Digest, codes::DIGEST);
    // In a manifest that says that it is about the other image.
    let evidence = other.referrer(recorded.bundle(SIGNATURE).to_string().as_bytes());
    let facts = only(root().examine(&recorded.digest, &evidence));
    demand_refused(
        "another subject",
        &facts,
        CheckSubject::Digest,
        codes::DIGEST,
    );
    for form in ["sig", "att"] {
        let (annotations, text) = Recorded::new(TAG_THREE).layer(form);
        let layer = tag_layer(form, &annotations, &text);
        let facts = only(root().examine(&other.digest, &layer));
        demand_refused(form, &facts, CheckSubject::Digest, codes::DIGEST);
    }
}

#[test]
fn what_is_left_out_is_not_said_to_be_there() {
    let recorded = Recorded::new(ONE);
    let mut bundle = recorded.bundle(SIGNATURE);
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    let facts = recorded.examine(&root(), &bundle);
    assert_eq!(facts.failure(), None);
    assert_eq!(facts.logs, []);
    assert_eq!(facts.proven_times.len(), 1);
    for absent in [
        CheckSubject::LogPromise,
        CheckSubject::LogInclusion,
        CheckSubject::LogContent,
    ] {
        assert!(facts.checks.iter().all(|check| check.subject != absent));
    }
    let mut bundle = Recorded::new(ONE).bundle(SIGNATURE);
    let twice = entry(&mut bundle).clone();
    let entries = bundle["verificationMaterial"]["tlogEntries"].as_array_mut();
    entries.unwrap().push(twice);
    let facts = recorded.examine(&root(), &bundle);
    assert_eq!(
        (facts.failure(), facts.logs.len()),
        (None, 1),
        "a log counts once"
    );
}
