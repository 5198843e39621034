//! [`KeyVerifier`]: judges evidence by a set of public keys. It sends nothing.
//!
//! Only what is signed counts: annotations, artifact types and media types say where to look, never
//! what is true. A piece whose signature is by none of the keys is by an unknown signer, unless its
//! bundle names one of the keys: then it is refused.

mod bundle;
mod carried;
mod referrer;
mod tag_layer;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::identity::Identity;
use promo_core::oci::{Descriptor, Digest, ImageReference};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceKind, EvidenceSet, Failure, RefusedEvidence, TagSuffix,
    UnknownEvidence, Verification, Verifier,
};

use crate::refusal::{Refusal, quoted};
use crate::{PublicKey, codes};

/// Accepts what one of its keys has signed.
#[derive(Debug, Clone)]
pub struct KeyVerifier {
    keys: Vec<PublicKey>,
    require_names: bool,
}

impl KeyVerifier {
    /// A verifier with these keys. Without any, it accepts nothing.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            require_names: false,
        }
    }

    /// Refuses evidence that doesn't name the identity it is asked about: bundles that name nothing
    /// (cosign writes such) with `PROMO-S014`.
    ///
    /// For the reuse of evidence of one's own, which always names it. Without this, an unnamed
    /// bundle is accepted as a signature or attestation of the digest. What names another image is refused in any
    /// case (`PROMO-S013`).
    #[must_use]
    pub fn requiring_names(mut self) -> Self {
        self.require_names = true;
        self
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key that made `signature` over `message`.
    fn signer(&self, message: &[u8], signature: &[u8]) -> Option<&PublicKey> {
        self.keys
            .iter()
            .find(|key| key.verifies(message, signature))
    }

    /// Whether a bundle's hint names one of the keys.
    fn is_claimed(&self, hint: Option<&str>) -> bool {
        hint.is_some_and(|hint| self.keys.iter().any(|key| key.hint() == hint))
    }
}

/// What is asked about each piece.
#[derive(Clone, Copy)]
struct Question<'a> {
    digest: &'a Digest,
    identity: Option<&'a Identity>,
    require_names: bool,
}

impl Question<'_> {
    /// Whether the names that a signature of this digest gives contain the identity asked for.
    fn check_names<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        may_be_unnamed: bool,
    ) -> Result<(), Refusal> {
        let Some(identity) = self.identity else {
            return Ok(());
        };
        let mut other = None;
        for name in names {
            if self.is_named(identity, name) {
                return Ok(());
            }
            other = Some(name);
        }
        match other {
            Some(name) => Err(Refusal::new(
                codes::OTHER_NAME,
                format!(
                    "it names {}, not {identity}: so does what was carried from where the image has that name",
                    quoted(name)
                ),
            )),
            None if may_be_unnamed => Ok(()),
            None => Err(Refusal::new(
                codes::NO_NAME,
                format!("it does not name {identity}"),
            )),
        }
    }

    /// The name alone, or with a tag, or with the digest in question.
    fn is_named(&self, identity: &Identity, name: &str) -> bool {
        name == identity.as_str()
            || name.parse::<ImageReference>().is_ok_and(|reference| {
                reference.repository() == identity.repository()
                    && reference.digest().is_none_or(|found| found == *self.digest)
            })
    }
}

/// What is known of a piece that is accepted.
struct Acceptance {
    kind: EvidenceKind,
    signer: String,
    time: Option<Timestamp>,
    names: Vec<String>,
    signed_digest: Digest,
}

/// What became of one piece.
enum Judgement {
    Accepted(Box<Acceptance>),
    Unknown {
        kind: EvidenceKind,
        signer: Option<String>,
    },
    Refused {
        kind: EvidenceKind,
        refusal: Refusal,
    },
}

#[async_trait]
impl Verifier for KeyVerifier {
    async fn verify(
        &self,
        digest: &Digest,
        identity: Option<&Identity>,
        evidence: &EvidenceSet,
    ) -> Result<Verification, Failure> {
        let question = Question {
            digest,
            identity,
            require_names: self.require_names,
        };
        let mut found = Verification::default();
        for piece in &evidence.evidence {
            record(&mut found, piece, self.judge(question, piece));
        }
        Ok(found)
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
    fn judge(&self, question: Question<'_>, piece: &Evidence) -> Judgement {
        match piece {
            Evidence::Referrer { manifest, blobs } => {
                self.judge_referrer(question, manifest, blobs)
            }
            Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer,
            } => self.judge_signature_layer(question, layer),
            Evidence::TagLayer {
                suffix: TagSuffix::Att,
                layer,
            } => self.judge_attestation_layer(question, layer),
        }
    }
}

/// What evidence is known by in whatever form: the digest of what is signed and of the signature.
fn signed_digest(signed: &[u8], signature: &[u8]) -> Digest {
    let signed = Digest::sha256_of(signed);
    Digest::sha256_of(&[signed.as_bytes(), signature].concat())
}

fn record(found: &mut Verification, piece: &Evidence, judgement: Judgement) {
    match judgement {
        Judgement::Accepted(accepted) => found.accepted.push(AcceptedEvidence {
            evidence: piece.clone(),
            kind: accepted.kind,
            signer: accepted.signer,
            time: accepted.time,
            names: accepted.names,
            signed_digest: accepted.signed_digest,
        }),
        Judgement::Unknown { kind, signer } => {
            found.unknown.push(UnknownEvidence { kind, signer });
        }
        Judgement::Refused { kind, refusal } => found.refused.push(RefusedEvidence {
            kind,
            code: refusal.code,
            message: refusal.message,
        }),
    }
}

#[cfg(test)]
mod tests;
