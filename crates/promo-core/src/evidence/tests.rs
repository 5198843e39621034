use bytes::Bytes;

use super::*;
use crate::codes;
use crate::oci::Descriptor;
use crate::ports::{
    CheckFailure, Evidence, EvidenceBlob, ExaminedEvidence, SignatureFacts, SignatureFormat,
    SignerClaim, SignerFacts, TagSuffix, Verification,
};
use crate::trust::{Decision, JudgedEvidence, Trust};

const IMAGE: &str = "registry.example/team/app:v1";
const SIGNER: &str = "somebody";
const SBOM: &str = "https://spdx.dev/Document";

fn signature(format: SignatureFormat) -> EvidenceKind {
    EvidenceKind::Signature { format }
}

fn attestation(predicate_type: &str) -> EvidenceKind {
    EvidenceKind::Attestation {
        predicate_type: predicate_type.to_owned(),
    }
}

fn accepted(kind: EvidenceKind, signer: &str) -> AcceptedEvidence {
    let bytes = Bytes::from_static(b"{}");
    let layer = EvidenceBlob {
        descriptor: Descriptor::of("application/octet-stream", &bytes),
        bytes,
    };
    AcceptedEvidence {
        evidence: Evidence::TagLayer {
            suffix: TagSuffix::Sig,
            layer,
        },
        kind,
        signer: signer.to_owned(),
        trusted_as: [SIGNER.parse().unwrap()].into(),
        time: None,
        proven_time: None,
        names: Vec::new(),
        signed_digest: Digest::sha256_of(signer.as_bytes()),
    }
}

fn refused(code: Code) -> RefusedEvidence {
    RefusedEvidence {
        kind: signature(SignatureFormat::Sig),
        code,
        message: "it fails".to_owned(),
    }
}

fn found(verification: Verification) -> FoundEvidence {
    FoundEvidence {
        image: IMAGE.parse().unwrap(),
        identity: Identity::new("registry.example/team/app".parse().unwrap()),
        digest: Digest::sha256_of(b"the image"),
        passed_over: Vec::new(),
        judged: judged(verification),
    }
}

/// What was judged, so that this comes of it.
fn judged(verification: Verification) -> Vec<JudgedEvidence> {
    let of = |kind, signer: Option<String>, decision| {
        let piece = accepted(kind, signer.as_deref().unwrap_or_default());
        let claim = signer.map(SignerClaim::Other);
        let facts = SignatureFacts {
            signed_digest: Some(piece.signed_digest),
            ..SignatureFacts::new(piece.kind, SignerFacts::Unproven { claim })
        };
        JudgedEvidence {
            examined: ExaminedEvidence {
                evidence: piece.evidence,
                signatures: vec![facts],
            },
            decisions: vec![decision],
        }
    };
    let accepted = verification.accepted.into_iter().map(|it| {
        let decision = Decision::Counts(it.trusted_as);
        of(it.kind, Some(it.signer), decision)
    });
    let unknown = verification.unknown.into_iter();
    let unknown = unknown.map(|it| of(it.kind, it.signer, Decision::Stranger));
    let refused = verification.refused.into_iter().map(|it| {
        let failure = CheckFailure {
            code: it.code,
            message: it.message,
        };
        of(it.kind, None, Decision::Refused(failure))
    });
    accepted.chain(unknown).chain(refused).collect()
}

fn judge(verification: Verification, attestations: &[&str]) -> VerifiedImage {
    let demand = Demand {
        identity: None,
        attestations: attestations.iter().map(|&name| name.to_owned()).collect(),
        explain: false,
    };
    VerifiedImage::judge(found(verification), &Trust::nobody(), &demand)
}

fn signed() -> Verification {
    Verification {
        accepted: vec![accepted(signature(SignatureFormat::Bundle), "key")],
        ..Verification::default()
    }
}

#[test]
fn one_accepted_signature_is_enough() {
    let image = judge(signed(), &[]);
    assert!(image.accepted, "{image:?}");
    assert!(image.missing.is_empty());
}

#[test]
fn nothing_found_is_nothing_proven() {
    let image = judge(Verification::default(), &[]);
    assert!(!image.accepted);
    assert_eq!(image.missing, ["a signature by an accepted signer"]);
}

/// An attestation proves something of the image, but not that it was signed.
#[test]
fn an_attestation_stands_for_no_signature() {
    let verification = Verification {
        accepted: vec![accepted(attestation(SBOM), "key")],
        ..Verification::default()
    };
    let image = judge(verification, &[SBOM]);
    assert!(!image.accepted);
    assert_eq!(image.missing, ["a signature by an accepted signer"]);
}

#[test]
fn each_attestation_that_is_demanded_has_to_be_there() {
    let mut verification = signed();
    let other = "https://slsa.dev/provenance/v1";
    verification
        .accepted
        .push(accepted(attestation(SBOM), "key"));
    assert!(judge(verification.clone(), &[SBOM]).accepted);
    let image = judge(verification, &[SBOM, other]);
    assert!(!image.accepted);
    assert_eq!(
        image.missing,
        [format!(
            "an attestation of type {other} by an accepted signer"
        )]
    );
}

/// Whoever may push puts evidence of strangers beside an image; that must not make it worse, nor better.
#[test]
fn strangers_neither_prove_nor_refuse() {
    let stranger = UnknownEvidence {
        kind: signature(SignatureFormat::Bundle),
        signer: Some("somebody".to_owned()),
    };
    let mut verification = signed();
    verification.unknown.push(stranger.clone());
    assert!(judge(verification, &[]).accepted);
    let alone = Verification {
        unknown: vec![stranger],
        ..Verification::default()
    };
    let image = judge(alone, &[]);
    assert!(!image.accepted);
    assert_eq!(image.unknown[0].signer.as_deref(), Some("somebody"));
}

#[test]
fn what_claims_an_accepted_key_and_fails_refuses_a_signed_image() {
    let mut verification = signed();
    verification.refused.push(refused(Code::new("TEST-BROKEN")));
    let image = judge(verification, &[]);
    assert!(!image.accepted);
    assert!(image.missing.is_empty());
    assert_eq!(image.refused[0].message, "it fails");
}

/// Evidence that was carried from staging speaks of the name there.
#[test]
fn good_evidence_about_another_name_is_told_and_refuses_nothing() {
    let mut verification = signed();
    verification.refused.push(refused(codes::OTHER_NAME));
    let image = judge(verification, &[]);
    assert!(image.accepted);
    assert_eq!(image.refused.len(), 1);
    let alone = Verification {
        refused: vec![refused(codes::OTHER_NAME)],
        ..Verification::default()
    };
    assert!(!judge(alone, &[]).accepted);
}

#[test]
fn the_document_lists_signatures_first_and_accepts_only_all_images() {
    let mut verification = signed();
    verification
        .accepted
        .insert(0, accepted(attestation(SBOM), "a"));
    verification
        .accepted
        .push(accepted(signature(SignatureFormat::Bundle), "a"));
    let mut found = found(verification);
    let beside = Digest::sha256_of(b"an SBOM");
    found.passed_over.push((beside, "no evidence".to_owned()));
    let good = VerifiedImage::judge(found, &Trust::nobody(), &Demand::default());
    let signers: Vec<&str> = good.evidence.iter().map(|it| it.signer.as_str()).collect();
    assert_eq!(signers, ["a", "key", "a"]);
    assert_eq!(good.evidence[2].kind, attestation(SBOM));
    assert_eq!(good.image, IMAGE);
    assert_eq!(good.passed_over[0].digest, beside);

    assert!(VerificationDocument::new(vec![good.clone()]).accepted);
    let bad = judge(Verification::default(), &[]);
    let document = VerificationDocument::new(vec![good, bad]);
    assert!(!document.accepted);
    let written = serde_json::to_value(&document).unwrap();
    assert_eq!(written["schema"], "promo.verification/v1");
    assert_eq!(written["images"][1]["accepted"], false);
    assert!(written["images"][1].get("passedOver").is_none());
}
