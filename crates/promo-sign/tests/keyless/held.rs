//! What holds, and what it proves.

use promo_core::ports::{
    CheckSubject, EvidenceKind, SignatureFacts, SignatureFormat, SignerFacts, Witness,
};

use crate::recorded::{
    CONTROL, ONE, ONE_ALONE, Recorded, SIGNATURE, TAG_THREE, TAG_TWO, TWO, only, root, tag_layer,
};

#[track_caller]
fn demand_held(recorded: &Recorded, facts: &SignatureFacts) {
    assert_eq!(facts.failure(), None);
    let SignerFacts::Certificate(certificate) = &facts.signer else {
        panic!("{:?}", facts.signer);
    };
    assert_eq!(certificate.issuer, recorded.issuer);
    assert_eq!(certificate.subject, recorded.subject);
    for always in [
        CheckSubject::Form,
        CheckSubject::Signature,
        CheckSubject::CertificateChain,
        CheckSubject::CertificateValidity,
        CheckSubject::CertificateTimestamp,
        CheckSubject::LogContent,
        CheckSubject::Statement,
        CheckSubject::Digest,
    ] {
        assert!(is_checked(facts, always), "{always:?}");
    }
    for proven in &facts.proven_times {
        assert!(proven.time >= certificate.not_before && proven.time <= certificate.not_after);
    }
    assert!(facts.signed_digest.is_some());
    let subjects: Vec<_> = facts.checks.iter().map(|check| check.subject).collect();
    assert!(subjects.is_sorted(), "{subjects:?}");
}

fn is_checked(facts: &SignatureFacts, subject: CheckSubject) -> bool {
    facts.checks.iter().any(|check| check.subject == subject)
}

fn witnesses(facts: &SignatureFacts) -> (usize, usize) {
    let is_log = |witness: &Witness| matches!(witness, Witness::Log(_));
    let logs = facts.proven_times.iter();
    let logs = logs.filter(|proven| is_log(&proven.witness)).count();
    (logs, facts.proven_times.len() - logs)
}

/// The recording, what proves its times (logs and authorities), and whether a promise and a proof are in it.
const BUNDLES: [(&str, (usize, usize), bool); 3] = [
    (ONE, (1, 1), true),
    (ONE_ALONE, (1, 0), true),
    (TWO, (0, 1), false),
];

#[test]
fn bundles_in_both_logs_hold_with_and_without_a_timestamp() {
    for (text, times, is_promised) in BUNDLES {
        let recorded = Recorded::new(text);
        for predicate_type in [SIGNATURE, CONTROL] {
            let facts = recorded.examine(&root(), &recorded.bundle(predicate_type));
            demand_held(&recorded, &facts);
            assert_eq!(witnesses(&facts), times);
            assert_eq!(facts.logs.len(), 1);
            assert!(is_checked(&facts, CheckSubject::LogInclusion));
            assert_eq!(is_checked(&facts, CheckSubject::LogPromise), is_promised);
            assert_eq!(is_checked(&facts, CheckSubject::Timestamp), times.1 == 1);
            // An attestation is never taken for a signature.
            let kind = match predicate_type {
                SIGNATURE => EvidenceKind::Signature {
                    format: SignatureFormat::Bundle,
                },
                other => EvidenceKind::Attestation {
                    predicate_type: other.to_owned(),
                },
            };
            assert_eq!(facts.kind, kind);
        }
    }
}

#[test]
fn layers_under_tags_hold() {
    for text in [TAG_TWO, TAG_THREE] {
        let recorded = Recorded::new(text);
        for form in ["sig", "att"] {
            let (annotations, bytes) = recorded.layer(form);
            let layer = tag_layer(form, &annotations, &bytes);
            let facts = only(root().examine(&recorded.digest, &layer));
            demand_held(&recorded, &facts);
            assert_eq!(witnesses(&facts), (1, 0));
            assert!(is_checked(&facts, CheckSubject::LogPromise));
            // cosign keeps no proof there.
            assert!(!is_checked(&facts, CheckSubject::LogInclusion));
            let kind = match form {
                "sig" => EvidenceKind::Signature {
                    format: SignatureFormat::Sig,
                },
                _ => EvidenceKind::Attestation {
                    predicate_type: CONTROL.to_owned(),
                },
            };
            assert_eq!(facts.kind, kind);
            assert_eq!(facts.names.len(), 1);
        }
    }
}

#[test]
fn what_fulcio_certified_of_a_workflow_is_told() {
    let recorded = Recorded::new(TWO);
    let facts = recorded.examine(&root(), &recorded.bundle(SIGNATURE));
    let SignerFacts::Certificate(certificate) = &facts.signer else {
        panic!("{:?}", facts.signer);
    };
    let claim = |name: &str| certificate.claims.get(name).map(String::as_str);
    for (name, value) in [
        ("build-trigger", "push"),
        ("deployment-environment", "production"),
        ("github-workflow-name", "Release"),
        ("github-workflow-repository", "example/app"),
        ("runner-environment", "github-hosted"),
        ("source-repository-ref", "refs/heads/main"),
        ("source-repository-uri", "https://github.com/example/app"),
        (
            "source-repository-digest",
            "1f2e3d4c5b6a79880f1e2d3c4b5a69788796a5b4",
        ),
    ] {
        assert_eq!(claim(name), Some(value), "{name}");
    }
    let person = Recorded::new(ONE);
    let facts = person.examine(&root(), &person.bundle(SIGNATURE));
    let SignerFacts::Certificate(certificate) = &facts.signer else {
        panic!("{:?}", facts.signer);
    };
    assert_eq!(certificate.claims.get("source-repository-uri"), None);
}

#[test]
fn what_has_no_certificate_is_none_of_ours() {
    let recorded = Recorded::new(ONE);
    let mut bundle = recorded.bundle(SIGNATURE);
    let material = bundle["verificationMaterial"].as_object_mut().unwrap();
    material.remove("certificate");
    material.insert("publicKey".to_owned(), serde_json::json!({"hint": "x"}));
    let evidence = recorded.referrer(bundle.to_string().as_bytes());
    assert_eq!(root().examine(&recorded.digest, &evidence), []);
    let (mut annotations, bytes) = Recorded::new(TAG_TWO).layer("sig");
    annotations.remove("dev.sigstore.cosign/certificate");
    let layer = tag_layer("sig", &annotations, &bytes);
    assert_eq!(root().examine(&recorded.digest, &layer), []);
    let evidence = recorded.referrer(b"no bundle");
    assert_eq!(root().examine(&recorded.digest, &evidence), []);
}
