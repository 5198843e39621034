//! Other roots: another sigstore's authorities and logs, and windows that are over.

use promo_core::Code;
use promo_core::ports::CheckSubject;
use promo_sign::{TrustedRoot, codes};
use serde_json::{Value, json};

use crate::recorded::{
    ONE_ALONE, OTHER_ROOT, ROOT, Recorded, SIGNATURE, TWO, changed_root, demand_refused,
    of_other_root,
};

/// A window that ended before anything was recorded.
fn over() -> Value {
    json!({"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"})
}

/// What is changed of the root, and what must come of it for a bundle.
type Change = (
    &'static str,
    &'static str,
    fn(&mut Value),
    CheckSubject,
    Code,
);

const CHANGES: [Change; 10] = [
    (
        "another authority of certificates",
        TWO,
        |root| root["certificateAuthorities"] = of_other_root("certificateAuthorities"),
        CheckSubject::CertificateChain,
        codes::CERTIFICATE_CHAIN,
    ),
    (
        "an authority whose window is over",
        TWO,
        |root| root["certificateAuthorities"][0]["validFor"] = over(),
        CheckSubject::CertificateChain,
        codes::CERTIFICATE_CHAIN,
    ),
    (
        "another log of certificates",
        TWO,
        |root| root["ctlogs"] = of_other_root("ctlogs"),
        CheckSubject::CertificateTimestamp,
        codes::CERTIFICATE_TIMESTAMP,
    ),
    (
        "a log of certificates whose window is over",
        TWO,
        |root| root["ctlogs"][0]["publicKey"]["validFor"] = over(),
        CheckSubject::CertificateTimestamp,
        codes::CERTIFICATE_TIMESTAMP,
    ),
    (
        "other logs, for Rekor v1",
        ONE_ALONE,
        |root| root["tlogs"] = of_other_root("tlogs"),
        CheckSubject::LogPromise,
        codes::LOG_KEY,
    ),
    (
        "other logs, for Rekor v2",
        TWO,
        |root| root["tlogs"] = of_other_root("tlogs"),
        CheckSubject::LogInclusion,
        codes::LOG_KEY,
    ),
    (
        "logs whose windows are over, for Rekor v1",
        ONE_ALONE,
        |root| end_logs(root),
        CheckSubject::LogPromise,
        codes::LOG_KEY,
    ),
    (
        "logs whose windows are over, for Rekor v2",
        TWO,
        |root| end_logs(root),
        CheckSubject::LogInclusion,
        codes::LOG_KEY,
    ),
    (
        "another timestamp authority",
        TWO,
        |root| root["timestampAuthorities"] = of_other_root("timestampAuthorities"),
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
    (
        "a timestamp authority whose window is over",
        TWO,
        |root| root["timestampAuthorities"][0]["validFor"] = over(),
        CheckSubject::Timestamp,
        codes::TIMESTAMP,
    ),
];

fn end_logs(root: &mut Value) {
    for log in root["tlogs"].as_array_mut().unwrap() {
        log["publicKey"]["validFor"] = over();
    }
}

#[test]
fn another_root_refuses_with_the_reason() {
    for (name, of, change, check, code) in CHANGES {
        let recorded = Recorded::new(of);
        let facts = recorded.examine(&changed_root(change), &recorded.bundle(SIGNATURE));
        demand_refused(name, &facts, check, code);
    }
    let other = TrustedRoot::from_json(OTHER_ROOT.as_bytes()).unwrap();
    for text in [ONE_ALONE, TWO] {
        let recorded = Recorded::new(text);
        let facts = recorded.examine(&other, &recorded.bundle(SIGNATURE));
        assert!(facts.failure().is_some());
    }
}

#[test]
fn without_logs_of_certificates_none_is_demanded_or_said() {
    let root = changed_root(|root| root["ctlogs"] = json!([]));
    let recorded = Recorded::new(TWO);
    let facts = recorded.examine(&root, &recorded.bundle(SIGNATURE));
    assert_eq!(facts.failure(), None);
    let mut checks = facts.checks.iter();
    assert!(checks.all(|check| check.subject != CheckSubject::CertificateTimestamp));
}

#[test]
fn a_root_that_cannot_be_used_is_refused() {
    let changed = |change: fn(&mut Value)| {
        let mut root: Value = serde_json::from_str(ROOT).unwrap();
        change(&mut root);
        root.to_string()
    };
    let twice = ROOT.replacen('{', r#"{"tlogs":[],"#, 1);
    let roots = [
        String::new(),
        "{}".to_owned(),
        twice,
        " ".repeat(2 * 1024 * 1024),
        changed(|root| root["mediaType"] = "application/json".into()),
        changed(|root| root["tlogs"][1] = root["tlogs"][0].clone()),
        changed(|root| root["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA".into()),
        changed(|root| root["timestampAuthorities"][0]["certChain"]["certificates"] = json!([])),
        changed(|root| {
            root["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] =
                "AAAA".into();
        }),
        changed(|root| {
            root["ctlogs"][0]["publicKey"]["validFor"] =
                json!({"start": "2026-02-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"});
        }),
    ];
    for (index, root) in roots.iter().enumerate() {
        let error = TrustedRoot::from_json(root.as_bytes()).unwrap_err();
        assert_eq!(error.code(), codes::TRUSTED_ROOT, "root {index}: {error}");
    }
}
