//! Why a signature with a certificate proves nothing: the library's errors, by what was checked and as a stable code.

use promo_core::oci::Digest;
use promo_core::ports::CheckSubject;
use promo_core::{Code, quoted};
use sigstore_verify::types::{KindVersion, SignatureContent};
use sigstore_verify::{CertificateError, Error, TransparencyLogError, bundle};

use super::candidate::Candidate;
use super::trusted_root::TrustedRoot;
use super::witnesses;
use crate::refusal::Refusal;
use crate::{codes, statement};

/// A check that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) check: CheckSubject,
    pub(crate) refusal: Refusal,
}

impl Failed {
    pub(super) fn new(check: CheckSubject, code: Code, message: impl Into<String>) -> Self {
        Self {
            check,
            refusal: Refusal::new(code, message),
        }
    }

    /// What is signed is not what is asked for.
    pub(super) fn content(refusal: Refusal) -> Self {
        Self::by(refusal.check_of_content(), refusal)
    }

    pub(super) const fn by(check: CheckSubject, refusal: Refusal) -> Self {
        Self { check, refusal }
    }
}

/// What an error of the library means.
pub(super) fn of(
    root: &TrustedRoot,
    candidate: &Candidate,
    digest: &Digest,
    error: &Error,
) -> Failed {
    let (check, code) = match content_failure(candidate, digest, error) {
        Some(failed) => return failed,
        None => meaning(root, candidate, error),
    };
    let said = quoted(&error.to_string());
    Failed::new(
        check,
        code,
        format!("the {} does not hold: {said}", check.as_str()),
    )
}

/// What is wrong with the statement itself, where an error may come from that.
fn content_failure(candidate: &Candidate, digest: &Digest, error: &Error) -> Option<Failed> {
    let SignatureContent::DsseEnvelope(envelope) = &candidate.bundle.content else {
        return None;
    };
    match error {
        Error::ArtifactMismatch(_) | Error::InvalidBundle(_) | Error::UnsupportedBundle(_) => {}
        _ => return None,
    }
    let payload = envelope.payload.as_bytes();
    let refusal = statement::read(&envelope.payload_type, payload, digest).err()?;
    Some(Failed::content(refusal))
}

fn meaning(root: &TrustedRoot, candidate: &Candidate, error: &Error) -> (CheckSubject, Code) {
    match error {
        Error::SignatureInvalid(_) => (CheckSubject::Signature, codes::SIGNATURE),
        // What is signed is about the digest, so it is the entry of a log that isn't.
        Error::ArtifactMismatch(_) => (CheckSubject::LogContent, codes::LOG_CONTENT),
        Error::Certificate(error) => certificate(root, candidate, error),
        Error::TransparencyLog(error) => log(root, candidate, error),
        Error::Timestamp(_) => (CheckSubject::Timestamp, codes::TIMESTAMP),
        Error::InvalidTrustRoot(_) => (
            CheckSubject::CertificateTimestamp,
            codes::CERTIFICATE_TIMESTAMP,
        ),
        Error::Bundle(error) => shape(error),
        Error::UnsupportedBundle(_) if candidate.has_entry_of_another_kind() => {
            (CheckSubject::LogContent, codes::LOG_CONTENT)
        }
        Error::UnsupportedBundle(_) | Error::UnsupportedArtifact(_) => {
            (CheckSubject::Form, codes::FORM)
        }
        _ => (CheckSubject::Form, codes::MALFORMED),
    }
}

fn certificate(
    root: &TrustedRoot,
    candidate: &Candidate,
    error: &CertificateError,
) -> (CheckSubject, Code) {
    let validity = (
        CheckSubject::CertificateValidity,
        codes::CERTIFICATE_VALIDITY,
    );
    match error {
        CertificateError::Malformed(_) => (CheckSubject::Form, codes::CERTIFICATE),
        CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => validity,
        CertificateError::Sct(_) => (
            CheckSubject::CertificateTimestamp,
            codes::CERTIFICATE_TIMESTAMP,
        ),
        // The chain is verified at each time before the certificate's own window is looked at.
        _ if candidate.is_beyond_certificate(root) => validity,
        _ => (CheckSubject::CertificateChain, codes::CERTIFICATE_CHAIN),
    }
}

fn log(
    root: &TrustedRoot,
    candidate: &Candidate,
    error: &TransparencyLogError,
) -> (CheckSubject, Code) {
    let entries = candidate.entries();
    let is_known = entries
        .iter()
        .all(|entry| witnesses::is_by_known_log(root, entry));
    match error {
        TransparencyLogError::InclusionProof(_) => {
            (CheckSubject::LogInclusion, codes::LOG_INCLUSION)
        }
        TransparencyLogError::Checkpoint(_) if is_known => {
            (CheckSubject::LogInclusion, codes::LOG_HEAD)
        }
        TransparencyLogError::Checkpoint(_) | TransparencyLogError::UnknownLog { .. } => {
            (CheckSubject::LogInclusion, codes::LOG_KEY)
        }
        TransparencyLogError::InclusionPromise(_) if !is_known => {
            (CheckSubject::LogPromise, codes::LOG_KEY)
        }
        TransparencyLogError::InclusionPromise(_) | TransparencyLogError::IntegratedTime(_) => {
            (CheckSubject::LogPromise, codes::LOG_PROMISE)
        }
        _ => (CheckSubject::LogContent, codes::LOG_CONTENT),
    }
}

/// A bundle that lacks what its version demands.
fn shape(error: &bundle::Error) -> (CheckSubject, Code) {
    match error {
        bundle::Error::MissingInclusionPromise(_) => (CheckSubject::LogPromise, codes::LOG_PROMISE),
        bundle::Error::MissingInclusionProof(_) | bundle::Error::LogIndexOutOfRange { .. } => {
            (CheckSubject::LogInclusion, codes::LOG_INCLUSION)
        }
        bundle::Error::MissingCheckpoint | bundle::Error::CheckpointRootMismatch => {
            (CheckSubject::LogInclusion, codes::LOG_HEAD)
        }
        bundle::Error::MissingSigningTimeEvidence | bundle::Error::MissingTimestamp => {
            (CheckSubject::Timestamp, codes::TIMESTAMP)
        }
        _ => (CheckSubject::Form, codes::FORM),
    }
}

impl Candidate {
    /// Whether an entry of a log is about bytes where a statement is signed, or the other way round.
    fn has_entry_of_another_kind(&self) -> bool {
        let is_statement = matches!(self.bundle.content, SignatureContent::DsseEnvelope(_));
        self.entries().iter().any(|entry| match entry.kind_version {
            KindVersion::DsseV001 | KindVersion::IntotoV002 => !is_statement,
            KindVersion::HashedRekordV001 => is_statement,
            // Rekor v2 has one kind for both.
            _ => false,
        })
    }

    /// Whether a time that is proven is outside the window of the certificate.
    fn is_beyond_certificate(&self, root: &TrustedRoot) -> bool {
        let facts = self
            .bundle
            .signing_certificate()
            .map(super::certificate::read);
        let Some(Ok(facts)) = facts else {
            return false;
        };
        let is_beyond = |time| time < facts.not_before || time > facts.not_after;
        let mut times = witnesses::times(root, self).into_iter();
        times.any(|proven| is_beyond(proven.time))
    }
}
