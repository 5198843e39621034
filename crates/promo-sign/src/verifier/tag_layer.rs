//! Judges the layers of images under `.sig` and `.att`.

use promo_core::ports::{EvidenceBlob, EvidenceKind, SignatureFormat};

use super::{Acceptance, Judgement, KeyVerifier, Question, signed_digest};
use crate::bundle::from_base64;
use crate::envelope::Envelope;
use crate::simple_signing::{self, SIGNATURE_ANNOTATION};
use crate::statement;

const SIG: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Sig,
};

impl KeyVerifier {
    /// Such a layer doesn't say which key it is by: one that fits none is by an unknown signer.
    pub(super) fn judge_signature_layer(
        &self,
        question: Question<'_>,
        layer: &EvidenceBlob,
    ) -> Judgement {
        let annotation = layer.descriptor.annotations.get(SIGNATURE_ANNOTATION);
        let signature = annotation.and_then(|text| from_base64(text));
        let signed = signature.filter(|_| layer.descriptor.digest.matches(&layer.bytes));
        let signed = signed.and_then(|signature| {
            let key = self.signer(&layer.bytes, &signature)?;
            Some((key, signature))
        });
        let Some((key, signature)) = signed else {
            return Judgement::Unknown {
                kind: SIG,
                signer: None,
            };
        };
        let checked = simple_signing::read(&layer.bytes, question.digest).and_then(|reference| {
            let name = Some(reference.name).filter(|name| !name.is_empty());
            question.check_names(name.as_deref(), false)?;
            Ok(Vec::from_iter(name))
        });
        match checked {
            Ok(names) => Judgement::Accepted(Box::new(Acceptance {
                kind: SIG,
                signer: key.fingerprint(),
                time: None,
                names,
                signed_digest: signed_digest(&layer.bytes, &signature),
            })),
            Err(refusal) => Judgement::Refused { kind: SIG, refusal },
        }
    }

    pub(super) fn judge_attestation_layer(
        &self,
        question: Question<'_>,
        layer: &EvidenceBlob,
    ) -> Judgement {
        let unreadable = EvidenceKind::Attestation {
            predicate_type: String::new(),
        };
        let sound = layer.descriptor.digest.matches(&layer.bytes);
        match Envelope::read(&layer.bytes).filter(|_| sound) {
            Some(Ok(envelope)) => {
                attestation_only(self.judge_envelope(question, &envelope, None, &unreadable))
            }
            // Such a layer doesn't say which key it is by.
            Some(Err(_)) | None => Judgement::Unknown {
                kind: unreadable,
                signer: None,
            },
        }
    }
}

/// An attestation layer is never an image signature, whatever predicate type it has.
fn attestation_only(judgement: Judgement) -> Judgement {
    let attestation = |kind| match kind {
        EvidenceKind::Signature { .. } => EvidenceKind::Attestation {
            predicate_type: statement::SIGNATURE_PREDICATE_TYPE.to_owned(),
        },
        attestation @ EvidenceKind::Attestation { .. } => attestation,
    };
    match judgement {
        Judgement::Accepted(mut accepted) => {
            accepted.kind = attestation(accepted.kind);
            Judgement::Accepted(accepted)
        }
        Judgement::Unknown { kind, signer } => Judgement::Unknown {
            kind: attestation(kind),
            signer,
        },
        Judgement::Refused { kind, refusal } => Judgement::Refused {
            kind: attestation(kind),
            refusal,
        },
    }
}
