//! Judges bundles, and DSSE envelopes.

use bytes::Bytes;
use promo_core::ports::{EvidenceBlob, EvidenceKind, SignatureFormat};

use super::{Acceptance, Judgement, KeyVerifier, Question, signed_digest};
use crate::bundle::{self, Content};
use crate::envelope::Envelope;
use crate::manifest::{self, ImageManifest};
use crate::refusal::Refusal;
use crate::{codes, statement};

/// What a bundle is taken for as long as it can't be read.
pub(super) const UNREADABLE: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Bundle,
};

impl KeyVerifier {
    /// Judges the bundle in a referrer.
    pub(super) fn judge_bundle(
        &self,
        question: Question<'_>,
        image: &ImageManifest,
        blobs: &[EvidenceBlob],
    ) -> Judgement {
        let unknown = Judgement::Unknown {
            kind: UNREADABLE,
            signer: None,
        };
        let Some(bytes) = bundle_bytes(image, blobs) else {
            return unknown;
        };
        let Some(bundle) = bundle::read(bytes) else {
            return unknown;
        };
        let hint = bundle.hint.as_deref();
        let refusal = match &bundle.content {
            Content::Envelope(envelope) => {
                return self.judge_envelope(question, envelope, hint, &UNREADABLE);
            }
            Content::Odd(refusal) => refusal.clone(),
            Content::Other => Refusal::new(
                codes::FORM,
                "it signs the image's bytes instead of a statement, or can't be understood",
            ),
        };
        if self.is_claimed(hint) {
            Judgement::Refused {
                kind: UNREADABLE,
                refusal,
            }
        } else {
            Judgement::Unknown {
                kind: UNREADABLE,
                signer: bundle.hint,
            }
        }
    }

    /// Judges an envelope around a statement: who signed it, and whether it is about the digest.
    pub(super) fn judge_envelope(
        &self,
        question: Question<'_>,
        envelope: &Envelope,
        hint: Option<&str>,
        otherwise: &EvidenceKind,
    ) -> Judgement {
        let payload = envelope.payload();
        let Some(key) = self.signer(envelope.signed(), &envelope.signature) else {
            let kind = statement::claimed_kind(payload, otherwise.clone());
            if self.is_claimed(hint) {
                let refusal = Refusal::new(
                    codes::SIGNATURE,
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
        let kind = statement::kind(statement.predicate_type);
        let names = statement.names.iter().map(String::as_str);
        match question.check_names(names, !question.require_names) {
            Ok(()) => Judgement::Accepted(Box::new(Acceptance {
                kind,
                signer: key.fingerprint(),
                time: statement.timestamp,
                names: statement.names,
                signed_digest: signed_digest(envelope.signed(), &envelope.signature),
            })),
            Err(refusal) => Judgement::Refused { kind, refusal },
        }
    }
}

/// The bytes of the one layer, which must be a bundle and have the digest that the manifest says.
pub(super) fn bundle_bytes<'a>(
    image: &ImageManifest,
    blobs: &'a [EvidenceBlob],
) -> Option<&'a Bytes> {
    let [layer] = image.layers.as_slice() else {
        return None;
    };
    let is_layer = |blob: &&EvidenceBlob| {
        blob.descriptor.digest == layer.digest && layer.digest.matches(&blob.bytes)
    };
    manifest::is_bundle(&layer.media_type)
        .then(|| blobs.iter().find(is_layer))
        .flatten()
        .map(|blob| &blob.bytes)
}
