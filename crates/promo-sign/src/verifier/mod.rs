//! [`KeyVerifier`]: states what is so about evidence that keys have signed. It sends nothing and decides nothing.
//!
//! Only what is signed counts: annotations, artifact types and media types say where to look, never
//! what is true. A piece whose signature is by none of the keys is stated as unproven, with the key that it names, if
//! it names one.

mod bundle;
mod carried;
mod referrer;
mod tag_layer;

pub(crate) use carried::NOT_ACCEPTED;

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Descriptor, Digest};
use promo_core::ports::{
    AcceptedEvidence, Check, CheckSubject, Evidence, EvidenceKind, EvidenceSet, ExaminedEvidence,
    Failure, KeyFingerprint, SignatureFacts, SignerClaim, SignerFacts, TagSuffix, Verifier,
};
use promo_core::trust::{Judge, Trust};

use crate::refusal::Refusal;
use crate::{PublicKey, codes};

/// Tells which of its keys has signed what.
#[derive(Debug, Clone)]
pub struct KeyVerifier {
    keys: Vec<PublicKey>,
}

impl KeyVerifier {
    /// A verifier that knows these keys. Without any, it proves nothing.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// A judge that trusts each of the keys, without bounds: one good signature is enough.
    pub fn trusting_all(self) -> Judge {
        let trust = Trust::in_keys(self.keys.iter().map(PublicKey::fingerprint));
        Judge::new(Arc::new(self), Arc::new(trust))
    }

    /// The key that made `signature` over `message`.
    fn signer(&self, message: &[u8], signature: &[u8]) -> Option<&PublicKey> {
        self.keys
            .iter()
            .find(|key| key.verifies(message, signature))
    }
}

#[async_trait]
impl Verifier for KeyVerifier {
    async fn examine(
        &self,
        digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure> {
        let pieces = evidence.evidence.iter();
        let examined = pieces.map(|piece| ExaminedEvidence {
            evidence: piece.clone(),
            signatures: self.signatures(digest, piece),
        });
        Ok(examined.collect())
    }

    fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        Ok(self.carry(accepted, subject)?)
    }
}

impl KeyVerifier {
    fn signatures(&self, digest: &Digest, piece: &Evidence) -> Vec<SignatureFacts> {
        match piece {
            Evidence::Referrer { manifest, blobs } => self.of_referrer(digest, manifest, blobs),
            Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer,
            } => vec![self.of_signature_layer(digest, layer)],
            Evidence::TagLayer {
                suffix: TagSuffix::Att,
                layer,
            } => vec![self.of_attestation_layer(digest, layer)],
        }
    }
}

/// Facts about something in which no signature is proven, with the check that failed.
fn unproven(
    kind: EvidenceKind,
    claim: Option<SignerClaim>,
    subject: CheckSubject,
    refusal: Refusal,
) -> SignatureFacts {
    SignatureFacts {
        checks: vec![Check::failed(subject, refusal.code, refusal.message)],
        ..SignatureFacts::new(kind, SignerFacts::Unproven { claim })
    }
}

/// The same of something that can't be read.
fn unreadable(kind: EvidenceKind) -> SignatureFacts {
    let refusal = Refusal::new(codes::MALFORMED, "no signature can be read in it");
    unproven(kind, None, CheckSubject::Form, refusal)
}

/// Facts about a signature that holds under a key.
fn by_key(key: &PublicKey, kind: EvidenceKind, signed_digest: Digest) -> SignatureFacts {
    SignatureFacts {
        checks: vec![Check::held(CheckSubject::Signature)],
        signed_digest: Some(signed_digest),
        ..SignatureFacts::new(kind, SignerFacts::Key(key.fingerprint()))
    }
}

/// The check that what is signed is about the digest, or what it failed by.
fn checked_content(facts: &mut SignatureFacts, refusal: Option<Refusal>) {
    match refusal {
        None => {
            facts.checks.push(Check::held(CheckSubject::Statement));
            facts.checks.push(Check::held(CheckSubject::Digest));
        }
        Some(refusal) => {
            let subject = refusal.check_of_content();
            let failed = Check::failed(subject, refusal.code, refusal.message);
            facts.checks.push(failed);
        }
    }
}

/// The key that a bundle's hint names.
fn claimed(hint: Option<&str>) -> Option<SignerClaim> {
    let hint = hint.filter(|hint| !hint.is_empty())?;
    let key = crate::bundle::from_base64(hint).and_then(|bytes| KeyFingerprint::from_bytes(&bytes));
    Some(match key {
        Some(key) => SignerClaim::Key(key),
        None => SignerClaim::Other(hint.to_owned()),
    })
}

/// What evidence is known by in whatever form: the digest of what is signed and of the signature.
pub(crate) fn signed_digest(signed: &[u8], signature: &[u8]) -> Digest {
    let signed = Digest::sha256_of(signed);
    Digest::sha256_of(&[signed.as_bytes(), signature].concat())
}

#[cfg(test)]
mod tests;
