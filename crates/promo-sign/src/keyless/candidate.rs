//! A signature with a certificate as it is found, whatever the form, as the one thing that is verified: a bundle.
//!
//! Nothing is verified here. What is counted and built is bounded first.

use promo_core::ports::{CheckSubject, EvidenceBlob};
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{Bundle, SignatureContent, TransparencyLogEntry};

use super::certificate;
use crate::refusal::Refusal;
use crate::{codes, json};

/// The most entries of logs, and of times, and of certificates beside one signature: there is one of each, rarely two.
pub const MAX_WITNESSES: usize = 16;
/// The most hashes of a proof of inclusion: a tree of 2^64 leaves has so many levels.
const MAX_PROOF: usize = 64;
/// The most bytes of a log's signed head, and the most signatures under it.
const MAX_CHECKPOINT: usize = 64 * 1024;
const MAX_COSIGNATURES: usize = 64;
/// The most values in a statement beside a certificate: it is built as a whole, with its predicate.
pub const MAX_STATEMENT_VALUES: usize = 200_000;

/// A signature with its certificate, and what vouches for it.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) bundle: Bundle,
    pub(super) origin: Origin,
}

/// Where it was found.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Bundle,
    /// Under `.sig`: it signs the bytes of this layer.
    Signature(EvidenceBlob),
    /// Under `.att`.
    Attestation,
}

/// The part of a bundle that says by what its signature is to be verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(borrow)]
    verification_material: Material<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material<'a> {
    #[serde(default, borrow)]
    certificate: Option<&'a RawValue>,
    #[serde(default, borrow)]
    x509_certificate_chain: Option<&'a RawValue>,
}

/// Reads a bundle of any version; nothing if it isn't one with a certificate.
pub(super) fn bundle(layer: &EvidenceBlob) -> Option<Result<Candidate, Refusal>> {
    let bundle = certified(&layer.bytes)?;
    Some(bundle.and_then(|bundle| Candidate::of(bundle, Origin::Bundle)))
}

/// What can be read of a bundle with a certificate.
pub(super) fn certified(bytes: &[u8]) -> Option<Result<Bundle, Refusal>> {
    let outline: Outline<'_> = json::parse_outline(bytes)?;
    let material = outline.verification_material;
    material.certificate.or(material.x509_certificate_chain)?;
    let bundle = json::parse::<Bundle>(bytes);
    let bundle = bundle.ok_or_else(|| malformed("it can't be read as a bundle"));
    Some(bundle.and_then(without_root))
}

/// A root counts because it is trusted, never because it comes along: the suite of sigstore demands that a bundle with one is refused.
fn without_root(bundle: Bundle) -> Result<Bundle, Refusal> {
    let chain = match &bundle.verification_material.content {
        VerificationMaterialContent::X509CertificateChain { certificates } => {
            certificates.as_slice()
        }
        _ => &[],
    };
    if chain.len() > MAX_WITNESSES {
        return Err(malformed("it has more certificates than are read"));
    }
    if chain
        .iter()
        .any(|found| certificate::is_root(&found.raw_bytes))
    {
        return Err(Refusal::new(
            codes::CERTIFICATE_CHAIN,
            "there is a root in its chain of certificates",
        ));
    }
    Ok(bundle)
}

impl Candidate {
    pub(super) fn of(bundle: Bundle, origin: Origin) -> Result<Self, Refusal> {
        let material = &bundle.verification_material;
        let times = &material.timestamp_verification_data.rfc3161_timestamps;
        let certificates = match &material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } => {
                certificates.len()
            }
            _ => 1,
        };
        let counts = [material.tlog_entries.len(), times.len(), certificates];
        if counts.iter().any(|count| *count > MAX_WITNESSES) {
            return Err(malformed(
                "it has more certificates, times, or entries of logs than are read",
            ));
        }
        material.tlog_entries.iter().try_for_each(check_entry)?;
        if let SignatureContent::DsseEnvelope(envelope) = &bundle.content {
            let payload = envelope.payload.as_bytes();
            if !json::has_at_most(payload, MAX_STATEMENT_VALUES) {
                return Err(malformed(
                    "its statement is no JSON, has a key twice, or is too large",
                ));
            }
        } else if matches!(origin, Origin::Bundle) {
            return Err(Refusal::new(
                codes::FORM,
                "it signs the image's bytes instead of a statement",
            ));
        }
        Ok(Self { bundle, origin })
    }

    /// The entries of logs.
    pub(super) fn entries(&self) -> &[TransparencyLogEntry] {
        &self.bundle.verification_material.tlog_entries
    }

    /// What was checked of logs and times, where all of it held.
    pub(super) fn checks_of_witnesses(&self) -> Vec<CheckSubject> {
        let entries = self.entries();
        let material = &self.bundle.verification_material;
        let times = &material.timestamp_verification_data.rfc3161_timestamps;
        let promised = entries
            .iter()
            .any(|entry| entry.inclusion_promise.is_some());
        let included = entries.iter().any(|entry| entry.inclusion_proof.is_some());
        let subjects = [
            (CheckSubject::LogPromise, promised),
            (CheckSubject::LogInclusion, included),
            (CheckSubject::LogContent, !entries.is_empty()),
            (CheckSubject::Timestamp, !times.is_empty()),
        ];
        let checked = subjects.into_iter().filter(|(_, is_checked)| *is_checked);
        checked.map(|(subject, _)| subject).collect()
    }
}

/// An entry must come with something that a log has signed, or it says nothing.
fn check_entry(entry: &TransparencyLogEntry) -> Result<(), Refusal> {
    let Some(proof) = &entry.inclusion_proof else {
        return if entry.inclusion_promise.is_some() {
            Ok(())
        } else {
            Err(Refusal::new(
                codes::LOG_INCLUSION,
                "an entry of a log has neither a proof nor a promise",
            ))
        };
    };
    let signatures = proof.checkpoint.checkpoint();
    let signatures = signatures.map_or(0, |head| head.signatures().len());
    if proof.hashes.len() > MAX_PROOF
        || proof.checkpoint.envelope().len() > MAX_CHECKPOINT
        || signatures > MAX_COSIGNATURES
    {
        return Err(malformed(
            "the proof of an entry of a log is larger than one can be",
        ));
    }
    Ok(())
}

pub(super) fn malformed(message: &str) -> Refusal {
    Refusal::new(codes::MALFORMED, message)
}
