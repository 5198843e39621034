//! The ports that make and judge evidence: `Signer`, `Verifier`, `Attester`.
//!
//! The law that holds them together: what a signer or attester makes, the verifier with the
//! matching key accepts, and for no other subject.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Evidence, EvidenceForm, EvidenceForms, EvidenceSet, ExaminedEvidence, Failure, SignerName,
    TagSuffix,
};
use crate::Code;
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest, ImageReference, Tag};

/// What evidence speaks of: an image by its public name and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The public name, which the signature contains as docker-reference.
    pub identity: Identity,
    /// The image's manifest.
    pub descriptor: Descriptor,
}

/// The forms of image signatures. promo writes the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignatureFormat {
    /// A sigstore bundle (v0.3) as an OCI 1.1 referrer.
    Bundle,
    /// A layer of the image under the tag `sha256-<hex>.sig`.
    Sig,
    /// Such a layer in an image that refers to its subject, as cosign writes it with
    /// `--registry-referrers-mode=oci-1-1`. It is judged, and carried as a layer under `.sig`; it is never written.
    #[serde(rename = "sig-referrer")]
    SigReferrer,
}

impl SignatureFormat {
    /// The name used in settings and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Sig => "sig",
            Self::SigReferrer => "sig-referrer",
        }
    }

    /// Where a signature of this form is kept.
    pub const fn form(self) -> EvidenceForm {
        match self {
            Self::Bundle | Self::SigReferrer => EvidenceForm::Referrer,
            Self::Sig => EvidenceForm::TagLayer(TagSuffix::Sig),
        }
    }
}

/// What a piece of evidence claims to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum EvidenceKind {
    /// An image signature.
    Signature {
        /// Its form.
        format: SignatureFormat,
    },
    /// An in-toto statement with some predicate.
    #[serde(rename_all = "camelCase")]
    Attestation {
        /// The predicate's type.
        predicate_type: String,
    },
}

impl EvidenceKind {
    /// Whether it is an image signature.
    pub const fn is_signature(&self) -> bool {
        matches!(self, Self::Signature { .. })
    }

    /// The predicate type of an attestation.
    pub fn predicate_type(&self) -> Option<&str> {
        match self {
            Self::Signature { .. } => None,
            Self::Attestation { predicate_type } => Some(predicate_type),
        }
    }
}

/// Evidence that a verifier accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedEvidence {
    /// The very bytes that were verified.
    pub evidence: Evidence,
    /// What it is.
    pub kind: EvidenceKind,
    /// Who made it: a key's fingerprint (`sha256:<hex>` of its SPKI), or an identity and its issuer.
    pub signer: String,
    /// As which trusted signers it counts; one at least.
    pub trusted_as: BTreeSet<SignerName>,
    /// When it was made, as its signer says.
    pub time: Option<Timestamp>,
    /// When it existed at the latest, as others have signed.
    pub proven_time: Option<Timestamp>,
    /// The names under which it speaks of the image: a docker-reference, or those of a statement's subjects.
    pub names: Vec<String>,
    /// The digest of what is signed and of the signature: the same for the same evidence in another form.
    pub signed_digest: Digest,
}

/// Evidence by a signer that the verifier doesn't know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEvidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Who it says made it, where it says so.
    pub signer: Option<String>,
}

/// Evidence that claims an accepted signer and fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedEvidence {
    /// What it claims to be.
    pub kind: EvidenceKind,
    /// Why it is refused: [`OTHER_NAME`](crate::codes::OTHER_NAME) where it holds, but for another name of the image.
    pub code: Code,
    /// The same for a person.
    pub message: String,
}

/// What a verifier found. What is not accepted counts for nothing: the caller's policy decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Accepted, in the order of the evidence.
    pub accepted: Vec<AcceptedEvidence>,
    /// By unknown signers.
    pub unknown: Vec<UnknownEvidence>,
    /// Failed.
    pub refused: Vec<RefusedEvidence>,
}

/// Makes signatures.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// Shows that it can sign, without any registry: used in setup.
    async fn check(&self) -> Result<(), Failure>;

    /// The forms it writes, in order, each once.
    fn formats(&self) -> &[SignatureFormat];

    /// Signs a subject in the forms asked for, which are some of [`Signer::formats`].
    async fn sign(
        &self,
        subject: &Subject,
        formats: &[SignatureFormat],
    ) -> Result<Vec<Evidence>, Failure>;
}

/// Verifies evidence: says what is so about it, and nothing of whether that is enough. It sends nothing to registries.
#[async_trait]
pub trait Verifier: fmt::Debug + Send + Sync {
    /// States the facts about each piece of evidence, in its order. What is signed must be about `digest`, which is one of
    /// the checks.
    async fn examine(
        &self,
        digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure>;

    /// Accepted evidence as it may be carried to other registries, as evidence about `subject`: the same signature
    /// over the same bytes, and nothing around it but what was verified or follows from it.
    fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure>;
}

/// The git-tracked file that asked for a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedManifest {
    /// Its path in the repository.
    pub name: String,
    /// The repository, as `git+https://…`, where it is known.
    pub uri: Option<String>,
    /// The commit, as hexadecimal digits, where it is known.
    pub git_commit: Option<String>,
}

/// What a promotion attestation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionRecord {
    /// The image's public name.
    pub identity: Identity,
    /// The image's manifest, as a referrer's subject names it.
    pub descriptor: Descriptor,
    /// Where it was promoted from, by digest.
    pub source: ImageReference,
    /// Where it was promoted to: the identity by digest.
    pub destination: ImageReference,
    /// The tags it gets, ordered; none for an image without a tag.
    pub tags: Vec<Tag>,
    /// For a child of an index that is attested with it: the identity by the digest of the index.
    pub part_of: Option<ImageReference>,
    /// When the run began.
    pub time: Timestamp,
    /// Who promoted: `https://…@VERSION`.
    pub builder_id: String,
    /// The file that asked for it.
    pub manifest: Option<RecordedManifest>,
}

/// Makes attestations about promotions.
#[async_trait]
pub trait Attester: fmt::Debug + Send + Sync {
    /// Shows that it can attest, without any registry: used in setup.
    async fn check(&self) -> Result<(), Failure>;

    /// What it makes for each image: attestations by their predicate types.
    fn kinds(&self) -> Vec<EvidenceKind>;

    /// In which forms it makes them: what stands in others is not looked for. All of them, unless an attester says
    /// which.
    fn forms(&self) -> EvidenceForms {
        EvidenceForms::ALL
    }

    /// Attests a promotion with the kinds asked for, which are some of [`Attester::kinds`].
    async fn attest(
        &self,
        record: &PromotionRecord,
        kinds: &[EvidenceKind],
    ) -> Result<Vec<Evidence>, Failure>;
}
