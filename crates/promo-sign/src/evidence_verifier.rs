//! [`EvidenceVerifier`]: states what is so about evidence that keys have signed, or holders of certificates. It sends nothing
//! and decides nothing.
//!
//! It joins [`KeyVerifier`] and [`TrustedRoot`]: what stands under a known key is the key's, and of what comes with a certificate
//! the trusted roots tell.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Descriptor, Digest};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceSet, ExaminedEvidence, Failure, SignatureFacts,
    SignerFacts, Verifier,
};

use crate::{KeyVerifier, TrustedRoot, keyless};

/// Tells who has signed what, with a key or with a certificate.
#[derive(Debug, Clone)]
pub struct EvidenceVerifier {
    keys: KeyVerifier,
    roots: Vec<Arc<TrustedRoot>>,
}

impl EvidenceVerifier {
    /// A verifier that knows these keys, and the authorities and logs of these roots. A certificate counts as what the
    /// first root by which it holds says of it; roots are never mixed.
    pub fn new(keys: KeyVerifier, roots: impl IntoIterator<Item = Arc<TrustedRoot>>) -> Self {
        Self {
            keys,
            roots: roots.into_iter().collect(),
        }
    }

    /// What is so about the signatures with certificates in a piece.
    fn certified(&self, digest: &Digest, piece: &Evidence) -> Vec<SignatureFacts> {
        let mut found: Vec<SignatureFacts> = Vec::new();
        for root in &self.roots {
            let by_root = root.examine(digest, piece);
            if found.is_empty() {
                found = by_root;
                continue;
            }
            // Which signatures a piece has doesn't depend on the root.
            for (known, other) in found.iter_mut().zip(by_root) {
                if known.failure().is_some() && other.failure().is_none() {
                    *known = other;
                }
            }
        }
        found
    }
}

#[async_trait]
impl Verifier for EvidenceVerifier {
    async fn examine(
        &self,
        digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure> {
        let mut examined = self.keys.examine(digest, evidence).await?;
        for piece in &mut examined {
            if piece.signatures.iter().all(is_by_key) {
                continue;
            }
            let certified = self.certified(digest, &piece.evidence);
            if !certified.is_empty() {
                piece.signatures.retain(is_by_key);
                piece.signatures.extend(certified);
            }
        }
        Ok(examined)
    }

    fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        let mut keys = self.keys.keys().iter();
        if keys.any(|key| key.fingerprint().to_string() == accepted.signer) {
            return self.keys.carried(accepted, subject);
        }
        Ok(keyless::carry(accepted, subject)?)
    }
}

fn is_by_key(facts: &SignatureFacts) -> bool {
    matches!(facts.signer, SignerFacts::Key(_))
}
