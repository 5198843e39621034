//! Evidence as bytes, and the `EvidenceStore` port that reads and attaches it.
//!
//! Evidence is kept exactly as it was made or found; what of it is carried on, the verifier says.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use super::Failure;
use crate::oci::{Descriptor, Digest, RawManifest, Repository};

/// A blob that belongs to evidence: small enough to be held in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceBlob {
    /// What it is.
    pub descriptor: Descriptor,
    /// Its bytes, which have the descriptor's digest.
    pub bytes: Bytes,
}

/// The shared tags that evidence is kept under besides referrers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagSuffix {
    /// `sha256-<hex>.sig`: signatures.
    Sig,
    /// `sha256-<hex>.att`: attestations.
    Att,
}

impl TagSuffix {
    /// The suffix with its dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sig => ".sig",
            Self::Att => ".att",
        }
    }
}

/// In which form evidence is kept, and so where it is read: each takes a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceForm {
    /// As a manifest whose subject is the digest.
    Referrer,
    /// As a layer of the image under a shared tag.
    TagLayer(TagSuffix),
}

/// Some of the forms that evidence is kept in: those that somebody writes, say, so that nobody asks for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvidenceForms {
    referrers: bool,
    sig: bool,
    att: bool,
}

impl EvidenceForms {
    /// All of them.
    pub const ALL: Self = Self {
        referrers: true,
        sig: true,
        att: true,
    };

    /// Whether a form is among them.
    pub const fn contains(self, form: EvidenceForm) -> bool {
        match form {
            EvidenceForm::Referrer => self.referrers,
            EvidenceForm::TagLayer(TagSuffix::Sig) => self.sig,
            EvidenceForm::TagLayer(TagSuffix::Att) => self.att,
        }
    }

    /// These and one more.
    #[must_use]
    pub const fn with(mut self, form: EvidenceForm) -> Self {
        match form {
            EvidenceForm::Referrer => self.referrers = true,
            EvidenceForm::TagLayer(TagSuffix::Sig) => self.sig = true,
            EvidenceForm::TagLayer(TagSuffix::Att) => self.att = true,
        }
        self
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self {
            referrers: self.referrers || others.referrers,
            sig: self.sig || others.sig,
            att: self.att || others.att,
        }
    }
}

impl FromIterator<EvidenceForm> for EvidenceForms {
    fn from_iter<T: IntoIterator<Item = EvidenceForm>>(forms: T) -> Self {
        forms.into_iter().fold(Self::default(), Self::with)
    }
}

/// One piece of evidence about a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A manifest whose subject is the digest (OCI 1.1), with its blobs.
    Referrer {
        /// The manifest.
        manifest: RawManifest,
        /// Its config and layers, in the order of the manifest, each once.
        blobs: Vec<EvidenceBlob>,
    },
    /// One layer of the image under a shared tag. The layer's descriptor carries the signature in its
    /// annotations, so the annotations are part of the evidence.
    TagLayer {
        /// Which tag.
        suffix: TagSuffix,
        /// The layer.
        layer: EvidenceBlob,
    },
}

impl Evidence {
    /// In which form it is kept.
    pub const fn form(&self) -> EvidenceForm {
        match self {
            Self::Referrer { .. } => EvidenceForm::Referrer,
            Self::TagLayer { suffix, .. } => EvidenceForm::TagLayer(*suffix),
        }
    }
}

/// What evidence a repository holds about a digest, in a stable order: referrers by digest, then the
/// layers of `.sig`, then those of `.att`, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvidenceSet {
    /// What was read.
    pub evidence: Vec<Evidence>,
    /// Referrers that are no evidence (an SBOM, say), too large, or of no known shape: their digest
    /// and why they were passed over.
    pub passed_over: Vec<(Digest, String)>,
}

/// Evidence that was read up to some bounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoundedEvidence {
    /// What was read, in the order of an [`EvidenceSet`].
    pub set: EvidenceSet,
    /// How many pieces were not read, because there are more than are read or they are too large together.
    pub unread: u64,
}

/// What attaching did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attachment {
    /// Pieces that were written.
    pub written: u64,
    /// Pieces that stood there already, byte for byte.
    pub already_there: u64,
}

/// Reads and attaches evidence.
#[async_trait]
pub trait EvidenceStore: Debug + Send + Sync {
    /// All evidence that `repository` holds about `digest` in these forms; nobody asks for others. The digest itself
    /// needs not be there.
    async fn read(
        &self,
        repository: &Repository,
        digest: &Digest,
        forms: EvidenceForms,
    ) -> Result<EvidenceSet, Failure>;

    /// As much of it as is held in bounded memory, whatever others put there: enough to judge the image, not to copy
    /// the pieces (configs may be left out). Signatures under `.sig` have a share of their own, and of the
    /// referrers those come first that are listed as evidence.
    async fn read_bounded(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BoundedEvidence, Failure>;

    /// Reads those referrers of `digest` that may be attestations of `predicate_type` by what their list says, and
    /// nothing else: a few requests where [`EvidenceStore::read`] takes many. Pieces of `known`, which were read elsewhere, are
    /// not read again where they are listed.
    async fn find_attestations(
        &self,
        repository: &Repository,
        digest: &Digest,
        predicate_type: &str,
        known: &[Evidence],
    ) -> Result<EvidenceSet, Failure>;

    /// Attaches evidence to `subject`, whose manifest needs not be in the repository yet. Layers of a
    /// shared tag are appended to what stands there, which is never lost: updates of one tag are
    /// serialised, read back and merged. What stands already is not written again.
    async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        evidence: &[Evidence],
    ) -> Result<Attachment, Failure>;

    /// Looks again at what is claimed to stand about `digest`, and returns the pieces that don't, in their
    /// order: a referrer that isn't listed, or whose manifest or blobs are gone, and a layer that a shared tag
    /// lacks. A piece that is returned is written again when it is attached again.
    ///
    /// One list for all referrers and one read for each shared tag; beside that the manifests of the
    /// referrers, and the blobs that this value sent and nobody has read since.
    async fn lost(
        &self,
        repository: &Repository,
        digest: &Digest,
        evidence: &[Evidence],
    ) -> Result<Vec<Evidence>, Failure>;
}
