//! What proves single images: the document `promo.verification/v1`, and the judgement of what was found by what is
//! demanded.
//!
//! Whoever verifies reads the evidence through the ports and hands it over; nothing is asked here. What a run
//! demands of staging is the pipeline's.

mod explanation;
mod judgement;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

pub use explanation::{ExplainedCheck, Explanation, Found, FoundOutcome, Wanted};
pub use judgement::{Demand, FoundEvidence};

use crate::Code;
use crate::identity::Identity;
use crate::oci::Digest;
use crate::ports::{AcceptedEvidence, EvidenceKind, RefusedEvidence, SignerName, UnknownEvidence};

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
    /// What is missing and was only to be warned about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why each piece counts or doesn't, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// Evidence that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// What it is.
    pub kind: EvidenceKind,
    /// Who made it: a key's fingerprint, or an identity and its issuer.
    pub signer: String,
    /// As which trusted signers it counts, where the trust document names them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub trusted_as: BTreeSet<SignerName>,
    /// When it was made, as it says itself.
    pub time: Option<Timestamp>,
    /// When it existed at the latest, as others have signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven_time: Option<Timestamp>,
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

impl VerificationDocument {
    /// What stands in it as `schema`.
    pub const SCHEMA: &str = "promo.verification/v1";

    /// The document about these images.
    pub fn new(images: Vec<VerifiedImage>) -> Self {
        Self {
            schema: Self::SCHEMA,
            accepted: images.iter().all(|image| image.accepted),
            images,
        }
    }
}

impl From<AcceptedEvidence> for Accepted {
    fn from(accepted: AcceptedEvidence) -> Self {
        // A key that nobody has named is told once.
        let mut trusted_as = accepted.trusted_as;
        trusted_as.retain(|name| name.as_str() != accepted.signer);
        Self {
            kind: accepted.kind,
            signer: accepted.signer,
            trusted_as,
            time: accepted.time,
            proven_time: accepted.proven_time,
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

#[cfg(test)]
mod tests;
