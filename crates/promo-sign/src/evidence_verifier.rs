//! [`EvidenceVerifier`]: states what is so about evidence that keys have signed, or holders of certificates. It sends nothing
//! and decides nothing.
//!
//! It joins [`KeyVerifier`] and [`TrustedRoot`]: what stands under a known key is the key's, and of what comes with a certificate,
//! and of logs and times beside a key's signature, the trusted roots tell.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Descriptor, Digest};
use promo_core::ports::{
    AcceptedEvidence, Check, CheckSubject, Evidence, EvidenceSet, ExaminedEvidence, Failure,
    SignatureFacts, SignerFacts, Verifier,
};
use promo_core::trust::{Judge, Pattern, Trust};

use crate::keyless::{BesideKey, Failed, Held};
use crate::{KeyVerifier, PublicKey, TrustedRoot, keyless};

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

    /// A judge of whoever holds certificates of a root for an identity by an issuer; one good signature is enough.
    pub fn trusting_holder(root: Arc<TrustedRoot>, issuer: Pattern, subject: Pattern) -> Judge {
        let verifier = Self::new(KeyVerifier::new([]), [root]);
        let trust = Trust::in_holder(issuer, subject);
        Judge::new(Arc::new(verifier), Arc::new(trust))
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

    /// Adds to the facts about signatures by keys what logs and authorities say of them.
    fn add_witnesses(&self, digest: &Digest, piece: &mut ExaminedEvidence) {
        if self.roots.is_empty() || !piece.signatures.iter().any(is_by_key) {
            return;
        }
        let mut found = keyless::of_piece(&piece.evidence);
        for facts in &mut piece.signatures {
            // Both are in the order of the piece, so of several with the same signature each gets its own.
            let of_it = found
                .iter()
                .position(|beside| Some(beside.signed_digest()) == facts.signed_digest);
            let Some(of_it) = of_it.filter(|_| is_by_key(facts)) else {
                continue;
            };
            let beside = found.remove(of_it);
            if facts.failure().is_some() {
                continue;
            }
            match self.judged(digest, facts, &beside) {
                Some(Ok(held)) => say(facts, held),
                Some(Err(failed)) => {
                    let Failed { check, refusal } = failed;
                    let failed = Check::failed(check, refusal.code, refusal.message);
                    after_signature(facts, vec![failed]);
                }
                None => {}
            }
        }
    }

    fn judged(
        &self,
        digest: &Digest,
        facts: &SignatureFacts,
        beside: &BesideKey,
    ) -> Option<Result<Held, Failed>> {
        let SignerFacts::Key(fingerprint) = facts.signer else {
            return None;
        };
        let mut keys = self.keys.keys().iter();
        let key = keys.find(|key| key.fingerprint() == fingerprint)?;
        let roots = self.roots.iter().map(Arc::as_ref);
        keyless::judged(roots, digest, key, beside)
    }

    /// What a key has signed, with the logs and times that hold beside it.
    fn carried_by_key(
        &self,
        key: &PublicKey,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        let plain = self.keys.carried(accepted, subject)?;
        let roots = || self.roots.iter().map(Arc::as_ref);
        let found = keyless::of_piece(&accepted.evidence);
        let held = found.iter().find_map(|beside| {
            if beside.signed_digest() != accepted.signed_digest {
                return None;
            }
            let held = keyless::judged(roots(), &subject.digest, key, beside)?.ok()?;
            Some((beside, held))
        });
        match held {
            Some((beside, held)) => {
                let carried = keyless::carry_beside_key(beside, &held, accepted, plain, subject);
                Ok(carried?)
            }
            None => Ok(plain),
        }
    }
}

fn say(facts: &mut SignatureFacts, held: Held) {
    facts.proven_times = held.times;
    facts.logs = held.logs;
    after_signature(facts, held.checks.into_iter().map(Check::held).collect());
}

/// Adds checks where their place is.
fn after_signature(facts: &mut SignatureFacts, checks: Vec<Check>) {
    let mut all = facts.checks.iter();
    let signature = all.position(|check| check.subject == CheckSubject::Signature);
    let at = signature.map_or(0, |at| at + 1);
    facts.checks.splice(at..at, checks);
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
            self.add_witnesses(digest, piece);
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
        if let Some(key) = keys.find(|key| key.fingerprint().to_string() == accepted.signer) {
            return self.carried_by_key(key, accepted, subject);
        }
        Ok(keyless::carry(accepted, subject)?)
    }
}

fn is_by_key(facts: &SignatureFacts) -> bool {
    matches!(facts.signer, SignerFacts::Key(_))
}
