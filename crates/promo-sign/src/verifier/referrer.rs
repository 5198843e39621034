//! The facts about manifests that refer to the digest: bundles, and what cosign writes under `.sig` and `.att` in a referrer
//! of its own.

use promo_core::oci::{Digest, RawManifest};
use promo_core::ports::{
    Check, CheckSubject, EvidenceBlob, EvidenceKind, SignatureFacts, SignatureFormat,
};

use super::bundle::UNREADABLE;
use super::{KeyVerifier, unreadable};
use crate::codes;
use crate::manifest::{ImageManifest, ReferrerForm};

const SIG_REFERRER: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::SigReferrer,
};

impl KeyVerifier {
    pub(super) fn of_referrer(
        &self,
        digest: &Digest,
        manifest: &RawManifest,
        blobs: &[EvidenceBlob],
    ) -> Vec<SignatureFacts> {
        let Some(image) = ImageManifest::read(manifest) else {
            return vec![unreadable(UNREADABLE)];
        };
        let mut signatures = match ReferrerForm::of(&image) {
            Some(ReferrerForm::Bundle) => vec![self.of_bundle(digest, &image, blobs)],
            Some(ReferrerForm::Signatures) => self.of_signatures(digest, &image, blobs),
            Some(ReferrerForm::Attestations) => image
                .layers_in(blobs)
                .map(|layer| self.of_attestation_layer(digest, &layer))
                .collect(),
            None => Vec::new(),
        };
        if signatures.is_empty() {
            signatures.push(unreadable(UNREADABLE));
        }
        // A manifest may say that it is about another digest than what it holds says.
        let subject = image.subject.as_ref().map(|subject| subject.digest);
        if subject != Some(*digest) {
            for facts in &mut signatures {
                let message = "it refers to another digest";
                let failed = Check::failed(CheckSubject::Digest, codes::DIGEST, message);
                facts.checks.push(failed);
            }
        }
        signatures
    }

    fn of_signatures(
        &self,
        digest: &Digest,
        image: &ImageManifest,
        blobs: &[EvidenceBlob],
    ) -> Vec<SignatureFacts> {
        let kind = SIG_REFERRER;
        let signatures = image.layers_in(blobs).map(|layer| SignatureFacts {
            kind: kind.clone(),
            ..self.of_signature_layer(digest, &layer)
        });
        let signatures: Vec<_> = signatures.collect();
        if signatures.is_empty() {
            return vec![unreadable(kind)];
        }
        signatures
    }
}
