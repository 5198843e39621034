//! The facts about layers of images under `.sig` and `.att`.

use promo_core::oci::Digest;
use promo_core::ports::{
    CheckSubject, EvidenceBlob, EvidenceKind, SignatureFacts, SignatureFormat,
};

use super::{KeyVerifier, by_key, checked_content, signed_digest, unproven, unreadable};
use crate::bundle::from_base64;
use crate::envelope::Envelope;
use crate::refusal::Refusal;
use crate::simple_signing::{self, SIGNATURE_ANNOTATION};
use crate::{codes, statement};

const SIG: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Sig,
};

impl KeyVerifier {
    /// Such a layer doesn't say which key it is by: one that fits none claims none.
    pub(super) fn of_signature_layer(
        &self,
        digest: &Digest,
        layer: &EvidenceBlob,
    ) -> SignatureFacts {
        let annotation = layer.descriptor.annotations.get(SIGNATURE_ANNOTATION);
        let signature = annotation.and_then(|text| from_base64(text));
        let Some(signature) = signature.filter(|_| layer.descriptor.digest.matches(&layer.bytes))
        else {
            return unreadable(SIG);
        };
        let Some(key) = self.signer(&layer.bytes, &signature) else {
            let refusal = Refusal::new(codes::SIGNATURE, "its signature is by none of the keys");
            return unproven(SIG, None, CheckSubject::Signature, refusal);
        };
        let mut facts = by_key(key, SIG, signed_digest(&layer.bytes, &signature));
        match simple_signing::read(&layer.bytes, digest) {
            Ok(reference) => {
                checked_content(&mut facts, None);
                let name = Some(reference.name).filter(|name| !name.is_empty());
                facts.names = Vec::from_iter(name);
            }
            Err(refusal) => checked_content(&mut facts, Some(refusal)),
        }
        facts
    }

    pub(super) fn of_attestation_layer(
        &self,
        digest: &Digest,
        layer: &EvidenceBlob,
    ) -> SignatureFacts {
        let kind = EvidenceKind::Attestation {
            predicate_type: String::new(),
        };
        let sound = layer.descriptor.digest.matches(&layer.bytes);
        match Envelope::read(&layer.bytes).filter(|_| sound) {
            Some(Ok(envelope)) => {
                attestation_only(self.of_envelope(digest, &envelope, None, &kind))
            }
            // Such a layer doesn't say which key it is by.
            Some(Err(_)) | None => unreadable(kind),
        }
    }
}

/// An attestation layer is never an image signature, whatever predicate type it has.
fn attestation_only(mut facts: SignatureFacts) -> SignatureFacts {
    if let EvidenceKind::Signature { .. } = facts.kind {
        facts.kind = EvidenceKind::Attestation {
            predicate_type: statement::SIGNATURE_PREDICATE_TYPE.to_owned(),
        };
    }
    facts
}
