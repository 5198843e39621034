//! Judges bundles that refer to the digest, and DSSE envelopes.

use jiff::Timestamp;
use promo_core::oci::RawManifest;
use promo_core::ports::{EvidenceBlob, EvidenceKind, SignatureFormat};
use sigstore_types::DsseEnvelope;

use super::{Judgement, KeyVerifier, Question};
use crate::bundle::{self, Content};
use crate::manifest::{self, ImageManifest};
use crate::refusal::{self, Refusal};
use crate::{PROMOTION_PREDICATE_TYPE, statement};

/// What a bundle is taken for as long as it can't be read.
const UNREADABLE: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Bundle,
};

impl KeyVerifier {
    pub(super) fn judge_referrer(
        &self,
        question: Question<'_>,
        manifest: &RawManifest,
        blobs: &[EvidenceBlob],
    ) -> Judgement {
        let unknown = Judgement::Unknown {
            kind: UNREADABLE,
            signer: None,
        };
        let Some(image) = ImageManifest::read(manifest) else {
            return unknown;
        };
        let Some(bytes) = bundle_bytes(&image, blobs) else {
            return unknown;
        };
        let Some(bundle) = bundle::read(bytes) else {
            return unknown;
        };
        let hint = bundle.hint.as_deref();
        let envelope = match &bundle.content {
            Content::Envelope(envelope) => envelope,
            Content::Other if self.is_claimed(hint) => {
                return Judgement::Refused {
                    kind: UNREADABLE,
                    refusal: Refusal::new(
                        refusal::FORM,
                        "it signs the image's bytes instead of a statement, or can't be understood",
                    ),
                };
            }
            Content::Other => {
                return Judgement::Unknown {
                    kind: UNREADABLE,
                    signer: bundle.hint,
                };
            }
        };
        let subject = image.subject.as_ref().map(|subject| subject.digest);
        match self.judge_envelope(question, envelope, hint, &UNREADABLE, image.created()) {
            Judgement::Accepted { kind, .. } if subject != Some(*question.digest) => {
                Judgement::Refused {
                    kind,
                    refusal: Refusal::new(refusal::DIGEST, "it refers to another digest"),
                }
            }
            judgement => judgement,
        }
    }

    /// Judges an envelope around a statement: who signed it, and whether it is about the digest.
    pub(super) fn judge_envelope(
        &self,
        question: Question<'_>,
        envelope: &DsseEnvelope,
        hint: Option<&str>,
        otherwise: &EvidenceKind,
        created: Option<Timestamp>,
    ) -> Judgement {
        let payload = envelope.payload.as_bytes();
        let signature = envelope.signature.sig.as_bytes();
        let Some(key) = self.signer(&envelope.pae(), signature) else {
            let kind = statement::claimed_kind(payload, otherwise.clone());
            if self.is_claimed(hint) {
                let refusal = Refusal::new(
                    refusal::SIGNATURE,
                    "it names an accepted key, but its signature is not by that key",
                );
                return Judgement::Refused { kind, refusal };
            }
            let signer = hint.filter(|hint| !hint.is_empty()).map(str::to_owned);
            return Judgement::Unknown { kind, signer };
        };
        let statement = match statement::read(&envelope.payload_type, payload, question.digest) {
            Ok(statement) => statement,
            Err(refusal) => {
                let kind = statement::claimed_kind(payload, otherwise.clone());
                return Judgement::Refused { kind, refusal };
            }
        };
        let time = promotion_time(&statement).or(created);
        let kind = statement::kind(statement.predicate_type);
        let is_signature = matches!(kind, EvidenceKind::Signature { .. });
        let names = statement.names.iter().map(String::as_str);
        let named = if is_signature || question.require_names {
            question.check_names(names, !question.require_names)
        } else {
            Ok(())
        };
        match named {
            Ok(()) => Judgement::Accepted {
                kind,
                signer: key.fingerprint(),
                time,
            },
            Err(refusal) => Judgement::Refused { kind, refusal },
        }
    }
}

/// The bytes of the one layer, which must be a bundle and have the digest that the manifest says.
fn bundle_bytes<'a>(image: &ImageManifest, blobs: &'a [EvidenceBlob]) -> Option<&'a [u8]> {
    let [layer] = image.layers.as_slice() else {
        return None;
    };
    let is_layer = |blob: &&EvidenceBlob| {
        blob.descriptor.digest == layer.digest && layer.digest.matches(&blob.bytes)
    };
    manifest::is_bundle(&layer.media_type)
        .then(|| blobs.iter().find(is_layer))
        .flatten()
        .map(|blob| blob.bytes.as_ref())
}

/// The time that a promotion's own record gives: it is signed, the manifest's annotation isn't.
fn promotion_time(statement: &statement::SignedStatement) -> Option<Timestamp> {
    if statement.predicate_type != PROMOTION_PREDICATE_TYPE {
        return None;
    }
    let time = statement.predicate.get("timestamp")?;
    time.as_str()?.parse().ok()
}
