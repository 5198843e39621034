//! Facts made by hand, and what follows from them.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::decision::Question;
use super::names::NameQuestion;
use super::*;
use crate::Code;
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest};
use crate::ports::{
    AcceptedEvidence, CertificateFacts, Check, CheckSubject, Evidence, EvidenceBlob, LogEntry,
    ProvenTime, SignatureFacts, SignatureFormat, SignerClaim, SignerFacts, TagSuffix, Witness,
};

const BROKEN: Code = Code::new("TEST-BROKEN");
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

fn time(hour: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hour * 3600).unwrap()
}

fn key(name: &str) -> KeyFingerprint {
    KeyFingerprint::of_spki(name.as_bytes())
}

fn name(text: &str) -> SignerName {
    text.parse().unwrap()
}

fn signature() -> EvidenceKind {
    EvidenceKind::Signature {
        format: SignatureFormat::Bundle,
    }
}

fn by(signer: SignerFacts) -> SignatureFacts {
    SignatureFacts {
        checks: vec![Check::held(CheckSubject::Signature)],
        signed_digest: Some(Digest::sha256_of(b"signed")),
        ..SignatureFacts::new(signature(), signer)
    }
}

fn by_key(name: &str) -> SignatureFacts {
    by(SignerFacts::Key(key(name)))
}

fn proven_at(hour: i64, facts: SignatureFacts) -> SignatureFacts {
    SignatureFacts {
        proven_times: vec![ProvenTime {
            time: time(hour),
            witness: Witness::Authority("an authority".to_owned()),
        }],
        ..facts
    }
}

fn certificate(subject: &str) -> CertificateFacts {
    CertificateFacts {
        issuer: "https://issuer.example".to_owned(),
        subject: subject.to_owned(),
        claims: [(
            "source-repository-uri".to_owned(),
            "https://git.example/app".to_owned(),
        )]
        .into(),
        not_before: time(0),
        not_after: time(1),
    }
}

fn trust_in(validity: KeyValidity) -> Trust {
    let signer = TrustedSigner::Key {
        key: key("release"),
        validity,
    };
    Trust::nobody().with_signer(name("release"), signer)
}

fn keyless(subject: Pattern) -> Trust {
    let signer = TrustedSigner::Keyless(KeylessSigner {
        issuer: Pattern::exact("https://issuer.example"),
        subject,
        claims: BTreeMap::new(),
    });
    Trust::nobody().with_signer(name("ci"), signer)
}

/// At hour 100, about any name.
fn decide(trust: &Trust, facts: &SignatureFacts) -> Decision {
    let question = Question {
        names: None,
        now: time(100),
    };
    trust.decide(facts, question)
}

fn code(decision: &Decision) -> &'static str {
    match decision {
        Decision::Counts(_) => "counts",
        Decision::Stranger => "stranger",
        Decision::Refused(failure) => failure.code.as_str(),
    }
}

fn counts_as(decision: &Decision) -> Vec<&str> {
    match decision {
        Decision::Counts(names) => names.iter().map(SignerName::as_str).collect(),
        other => panic!("it doesn't count: {other:?}"),
    }
}

#[test]
fn who_is_trusted_counts_and_others_are_strangers() {
    let trust = trust_in(KeyValidity::default());
    assert_eq!(counts_as(&decide(&trust, &by_key("release"))), ["release"]);
    assert_eq!(decide(&trust, &by_key("another")), Decision::Stranger);
    assert_eq!(
        decide(&Trust::nobody(), &by_key("release")),
        Decision::Stranger
    );
    let nobody = by(SignerFacts::Unproven { claim: None });
    assert_eq!(decide(&trust, &nobody), Decision::Stranger);
}

/// Anybody can put broken evidence beside an image: only what claims somebody who is trusted refuses it.
#[test]
fn what_fails_is_refused_only_where_it_is_or_claims_a_trusted_signer() {
    let trust = trust_in(KeyValidity::default());
    let failed = Check::failed(CheckSubject::Digest, BROKEN, "it is about another digest");
    let fails = |signer| SignatureFacts {
        checks: vec![Check::held(CheckSubject::Signature), failed.clone()],
        ..by(signer)
    };
    let claims = |name| SignerFacts::Unproven {
        claim: Some(SignerClaim::Key(key(name))),
    };
    assert_eq!(
        code(&decide(&trust, &fails(SignerFacts::Key(key("release"))))),
        "TEST-BROKEN"
    );
    assert_eq!(
        code(&decide(&trust, &fails(claims("release")))),
        "TEST-BROKEN"
    );
    assert_eq!(code(&decide(&trust, &fails(claims("another")))), "stranger");
    // No check failed, and nothing is proven.
    assert_eq!(code(&decide(&trust, &by(claims("release")))), "PROMO-C087");
    let unsigned = SignatureFacts {
        signed_digest: None,
        ..by_key("release")
    };
    assert_eq!(code(&decide(&trust, &unsigned)), "PROMO-C087");
}

#[test]
fn a_key_counts_within_its_bounds_by_proven_time_else_by_now() {
    let bounds = |from, until| KeyValidity {
        from: Some(time(from)),
        until: Some(time(until)),
        revoked: None,
    };
    let cases = [
        (bounds(10, 200), None, "counts"),
        (bounds(10, 100), None, "PROMO-C081"),
        (bounds(101, 200), None, "PROMO-C080"),
        (bounds(10, 20), Some(19), "counts"),
        (bounds(10, 20), Some(20), "PROMO-C081"),
        (bounds(10, 20), Some(10), "counts"),
        (bounds(10, 20), Some(9), "PROMO-C080"),
    ];
    for (validity, proven, expected) in cases {
        let facts = by_key("release");
        let facts = match proven {
            Some(hour) => proven_at(hour, facts),
            None => facts,
        };
        let found = decide(&trust_in(validity), &facts);
        assert_eq!(code(&found), expected, "{validity:?} at {proven:?}");
    }
}

/// What the signer says of the time proves nothing: whoever has the old key may say anything.
#[test]
fn a_claimed_time_saves_no_key_that_has_ended() {
    let validity = KeyValidity {
        until: Some(time(20)),
        ..KeyValidity::default()
    };
    let facts = SignatureFacts {
        claimed_time: Some(time(10)),
        ..by_key("release")
    };
    assert_eq!(code(&decide(&trust_in(validity), &facts)), "PROMO-C081");
}

#[test]
fn a_revoked_key_counts_by_the_reason() {
    let revoked = |reason| KeyValidity {
        revoked: Some(Revocation {
            at: time(50),
            reason,
        }),
        ..KeyValidity::default()
    };
    let superseded = trust_in(revoked(RevocationReason::Superseded));
    let compromised = trust_in(revoked(RevocationReason::Compromised));
    let before = proven_at(49, by_key("release"));
    let after = proven_at(50, by_key("release"));
    let unknown = by_key("release");
    assert_eq!(code(&decide(&superseded, &before)), "counts");
    assert_eq!(code(&decide(&superseded, &after)), "PROMO-C082");
    assert_eq!(code(&decide(&superseded, &unknown)), "PROMO-C082");
    for facts in [before, after, unknown] {
        assert_eq!(code(&decide(&compromised, &facts)), "PROMO-C082");
    }
}

#[test]
fn evidence_from_the_future_is_refused() {
    let trust = trust_in(KeyValidity::default());
    let facts = proven_at(101, by_key("release"));
    assert_eq!(code(&decide(&trust, &facts)), "PROMO-C086");
}

#[test]
fn an_identity_is_matched_as_a_whole() {
    let workflow = "https://git.example/app/release.yml@refs/tags/v1";
    let facts = by(SignerFacts::Certificate(Box::new(certificate(workflow))));
    let expression = |text: &str| Pattern::expression(text).unwrap();
    let cases = [
        (Pattern::exact(workflow), true),
        (Pattern::exact("https://git.example/app"), false),
        (
            expression(r"https://git\.example/app/release\.yml@refs/tags/v.*"),
            true,
        ),
        (expression(r"https://git\.example/app"), false),
        (expression(r"evil|https://git\.example/app"), false),
        (expression(".*"), true),
        (expression(""), false),
    ];
    for (subject, expected) in cases {
        let shown = subject.to_string();
        let found = decide(&keyless(subject), &facts);
        assert_eq!(code(&found) == "counts", expected, "{shown}: {found:?}");
    }
    assert!(
        Pattern::expression("a)|(?:b").is_err(),
        "it would leave its anchors"
    );
    assert!(!Pattern::expression("a").unwrap().matches("a\n"));
    assert!(!Pattern::expression("(?m)a$").unwrap().matches("a\nb"));
}

#[test]
fn claims_of_a_certificate_have_to_be_there() {
    let facts = by(SignerFacts::Certificate(Box::new(certificate(
        "me@example.org",
    ))));
    let trust = |claim: &str, wanted: &str| {
        let signer = TrustedSigner::Keyless(KeylessSigner {
            issuer: Pattern::exact("https://issuer.example"),
            subject: Pattern::exact("me@example.org"),
            claims: [(claim.to_owned(), Pattern::exact(wanted))].into(),
        });
        Trust::nobody().with_signer(name("ci"), signer)
    };
    let found = |claim, wanted| code(&decide(&trust(claim, wanted), &facts));
    assert_eq!(
        found("source-repository-uri", "https://git.example/app"),
        "counts"
    );
    assert_eq!(
        found("source-repository-uri", "https://git.example/other"),
        "stranger"
    );
    assert_eq!(
        found("source-repository-ref", "refs/heads/main"),
        "stranger"
    );
}

#[test]
fn a_promise_of_a_log_is_no_proof() {
    let need = trust_in(KeyValidity::default()).with_signature(Need {
        log: true,
        log_proof: true,
        ..Need::default()
    });
    let entry = LogEntry {
        log: "c0ffee".to_owned(),
        index: 7,
    };
    let promised = SignatureFacts {
        logs: vec![entry],
        checks: vec![Check::held(CheckSubject::LogPromise)],
        ..by_key("release")
    };
    let mut proven = promised.clone();
    proven.checks.push(Check::held(CheckSubject::LogInclusion));
    let nowhere = SignatureFacts {
        logs: Vec::new(),
        ..proven.clone()
    };
    assert_eq!(code(&decide(&need, &promised)), "PROMO-C083");
    assert_eq!(code(&decide(&need, &nowhere)), "PROMO-C083");
    assert_eq!(code(&decide(&need, &proven)), "counts");
}

#[test]
fn each_piece_has_to_be_as_its_kind_needs() {
    let need = |log, timestamp, max_age| {
        trust_in(KeyValidity::default()).with_signature(Need {
            log,
            timestamp,
            max_age,
            ..Need::default()
        })
    };
    let plain = by_key("release");
    let logged = SignatureFacts {
        logs: vec![LogEntry {
            log: "c0ffee".to_owned(),
            index: 7,
        }],
        ..plain.clone()
    };
    let old = proven_at(10, plain.clone());
    let day = Some(SignedDuration::from_hours(24));
    assert_eq!(
        code(&decide(&need(true, false, None), &plain)),
        "PROMO-C083"
    );
    assert_eq!(code(&decide(&need(true, false, None), &logged)), "counts");
    assert_eq!(
        code(&decide(&need(false, true, None), &logged)),
        "PROMO-C084"
    );
    assert_eq!(code(&decide(&need(false, true, None), &old)), "counts");
    assert_eq!(
        code(&decide(&need(false, false, day), &plain)),
        "PROMO-C084"
    );
    assert_eq!(code(&decide(&need(false, false, day), &old)), "PROMO-C085");
    assert_eq!(
        code(&decide(&need(false, false, day), &proven_at(76, plain))),
        "counts"
    );
}

#[test]
fn who_is_trusted_with_one_kind_is_a_stranger_to_another() {
    let only = |signer: &str| Need {
        signers: Some([name(signer)].into()),
        ..Need::default()
    };
    let trust = trust_in(KeyValidity::default())
        .with_signature(only("release"))
        .with_attestation(PROVENANCE, only("ci"));
    let attested = |predicate_type: &str| SignatureFacts {
        kind: EvidenceKind::Attestation {
            predicate_type: predicate_type.to_owned(),
        },
        ..by_key("release")
    };
    assert_eq!(code(&decide(&trust, &by_key("release"))), "counts");
    assert_eq!(code(&decide(&trust, &attested(PROVENANCE))), "stranger");
    let other = "https://example.org/other";
    assert_eq!(code(&decide(&trust, &attested(other))), "counts");
}

#[test]
fn evidence_has_to_name_what_is_asked_about() {
    let digest = Digest::sha256_of(b"an image");
    let identity = Identity::new("registry.example/app".parse().unwrap());
    let trust = trust_in(KeyValidity::default());
    let decide = |names: &[&str], kind: EvidenceKind, may_be_unnamed| {
        let question = NameQuestion {
            digest: &digest,
            identity: &identity,
            may_be_unnamed,
        };
        let question = Question {
            names: Some(question),
            now: time(100),
        };
        let facts = SignatureFacts {
            kind,
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..by_key("release")
        };
        code(&trust.decide(&facts, question))
    };
    let sig = || EvidenceKind::Signature {
        format: SignatureFormat::Sig,
    };
    assert_eq!(decide(&["registry.example/app"], sig(), true), "counts");
    assert_eq!(decide(&["registry.example/app:v1"], sig(), true), "counts");
    let by_digest = format!("registry.example/app@{digest}");
    assert_eq!(decide(&[&by_digest], sig(), true), "counts");
    let other = format!("registry.example/app@{}", Digest::sha256_of(b"another"));
    assert_eq!(decide(&[&other], sig(), true), "PROMO-S013");
    assert_eq!(
        decide(&["registry.example/apps"], sig(), true),
        "PROMO-S013"
    );
    assert_eq!(
        decide(
            &["registry.example/x", "registry.example/app"],
            signature(),
            true
        ),
        "counts"
    );
    assert_eq!(decide(&[], sig(), true), "PROMO-S014");
    assert_eq!(decide(&[], signature(), true), "counts");
    assert_eq!(decide(&[], signature(), false), "PROMO-S014");
}

fn accepted(signer: &str, trusted_as: &[&str]) -> AcceptedEvidence {
    let bytes = Bytes::from_static(b"{}");
    AcceptedEvidence {
        evidence: Evidence::TagLayer {
            suffix: TagSuffix::Sig,
            layer: EvidenceBlob {
                descriptor: Descriptor::of("application/octet-stream", &bytes),
                bytes,
            },
        },
        kind: signature(),
        signer: signer.to_owned(),
        trusted_as: trusted_as.iter().map(|&text| name(text)).collect(),
        time: None,
        proven_time: None,
        names: Vec::new(),
        signed_digest: Digest::sha256_of(signer.as_bytes()),
    }
}

/// Two signatures of one hand are one signer's, and one hand under two names is one signer.
#[test]
fn so_many_signers_means_different_ones() {
    let two = Need {
        at_least: 2.try_into().unwrap(),
        ..Need::default()
    };
    let one = accepted("key-1", &["alice"]);
    let again = accepted("key-1", &["alice"]);
    let both_names = accepted("key-1", &["alice", "bob"]);
    let other = accepted("key-2", &["bob"]);
    let same_name = accepted("key-2", &["alice"]);
    assert_eq!(two.met([&one, &other]), Ok(()));
    assert!(two.met([&one, &again]).is_err());
    assert!(two.met([&both_names, &both_names]).is_err());
    assert!(two.met([&one, &same_name]).is_err());
    assert_eq!(two.met([&both_names, &other]), Ok(()));
    let shortfall = two.met([&one]).unwrap_err();
    assert_eq!(shortfall.found, [name("alice")].into());
    assert_eq!(
        shortfall.to_string(),
        "needed by 2 different signers, and by 1: alice"
    );
    assert!(Need::default().met([]).is_err());
}

#[test]
fn names_of_signers_are_plain() {
    for good in ["ci", "build-team", "2026.release_key", "a"] {
        assert_eq!(name(good).as_str(), good);
    }
    let long = "a".repeat(65);
    for bad in ["", "-a", "A", "a b", "ä", "a/b", long.as_str()] {
        assert!(bad.parse::<SignerName>().is_err(), "{bad}");
    }
}
