//! One change each of what cosign keeps under `.sig` and `.att`: the payload, and the annotations beside it.

use std::collections::BTreeMap;

use promo_core::Code;
use promo_core::ports::CheckSubject;
use promo_sign::codes;
use serde_json::{Value, json};

use crate::mutations::statement;
use crate::recorded::{Recorded, TAG_THREE, TAG_TWO, demand_refused, flip, only, root, tag_layer};

/// A layer's annotations and its bytes, and what must come of a change of them.
type LayerChange = fn(&mut BTreeMap<String, String>, &mut String);

const SIGNED: &str = "dev.cosignproject.cosign/signature";
const BUNDLE: &str = "dev.sigstore.cosign/bundle";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";

fn kept(annotations: &mut BTreeMap<String, String>, change: fn(&mut Value)) {
    let text = annotations.get_mut(BUNDLE).unwrap();
    let mut kept: Value = serde_json::from_str(text).unwrap();
    change(&mut kept);
    *text = kept.to_string();
}

const CHANGES: [(&str, &str, LayerChange, CheckSubject, Code); 11] = [
    (
        "the signature",
        "sig",
        |annotations, _| {
            let mut value = Value::from(annotations[SIGNED].as_str());
            flip(&mut value);
            annotations.insert(SIGNED.to_owned(), value.as_str().unwrap().to_owned());
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    (
        "the payload",
        "sig",
        |_, text| *text = text.replace("team/tag-3", "team/evil"),
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    (
        "the payload's digest",
        "sig",
        |_, text| *text = text.replacen("sha256:", "sha512:", 1),
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    (
        "the certificate of another",
        "sig",
        |annotations, _| {
            // One that was valid already.
            let other = Recorded::new(TAG_TWO).layer("sig").0;
            annotations.insert(CERTIFICATE.to_owned(), other[CERTIFICATE].clone());
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
    (
        "no PEM",
        "sig",
        |annotations, _| drop(annotations.insert(CERTIFICATE.to_owned(), "x".to_owned())),
        CheckSubject::Form,
        codes::MALFORMED,
    ),
    (
        "the promise",
        "sig",
        |annotations, _| kept(annotations, |it| flip(&mut it["SignedEntryTimestamp"])),
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    (
        "the time of the promise",
        "att",
        |annotations, _| {
            kept(annotations, |it| {
                it["Payload"]["integratedTime"] = 1_796_000_000.into();
            });
        },
        CheckSubject::LogPromise,
        codes::LOG_PROMISE,
    ),
    (
        "an unknown log",
        "sig",
        |annotations, _| {
            kept(annotations, |it| {
                it["Payload"]["logID"] = "00".repeat(32).into();
            });
        },
        CheckSubject::LogPromise,
        codes::LOG_KEY,
    ),
    (
        "no entry, and so no time",
        "sig",
        |annotations, _| drop(annotations.remove(BUNDLE)),
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    (
        "the entry of an attestation",
        "sig",
        |annotations, _| {
            let other = Recorded::new(TAG_THREE).layer("att").0;
            annotations.insert(BUNDLE.to_owned(), other[BUNDLE].clone());
        },
        CheckSubject::LogContent,
        codes::LOG_CONTENT,
    ),
    (
        "the statement",
        "att",
        |_, text| {
            let mut envelope: Value = serde_json::from_str(text).unwrap();
            let mut bundle = json!({"dsseEnvelope": envelope});
            statement(&mut bundle, |it| it["predicate"] = json!({"changed": true}));
            envelope = bundle["dsseEnvelope"].take();
            *text = envelope.to_string();
        },
        CheckSubject::Signature,
        codes::SIGNATURE,
    ),
];

#[test]
fn each_change_of_a_layer_is_refused_with_its_reason() {
    for (name, form, change, check, code) in CHANGES {
        let recorded = Recorded::new(TAG_THREE);
        let (mut annotations, mut text) = recorded.layer(form);
        change(&mut annotations, &mut text);
        let layer = tag_layer(form, &annotations, &text);
        let facts = only(root().examine(&recorded.digest, &layer));
        demand_refused(name, &facts, check, code);
    }
}
