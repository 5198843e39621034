//! Why an image is accepted or not, piece by piece: what was found, what became of it, and what was wanted.
//!
//! Made of what was judged already; nothing is decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::Code;
use crate::oci::Digest;
use crate::ports::{
    CertificateFacts, Check, CheckSubject, Evidence, EvidenceKind, LogEntry, ProvenTime,
    SignatureFacts, SignerFacts, SignerName,
};
use crate::trust::{Decision, JudgedEvidence, Need, Strictness, Trust};

/// Why an image is accepted or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What was wanted: of signatures, then of attestations by their types.
    pub wanted: Vec<Wanted>,
    /// Each signature that was found, in the order of the evidence.
    pub found: Vec<Found>,
}

/// What was wanted of one kind of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The predicate type of attestations; nothing for signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// By whom; by anyone who is trusted if nobody is named.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub signers: BTreeSet<SignerName>,
    /// By how many different ones.
    pub at_least: usize,
    /// Whether a transparency log has to have it.
    pub log: bool,
    /// Whether that has to be proven, so that a log's promise isn't enough.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub log_proof: bool,
    /// Whether somebody else has to have signed the time.
    pub timestamp: bool,
    /// How old it may be, as an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// What follows if it isn't there.
    pub otherwise: Strictness,
}

/// A signature that was found, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The digest of the referrer, or of the layer.
    pub piece: Digest,
    /// Where it is kept: `referrer`, `.sig` or `.att`.
    pub place: &'static str,
    /// What it is, or says that it is.
    pub kind: EvidenceKind,
    /// Who made it; as it says itself where that isn't proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// What a certificate says of the signer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
    /// The names under which it speaks of the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// When it was made, as its signer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_time: Option<Timestamp>,
    /// When it existed, as others have signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proven_times: Vec<ProvenTime>,
    /// The transparency logs that it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogEntry>,
    /// What was checked.
    pub checks: Vec<ExplainedCheck>,
    /// What became of it.
    pub outcome: FoundOutcome,
}

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExplainedCheck {
    /// What was checked.
    pub check: CheckSubject,
    /// Whether it held.
    pub held: bool,
    /// Why it failed, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "is")]
pub enum FoundOutcome {
    /// It counts.
    Counted {
        /// As one by these signers.
        signers: BTreeSet<SignerName>,
    },
    /// It is by nobody who is trusted with this kind of evidence.
    Stranger,
    /// It is by, or claims, somebody who is trusted, and fails.
    Refused {
        /// Why, as a code.
        code: Code,
        /// Why.
        message: String,
    },
}

impl Explanation {
    /// Of what was judged by this trust.
    pub fn of(judged: &[JudgedEvidence], trust: &Trust) -> Self {
        let attestations = trust.attestations().iter();
        let attestations = attestations.map(|(kind, need)| Wanted::of(Some(kind.clone()), need));
        let found = judged.iter().flat_map(|piece| {
            let signatures = piece.examined.signatures.iter().zip(&piece.decisions);
            signatures.map(|(facts, decision)| Found::of(&piece.examined.evidence, facts, decision))
        });
        Self {
            wanted: std::iter::once(Wanted::of(None, trust.signature()))
                .chain(attestations)
                .collect(),
            found: found.collect(),
        }
    }
}

impl Wanted {
    fn of(predicate_type: Option<String>, need: &Need) -> Self {
        Self {
            predicate_type,
            signers: need.signers.clone().unwrap_or_default(),
            at_least: need.at_least.get(),
            log: need.log || need.log_proof,
            log_proof: need.log_proof,
            timestamp: need.timestamp,
            max_age: need.max_age.map(|age| age.to_string()),
            otherwise: need.strictness,
        }
    }
}

impl Found {
    fn of(evidence: &Evidence, facts: &SignatureFacts, decision: &Decision) -> Self {
        let (piece, place) = match evidence {
            Evidence::Referrer { manifest, .. } => (manifest.digest(), "referrer"),
            Evidence::TagLayer { suffix, layer } => (layer.descriptor.digest, suffix.as_str()),
        };
        let certificate = match &facts.signer {
            SignerFacts::Certificate(certificate) => Some((**certificate).clone()),
            SignerFacts::Key(_) | SignerFacts::Unproven { .. } => None,
        };
        Self {
            piece,
            place,
            kind: facts.kind.clone(),
            signer: facts.signer.told(),
            certificate,
            names: facts.names.clone(),
            claimed_time: facts.claimed_time,
            proven_times: facts.proven_times.clone(),
            logs: facts.logs.clone(),
            checks: facts.checks.iter().map(ExplainedCheck::from).collect(),
            outcome: FoundOutcome::from(decision),
        }
    }
}

impl From<&Check> for ExplainedCheck {
    fn from(check: &Check) -> Self {
        let failure = check.failure.as_ref();
        Self {
            check: check.subject,
            held: failure.is_none(),
            code: failure.map(|failure| failure.code),
            message: failure.map(|failure| failure.message.clone()),
        }
    }
}

impl From<&Decision> for FoundOutcome {
    fn from(decision: &Decision) -> Self {
        match decision {
            Decision::Counts(signers) => Self::Counted {
                signers: signers.clone(),
            },
            Decision::Stranger => Self::Stranger,
            Decision::Refused(failure) => Self::Refused {
                code: failure.code,
                message: failure.message.clone(),
            },
        }
    }
}
