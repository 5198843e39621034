//! Whether an image is accepted: what its registry holds about it and a verifier made of that, held against what is
//! demanded.
//!
//! A pure function; a refusal that says nothing against the image is told apart here.

use super::{Accepted, PassedOver, Refusal, Stranger, VerifiedImage};
use crate::codes;
use crate::identity::Identity;
use crate::oci::{Digest, ImageReference};
use crate::ports::{EvidenceKind, EvidenceSet, RefusedEvidence, Verification};

/// What is demanded.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// The name that signatures must speak of; without it that of the rules.
    pub identity: Option<Identity>,
    /// Predicate types of attestations that must be there.
    pub attestations: Vec<String>,
}

/// What a registry holds about an image, and what a verifier made of it.
#[derive(Debug, Clone)]
pub struct FoundEvidence {
    /// The image as it was named.
    pub image: ImageReference,
    /// The public name that the verifier was asked about.
    pub identity: Identity,
    /// The digest that the evidence speaks of.
    pub digest: Digest,
    /// What was read.
    pub evidence: EvidenceSet,
    /// The verifier's answer about it.
    pub verification: Verification,
}

impl VerifiedImage {
    /// Judges what was found about an image. It is accepted if all that is demanded is there, and nothing by an accepted key
    /// is wrong.
    pub fn judge(found: FoundEvidence, demand: &Demand) -> Self {
        let FoundEvidence {
            image,
            identity,
            digest,
            evidence,
            verification,
        } = found;
        let missing = missing(&verification, demand);
        // Signatures before attestations, whatever their digests.
        let accepted = verification.accepted.into_iter().map(Accepted::from);
        let mut accepted: Vec<Accepted> = accepted.collect();
        accepted.sort_by(|a, b| (&a.kind, &a.signer, a.time).cmp(&(&b.kind, &b.signer, b.time)));
        let refused = verification.refused;
        let passed_over = evidence.passed_over.into_iter();
        Self {
            image: image.to_string(),
            digest,
            identity,
            accepted: missing.is_empty() && refused.iter().all(is_about_another_name),
            evidence: accepted,
            unknown: verification
                .unknown
                .into_iter()
                .map(Stranger::from)
                .collect(),
            refused: refused.into_iter().map(Refusal::from).collect(),
            passed_over: passed_over.map(PassedOver::from).collect(),
            missing,
        }
    }
}

/// Evidence that holds, but for another name of the same image: it was carried from staging and is by an accepted
/// key. It proves nothing here, and speaks against nothing either.
fn is_about_another_name(refused: &RefusedEvidence) -> bool {
    refused.code == codes::OTHER_NAME
}

/// What was demanded and is not there: an accepted signature, and each attestation.
fn missing(found: &Verification, demand: &Demand) -> Vec<String> {
    let mut missing = Vec::new();
    let signed = |kind: &EvidenceKind| matches!(kind, EvidenceKind::Signature { .. });
    if !found.accepted.iter().any(|evidence| signed(&evidence.kind)) {
        missing.push("a signature by an accepted key".to_owned());
    }
    for wanted in &demand.attestations {
        let kind = EvidenceKind::Attestation {
            predicate_type: wanted.clone(),
        };
        if !found.accepted.iter().any(|evidence| evidence.kind == kind) {
            missing.push(format!(
                "an attestation of type {wanted} by an accepted key"
            ));
        }
    }
    missing
}
