//! Who is trusted, and what that takes: decides from the facts that a verifier states about evidence which of it counts, and
//! whether what counts is enough.
//!
//! ```text
//!             Verifier (port)                Trust
//! evidence ──────────────────▶ facts ─────────────────▶ Verification ──▶ Shortfall, or none
//!  (bytes)   states what is so        decides what counts              decides what is enough
//! ```
//!
//! Everything here but [`Judge`], which joins the two, is a pure function of its arguments: no clock, no file, no registry. What
//! can't be decided counts for nothing. The document that people write is read elsewhere.

pub mod codes;
mod decision;
mod judge;
mod names;
mod need;
mod pattern;
mod signer;

use std::collections::BTreeMap;

pub use decision::Decision;
pub use judge::{AboutImage, Judge, JudgedEvidence};
pub use need::{Need, Shortfall, Strictness};
pub use pattern::{Expression, Pattern, PatternError};
pub use signer::{KeyValidity, KeylessSigner, Revocation, RevocationReason, TrustedSigner};

use crate::ports::{EvidenceKind, KeyFingerprint, SignerName};

/// Who is trusted, and what each kind of evidence needs.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    signers: BTreeMap<SignerName, TrustedSigner>,
    signature: Need,
    attestations: BTreeMap<String, Need>,
}

impl Trust {
    /// Trusts nobody, and asks for a signature.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Trusts whoever has one of these keys, without bounds, and asks for one signature. Each is named by its fingerprint.
    pub fn in_keys(keys: impl IntoIterator<Item = KeyFingerprint>) -> Self {
        let signer = |key| {
            let signer = TrustedSigner::Key {
                key,
                validity: KeyValidity::default(),
            };
            (SignerName::of_key(key), signer)
        };
        Self {
            signers: keys.into_iter().map(signer).collect(),
            ..Self::default()
        }
    }

    /// Trusts whoever holds certificates for an identity by an issuer, and asks for one signature.
    pub fn in_holder(issuer: Pattern, subject: Pattern) -> Self {
        let holder = KeylessSigner {
            issuer,
            subject,
            claims: BTreeMap::new(),
        };
        Self::nobody().with_signer(SignerName::of_holder(), TrustedSigner::Keyless(holder))
    }

    /// Trusts this signer as well, who is told by this name. One who had the name before is trusted no longer.
    #[must_use]
    pub fn with_signer(mut self, name: SignerName, signer: TrustedSigner) -> Self {
        self.signers.insert(name, signer);
        self
    }

    /// Needs this of image signatures.
    #[must_use]
    pub fn with_signature(mut self, need: Need) -> Self {
        self.signature = need;
        self
    }

    /// Needs this of attestations of this predicate type.
    #[must_use]
    pub fn with_attestation(mut self, predicate_type: impl Into<String>, need: Need) -> Self {
        self.attestations.insert(predicate_type.into(), need);
        self
    }

    /// Who is trusted, by their names.
    pub fn signers(&self) -> &BTreeMap<SignerName, TrustedSigner> {
        &self.signers
    }

    /// What image signatures need.
    pub fn signature(&self) -> &Need {
        &self.signature
    }

    /// What attestations need, by their predicate types. Of others, what is trusted counts and nothing is asked.
    pub fn attestations(&self) -> &BTreeMap<String, Need> {
        &self.attestations
    }

    /// What evidence of a kind needs; nothing if nobody asks for it.
    fn need(&self, kind: &EvidenceKind) -> Option<&Need> {
        match kind.predicate_type() {
            None => Some(&self.signature),
            Some(predicate_type) => self.attestations.get(predicate_type),
        }
    }
}

#[cfg(test)]
mod tests;
