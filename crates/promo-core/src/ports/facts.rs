//! What a verifier states about evidence: facts, each with how it is known. It reads no policy; whether facts are enough, and who
//! is trusted, is decided by [`Trust`](crate::trust::Trust) from what stands here.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{Evidence, EvidenceKind};
use crate::Code;
use crate::oci::Digest;

/// One piece of evidence, and what is so about the signatures in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExaminedEvidence {
    /// The very bytes that were examined.
    pub evidence: Evidence,
    /// Each signature in it, in its order. A piece in which none can be read has none.
    pub signatures: Vec<SignatureFacts>,
}

/// What is so about one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFacts {
    /// What it is: proven where the signature holds, else as it says itself.
    pub kind: EvidenceKind,
    /// Who made it.
    pub signer: SignerFacts,
    /// What was checked, in this order. What was not checked isn't in it; checks behind one that failed may be missing.
    pub checks: Vec<Check>,
    /// When it was made, as its signer says.
    pub claimed_time: Option<Timestamp>,
    /// Times at which it existed, as others have signed; ordered.
    pub proven_times: Vec<ProvenTime>,
    /// The transparency logs that it is proven to be in; ordered.
    pub logs: Vec<LogEntry>,
    /// The names under which it speaks of the image: a docker-reference, or those of a statement's subjects.
    pub names: Vec<String>,
    /// The digest of what is signed and of the signature, where it holds: the same for the same evidence in another form.
    pub signed_digest: Option<Digest>,
}

/// Who made a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerFacts {
    /// This key: the signature holds under it.
    Key(KeyFingerprint),
    /// Whoever has the key of this certificate. The checks say whether the signature holds, and the certificate itself.
    Certificate(Box<CertificateFacts>),
    /// Nobody whom the verifier can prove.
    Unproven {
        /// Who made it, as it says itself.
        claim: Option<SignerClaim>,
    },
}

/// Who made a signature, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerClaim {
    /// A key.
    Key(KeyFingerprint),
    /// Something else, as it stands there.
    Other(String),
}

/// The SHA-256 digest of a public key's SPKI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KeyFingerprint(Digest);

impl KeyFingerprint {
    /// Of the key with this SPKI, as DER.
    pub fn of_spki(spki: &[u8]) -> Self {
        Self(Digest::sha256_of(spki))
    }

    /// From its 32 bytes; nothing if there are more or fewer.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.try_into().ok()?;
        Some(Self(Digest::from_sha256(bytes)))
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// As `sha256:<hex>`.
impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a certificate says of its holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// Who has vouched for the identity: the issuer of the token, not of the certificate.
    pub issuer: String,
    /// The identity: an e-mail address, or a URI.
    pub subject: String,
    /// What else Fulcio has certified, by the names of its
    /// [OID information](https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md) in kebab case, such as
    /// `source-repository-uri`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

/// A time at which a signature existed, and who has signed that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProvenTime {
    /// The time.
    pub time: Timestamp,
    /// Who says so.
    pub witness: Witness,
}

/// Who has signed a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Witness {
    /// A transparency log, by its id.
    Log(String),
    /// A timestamp authority (RFC 3161), by the subject of its certificate.
    Authority(String),
}

/// An entry of a transparency log that was proven.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The log's id: the SHA-256 digest of its key, as hexadecimal digits.
    pub log: String,
    /// The entry's index.
    pub index: u64,
}

/// Something that was checked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub subject: CheckSubject,
    /// Why it failed; nothing if it held.
    pub failure: Option<CheckFailure>,
}

/// What is checked of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckSubject {
    /// That it can be read, and has a form that can be judged.
    Form,
    /// That it is by the key that it names, or by a known one.
    Signature,
    /// That its certificate leads to a root.
    CertificateChain,
    /// That its certificate was valid when it was made.
    CertificateValidity,
    /// That its certificate is in a log of certificates (SCT).
    CertificateTimestamp,
    /// That a log has promised to take it in (SET).
    LogPromise,
    /// That a log has taken it in, and the log's signed head says so.
    LogInclusion,
    /// That the log's entry is about this signature.
    LogContent,
    /// That the times of authorities are signed by them, and about this signature.
    Timestamp,
    /// That what is signed is a statement of a known version, or a container image signature.
    Statement,
    /// That it is about the digest in question.
    Digest,
}

impl CheckSubject {
    /// The check in a few words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Signature => "signature",
            Self::CertificateChain => "chain of the certificate",
            Self::CertificateValidity => "validity of the certificate",
            Self::CertificateTimestamp => "log of certificates",
            Self::LogPromise => "promise of the log",
            Self::LogInclusion => "inclusion in the log",
            Self::LogContent => "content of the log's entry",
            Self::Timestamp => "timestamp",
            Self::Statement => "statement",
            Self::Digest => "digest",
        }
    }
}

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFailure {
    /// As a stable code.
    pub code: Code,
    /// For a person.
    pub message: String,
}

impl Check {
    /// A check that held.
    pub const fn held(subject: CheckSubject) -> Self {
        Self {
            subject,
            failure: None,
        }
    }

    /// A check that failed.
    pub fn failed(subject: CheckSubject, code: Code, message: impl Into<String>) -> Self {
        Self {
            subject,
            failure: Some(CheckFailure {
                code,
                message: message.into(),
            }),
        }
    }
}

impl SignatureFacts {
    /// Of a signature of which only this is known: nothing was checked or proven yet.
    pub const fn new(kind: EvidenceKind, signer: SignerFacts) -> Self {
        Self {
            kind,
            signer,
            checks: Vec::new(),
            claimed_time: None,
            proven_times: Vec::new(),
            logs: Vec::new(),
            names: Vec::new(),
            signed_digest: None,
        }
    }

    /// Why it proves nothing, if a check failed: the first that did.
    pub fn failure(&self) -> Option<&CheckFailure> {
        self.checks.iter().find_map(|check| check.failure.as_ref())
    }
}

/// Who made a signature, in words: a fingerprint, or an identity with its issuer.
impl fmt::Display for SignerFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key)
            | Self::Unproven {
                claim: Some(SignerClaim::Key(key)),
            } => key.fmt(f),
            Self::Certificate(certificate) => certificate.fmt(f),
            Self::Unproven { claim: None } => f.write_str("somebody who isn't named"),
            Self::Unproven {
                claim: Some(SignerClaim::Other(text)),
            } => f.write_str(text),
        }
    }
}

impl SignerFacts {
    /// The same in words; nothing of somebody who isn't named.
    pub fn told(&self) -> Option<String> {
        match self {
            Self::Unproven { claim: None } => None,
            known => Some(known.to_string()),
        }
    }
}

/// The identity, and who vouches for it.
impl fmt::Display for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.subject, self.issuer)
    }
}
