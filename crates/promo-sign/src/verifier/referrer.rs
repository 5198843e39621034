//! Judges manifests that refer to the digest: bundles, and what cosign writes under `.sig` and `.att` in a referrer
//! of its own.

use promo_core::oci::{Digest, RawManifest};
use promo_core::ports::{EvidenceBlob, EvidenceKind, SignatureFormat};

use super::bundle::UNREADABLE;
use super::{Judgement, KeyVerifier, Question};
use crate::codes;
use crate::manifest::{ImageManifest, ReferrerForm};
use crate::refusal::Refusal;

const SIG_REFERRER: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::SigReferrer,
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
        let judgement = match ReferrerForm::of(&image) {
            Some(ReferrerForm::Bundle) => self.judge_bundle(question, &image, blobs),
            Some(ReferrerForm::Signatures) => self.judge_signatures(question, &image, blobs),
            Some(ReferrerForm::Attestations) => {
                let judge = |layer: &EvidenceBlob| self.judge_attestation_layer(question, layer);
                judge_layers(&image, blobs, judge).unwrap_or(unknown)
            }
            None => unknown,
        };
        let subject = image.subject.as_ref().map(|subject| subject.digest);
        about_subject(judgement, subject, question.digest)
    }

    fn judge_signatures(
        &self,
        question: Question<'_>,
        image: &ImageManifest,
        blobs: &[EvidenceBlob],
    ) -> Judgement {
        let judge = |layer: &EvidenceBlob| self.judge_signature_layer(question, layer);
        let kind = SIG_REFERRER;
        match judge_layers(image, blobs, judge) {
            Some(Judgement::Accepted(mut accepted)) => {
                accepted.kind = kind;
                Judgement::Accepted(accepted)
            }
            Some(Judgement::Refused { refusal, .. }) => Judgement::Refused { kind, refusal },
            Some(Judgement::Unknown { signer, .. }) => Judgement::Unknown { kind, signer },
            None => Judgement::Unknown { kind, signer: None },
        }
    }
}

/// A manifest that says that it is about another digest than what it holds says is refused.
fn about_subject(judgement: Judgement, subject: Option<Digest>, digest: &Digest) -> Judgement {
    match judgement {
        Judgement::Accepted(accepted) if subject != Some(*digest) => Judgement::Refused {
            kind: accepted.kind,
            refusal: Refusal::new(codes::DIGEST, "it refers to another digest"),
        },
        judgement => judgement,
    }
}

/// The layers of a referrer with their bytes. Layers with the same payload share a blob; the signature stands in the
/// layer's annotations.
fn layers<'a>(
    image: &'a ImageManifest,
    blobs: &'a [EvidenceBlob],
) -> impl Iterator<Item = EvidenceBlob> + use<'a> {
    image.layers.iter().filter_map(|layer| {
        let blob = blobs
            .iter()
            .find(|blob| blob.descriptor.digest == layer.digest)?;
        Some(EvidenceBlob {
            descriptor: layer.clone(),
            bytes: blob.bytes.clone(),
        })
    })
}

/// Judges all layers of a referrer as one piece: what is refused refuses it, else what is accepted accepts it.
fn judge_layers(
    image: &ImageManifest,
    blobs: &[EvidenceBlob],
    judge: impl Fn(&EvidenceBlob) -> Judgement,
) -> Option<Judgement> {
    let rank = |judgement: &Judgement| match judgement {
        Judgement::Refused { .. } => 0,
        Judgement::Accepted(_) => 1,
        Judgement::Unknown { .. } => 2,
    };
    layers(image, blobs)
        .map(|layer| judge(&layer))
        .min_by_key(rank)
}
