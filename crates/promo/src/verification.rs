//! What was found about images and whether it is accepted: the document `promo.verification/v1` and the judgement.
//!
//! A pure function of what was found and what is demanded; reading evidence stands beside, in `verify`.

use jiff::Timestamp;
use promo_core::Code;
use promo_core::identity::Identity;
use promo_core::oci::Digest;
use promo_core::ports::{
    AcceptedEvidence, EvidenceKind, EvidenceSet, RefusedEvidence, UnknownEvidence, Verification,
};
use promo_sign::codes;
use serde::Serialize;

use crate::image::Resolved;

/// `promo.verification/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerificationDocument {
    schema: &'static str,
    /// Whether every image was accepted.
    pub accepted: bool,
    /// Each image.
    pub images: Vec<VerifiedImage>,
}

/// What was found about one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedImage {
    /// The image as it was named.
    pub image: String,
    /// The digest that its evidence speaks of.
    pub digest: Digest,
    /// The public name that its evidence has to speak of.
    pub identity: Identity,
    /// Whether all that was demanded is there.
    pub accepted: bool,
    /// Evidence that was accepted, signatures first.
    pub evidence: Vec<Accepted>,
    /// Signers that the keys don't know.
    pub unknown: Vec<Stranger>,
    /// Evidence that claims an accepted key and fails.
    pub refused: Vec<Refusal>,
    /// What refers to the image, or stands under its evidence tags, and was not judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<PassedOver>,
    /// Why it is not accepted, if it isn't.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Evidence that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// What it is.
    pub kind: EvidenceKind,
    /// Whose key it holds by.
    pub signer: String,
    /// When it was made, as it says itself.
    pub time: Option<Timestamp>,
}

/// Evidence by a signer whom nobody named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stranger {
    /// What it is.
    pub kind: EvidenceKind,
    /// Who signed, as it says itself.
    pub signer: Option<String>,
}

/// Evidence that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What it is.
    pub kind: EvidenceKind,
    /// Why it was refused, as a stable code.
    pub code: Code,
    /// Why it was refused.
    pub message: String,
}

/// What was not judged: an SBOM, say, or evidence that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Its manifest.
    pub digest: Digest,
    /// Why it was not judged.
    pub reason: String,
}

/// What is demanded.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// The name that signatures must speak of; without it that of the rules.
    pub identity: Option<Identity>,
    /// Predicate types of attestations that must be there.
    pub attestations: Vec<String>,
}

impl VerificationDocument {
    /// The document about these images.
    pub fn new(images: Vec<VerifiedImage>) -> Self {
        Self {
            schema: "promo.verification/v1",
            accepted: images.iter().all(|image| image.accepted),
            images,
        }
    }
}

impl VerifiedImage {
    /// Judges what was found about an image.
    pub fn judge(
        resolved: Resolved,
        digest: Digest,
        evidence: EvidenceSet,
        found: Verification,
        demand: &Demand,
    ) -> Self {
        let missing = missing(&found, demand);
        // Signatures before attestations, whatever their digests.
        let mut accepted: Vec<Accepted> = found.accepted.into_iter().map(Accepted::from).collect();
        accepted.sort_by(|a, b| (&a.kind, &a.signer, a.time).cmp(&(&b.kind, &b.signer, b.time)));
        Self {
            image: resolved.image.to_string(),
            digest,
            identity: resolved.identity,
            accepted: missing.is_empty() && found.refused.iter().all(is_about_another_name),
            evidence: accepted,
            unknown: found.unknown.into_iter().map(Stranger::from).collect(),
            refused: found.refused.into_iter().map(Refusal::from).collect(),
            passed_over: evidence
                .passed_over
                .into_iter()
                .map(PassedOver::from)
                .collect(),
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

impl From<AcceptedEvidence> for Accepted {
    fn from(accepted: AcceptedEvidence) -> Self {
        Self {
            kind: accepted.kind,
            signer: accepted.signer,
            time: accepted.time,
        }
    }
}

impl From<UnknownEvidence> for Stranger {
    fn from(unknown: UnknownEvidence) -> Self {
        Self {
            kind: unknown.kind,
            signer: unknown.signer,
        }
    }
}

impl From<RefusedEvidence> for Refusal {
    fn from(refused: RefusedEvidence) -> Self {
        Self {
            kind: refused.kind,
            code: refused.code,
            message: refused.message,
        }
    }
}

impl From<(Digest, String)> for PassedOver {
    fn from((digest, reason): (Digest, String)) -> Self {
        Self { digest, reason }
    }
}
