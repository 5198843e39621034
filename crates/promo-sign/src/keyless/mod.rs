//! Signatures with a certificate for a short while instead of a key: what is so about them, by a [`TrustedRoot`].
//!
//! It takes bundles of the versions 0.1 to 0.3 and the layers that cosign writes under `.sig` and `.att`, brings each into
//! one form ([`candidate`], [`layer`]), has sigstore's library verify it, looks again at what that leaves open
//! ([`witnesses`], [`certificate`]), and reads what is signed. It states facts of any identity and decides nothing: a
//! signature that holds is by whoever the certificate names, and whether that is somebody to trust is for others to say.
//!
//! What is there must hold: one time, entry or promise that doesn't makes the signature prove nothing, however good the
//! others are. What isn't there is no failure (no log, say) and is not among the checks, but for the timestamp of a log of
//! certificates, which is demanded where the trusted root names such a log.
//!
//! [`beside_key`] has the same of logs and times beside signatures by keys.

pub(crate) mod annotations;
mod beside_key;
mod candidate;
mod carried;
mod certificate;
#[cfg(test)]
mod conformance;
mod layer;
mod refused;
mod trusted_root;
mod witnesses;

use jiff::Timestamp;
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::ports::{
    CertificateFacts, Check, CheckSubject, Evidence, EvidenceBlob, EvidenceKind, SignatureFacts,
    SignatureFormat, SignerFacts, TagSuffix,
};
use sigstore_verify::VerificationPolicy;
use sigstore_verify::types::{Artifact, ArtifactDigest, HashAlgorithm, SignatureContent};

pub(crate) use self::beside_key::{BesideKey, Held, judged, of_piece};
pub use self::candidate::{MAX_STATEMENT_VALUES, MAX_WITNESSES};
pub(crate) use self::carried::{carry, carry_beside_key};
pub(crate) use self::certificate::read as certificate_facts;
pub(crate) use self::refused::Failed;
pub use self::trusted_root::{MAX_TRUSTED_ROOT, TrustedRoot};

use self::candidate::{Candidate, Origin};
use self::witnesses::Witnesses;
use crate::manifest::{self, ImageManifest, ReferrerForm};
use crate::refusal::Refusal;
use crate::{SIGNATURE_PREDICATE_TYPE, codes, simple_signing, statement, verifier};

impl TrustedRoot {
    /// What is so about each signature with a certificate in a piece of evidence about `digest`, in its order. A
    /// piece with keys only, or none of any known form, has none.
    ///
    /// A signature whose checks all held is by the holder of its certificate, over a statement or payload about this digest.
    /// Else the last check says why not, by one of the codes from `PROMO-S010` to `PROMO-S016` and `PROMO-S041` to
    /// `PROMO-S050`; its times and logs are then left out.
    pub fn examine(&self, digest: &Digest, evidence: &Evidence) -> Vec<SignatureFacts> {
        match evidence {
            Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer,
            } => self.layer(digest, layer::signature(layer), &SIG),
            Evidence::TagLayer {
                suffix: TagSuffix::Att,
                layer,
            } => self.layer(digest, layer::attestation(layer), &unknown_attestation()),
            Evidence::Referrer { manifest, blobs } => {
                let Some(image) = ImageManifest::read(manifest) else {
                    return Vec::new();
                };
                let mut found = self.referrer(digest, &image, blobs);
                if image
                    .subject
                    .is_none_or(|subject| subject.digest != *digest)
                {
                    found.iter_mut().for_each(refuse_subject);
                }
                found
            }
        }
    }

    fn referrer(
        &self,
        digest: &Digest,
        image: &ImageManifest,
        blobs: &[EvidenceBlob],
    ) -> Vec<SignatureFacts> {
        let layers = layers(image, blobs);
        match ReferrerForm::of(image) {
            Some(ReferrerForm::Bundle) => match layers.as_slice() {
                [layer] if manifest::is_bundle(&layer.descriptor.media_type) => {
                    self.layer(digest, candidate::bundle(layer), &BUNDLE)
                }
                _ => Vec::new(),
            },
            Some(ReferrerForm::Signatures) => {
                let facts = |layer| self.layer(digest, layer::signature(layer), &SIG_REFERRER);
                layers.iter().flat_map(facts).collect()
            }
            Some(ReferrerForm::Attestations) => {
                let kind = unknown_attestation();
                let facts = |layer| self.layer(digest, layer::attestation(layer), &kind);
                layers.iter().flat_map(facts).collect()
            }
            None => Vec::new(),
        }
    }

    /// The facts of what a layer holds, if that is a signature with a certificate; `otherwise` is the kind where it
    /// doesn't say its own.
    fn layer(
        &self,
        digest: &Digest,
        found: Option<Result<Candidate, Refusal>>,
        otherwise: &EvidenceKind,
    ) -> Vec<SignatureFacts> {
        let facts = |candidate| match candidate {
            Ok(candidate) => self.facts(digest, &candidate, otherwise),
            Err(refusal) => unread(
                otherwise.clone(),
                SignerFacts::Unproven { claim: None },
                refusal,
            ),
        };
        Vec::from_iter(found.map(facts))
    }

    fn facts(
        &self,
        digest: &Digest,
        candidate: &Candidate,
        otherwise: &EvidenceKind,
    ) -> SignatureFacts {
        let claimed = candidate.claimed_kind(otherwise);
        let certificate = match candidate.certificate() {
            Ok(certificate) => certificate,
            Err(refusal) => {
                return unread(claimed, SignerFacts::Unproven { claim: None }, refusal);
            }
        };
        let signer = SignerFacts::Certificate(Box::new(certificate));
        match self.verify(digest, candidate, otherwise) {
            Ok(proven) => SignatureFacts {
                kind: proven.content.kind,
                signer,
                checks: self.held(candidate),
                claimed_time: proven.content.time,
                proven_times: proven.witnesses.times,
                logs: proven.witnesses.logs,
                names: proven.content.names,
                signed_digest: Some(candidate.signed_digest()),
            },
            Err(Failed { check, refusal }) => SignatureFacts {
                checks: vec![
                    Check::held(CheckSubject::Form),
                    Check::failed(check, refusal.code, refusal.message),
                ],
                ..SignatureFacts::new(claimed, signer)
            },
        }
    }

    fn verify(
        &self,
        digest: &Digest,
        candidate: &Candidate,
        otherwise: &EvidenceKind,
    ) -> Result<Proven, Failed> {
        Ok(Proven {
            witnesses: self.vouched(digest, candidate)?,
            content: candidate.content(digest, otherwise)?,
        })
    }

    /// The signature holds, and its certificate, and who vouches for it; what is signed isn't read yet.
    fn vouched(&self, digest: &Digest, candidate: &Candidate) -> Result<Witnesses, Failed> {
        let artifact = match &candidate.origin {
            Origin::Signature(layer) => Artifact::Blob(&layer.bytes),
            Origin::Bundle | Origin::Attestation => Artifact::Digest(artifact(digest)?),
        };
        let policy = self.policy(candidate);
        let verified = self.verifier.verify(artifact, &candidate.bundle, &policy);
        let verified = verified.map_err(|error| refused::of(self, candidate, digest, &error))?;
        if !verified.certificate_verified()
            || verified.sct_verified() != self.has_certificate_logs
            || verified.tlog_verified() == candidate.entries().is_empty()
        {
            return Err(Failed::new(
                CheckSubject::Form,
                codes::FORM,
                "not everything that it comes with was verified",
            ));
        }
        witnesses::of(self, candidate)
    }

    /// Any identity; what is there is verified, and of what isn't only that.
    fn policy(&self, candidate: &Candidate) -> VerificationPolicy {
        let mut policy = VerificationPolicy::any_identity();
        if candidate.entries().is_empty() {
            // Without entries there is nothing to verify; a time must then come from an authority.
            policy = policy.skip_tlog_unsafe();
        }
        if !self.has_certificate_logs {
            policy = policy.skip_sct();
        }
        policy
    }

    /// All that was checked of a candidate whose checks held.
    fn held(&self, candidate: &Candidate) -> Vec<Check> {
        let mut subjects = vec![
            CheckSubject::Form,
            CheckSubject::Signature,
            CheckSubject::CertificateChain,
            CheckSubject::CertificateValidity,
        ];
        if self.has_certificate_logs {
            subjects.push(CheckSubject::CertificateTimestamp);
        }
        subjects.extend(candidate.checks_of_witnesses());
        subjects.extend([CheckSubject::Statement, CheckSubject::Digest]);
        subjects.into_iter().map(Check::held).collect()
    }
}

/// What is so about a candidate that holds.
struct Proven {
    witnesses: Witnesses,
    content: Content,
}

/// What is signed.
struct Content {
    kind: EvidenceKind,
    names: Vec<String>,
    time: Option<Timestamp>,
}

impl Candidate {
    fn certificate(&self) -> Result<CertificateFacts, Refusal> {
        let certificate = self.bundle.signing_certificate();
        certificate.map_or_else(
            || Err(Refusal::new(codes::CERTIFICATE, "it has no certificate")),
            certificate::read,
        )
    }

    /// What is signed must be about the digest.
    fn content(&self, digest: &Digest, otherwise: &EvidenceKind) -> Result<Content, Failed> {
        if let Origin::Signature(layer) = &self.origin {
            let signed = simple_signing::read(&layer.bytes, digest).map_err(Failed::content)?;
            return Ok(Content {
                kind: otherwise.clone(),
                names: Vec::from_iter(Some(signed.name).filter(|name| !name.is_empty())),
                time: None,
            });
        }
        let SignatureContent::DsseEnvelope(envelope) = &self.bundle.content else {
            let refusal = Refusal::new(codes::FORM, "it signs no statement");
            return Err(Failed::by(CheckSubject::Form, refusal));
        };
        let payload = envelope.payload.as_bytes();
        let signed = statement::read(&envelope.payload_type, payload, digest);
        let signed = signed.map_err(Failed::content)?;
        Ok(Content {
            kind: self.kind(signed.predicate_type),
            names: signed.names,
            time: signed.timestamp,
        })
    }

    fn kind(&self, predicate_type: String) -> EvidenceKind {
        match self.origin {
            Origin::Bundle => statement::kind(predicate_type),
            // Under `.att` is never an image signature, whatever it says it is.
            Origin::Signature(_) | Origin::Attestation => {
                EvidenceKind::Attestation { predicate_type }
            }
        }
    }

    fn claimed_kind(&self, otherwise: &EvidenceKind) -> EvidenceKind {
        let SignatureContent::DsseEnvelope(envelope) = &self.bundle.content else {
            return otherwise.clone();
        };
        match statement::claimed_kind(envelope.payload.as_bytes(), otherwise.clone()) {
            EvidenceKind::Attestation { predicate_type } => self.kind(predicate_type),
            signature @ EvidenceKind::Signature { .. } => match self.origin {
                Origin::Attestation => self.kind(SIGNATURE_PREDICATE_TYPE.to_owned()),
                Origin::Bundle | Origin::Signature(_) => signature,
            },
        }
    }

    fn signed_digest(&self) -> Digest {
        signed_digest(&self.bundle.content, &self.origin)
    }
}

fn signed_digest(content: &SignatureContent, origin: &Origin) -> Digest {
    match (content, origin) {
        (SignatureContent::DsseEnvelope(envelope), _) => {
            verifier::signed_digest(&envelope.pae(), envelope.signature.sig.as_bytes())
        }
        (SignatureContent::MessageSignature(signed), Origin::Signature(layer)) => {
            verifier::signed_digest(&layer.bytes, signed.signature.as_bytes())
        }
        _ => verifier::signed_digest(&[], &[]),
    }
}

const BUNDLE: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Bundle,
};
const SIG: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Sig,
};
const SIG_REFERRER: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::SigReferrer,
};

fn unknown_attestation() -> EvidenceKind {
    EvidenceKind::Attestation {
        predicate_type: String::new(),
    }
}

/// The layers of a referrer with their bytes; those whose bytes are missing or others are left out.
fn layers(image: &ImageManifest, blobs: &[EvidenceBlob]) -> Vec<EvidenceBlob> {
    let sound = |layer: &EvidenceBlob| layer.descriptor.digest.matches(&layer.bytes);
    image.layers_in(blobs).filter(sound).collect()
}

fn artifact(digest: &Digest) -> Result<ArtifactDigest, Failed> {
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha256 => HashAlgorithm::Sha2256,
        DigestAlgorithm::Sha512 => HashAlgorithm::Sha2512,
    };
    ArtifactDigest::new(algorithm, digest.as_bytes().to_vec()).map_err(|error| {
        let message = format!("the digest can't be looked for: {error}");
        Failed::new(CheckSubject::Digest, codes::DIGEST, message)
    })
}

fn unread(kind: EvidenceKind, signer: SignerFacts, refusal: Refusal) -> SignatureFacts {
    let check = Check::failed(CheckSubject::Form, refusal.code, refusal.message);
    SignatureFacts {
        checks: vec![check],
        ..SignatureFacts::new(kind, signer)
    }
}

/// A manifest that refers to another digest proves nothing about this one, whatever it holds.
fn refuse_subject(facts: &mut SignatureFacts) {
    if facts.failure().is_some() {
        return;
    }
    let mut checks = std::mem::take(&mut facts.checks);
    checks.retain(|check| check.subject != CheckSubject::Digest);
    checks.push(Check::failed(
        CheckSubject::Digest,
        codes::DIGEST,
        "it refers to another digest",
    ));
    *facts = SignatureFacts {
        checks,
        ..SignatureFacts::new(facts.kind.clone(), facts.signer.clone())
    };
}
