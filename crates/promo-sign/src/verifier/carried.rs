//! Accepted evidence as it may be carried on: written anew around what was verified.
//!
//! Whoever may push to a registry can wrap a good signature in anything: other configs, annotations, layers, a certificate
//! that breaks it for others. Nothing of that comes along: neither what isn't signed nor what can't be verified
//! here, such as log entries; where roots know these, [`EvidenceVerifier`](crate::EvidenceVerifier) adds them again.

use bytes::Bytes;
use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceBlob, EvidenceKind, SignatureFormat, TagSuffix,
};

use super::{KeyVerifier, signed_digest};
use crate::envelope::Envelope;
use crate::manifest::ImageManifest;
use crate::simple_signing::SIGNATURE_ANNOTATION;
use crate::{Error, SIGNATURE_PREDICATE_TYPE, bundle};

impl KeyVerifier {
    pub(super) fn carry(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Error> {
        match &accepted.evidence {
            Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer,
            } => signature_layer(layer),
            Evidence::TagLayer {
                suffix: TagSuffix::Att,
                layer,
            } => attestation_layer(layer, &accepted.kind),
            Evidence::Referrer { manifest, blobs } => {
                let image = ImageManifest::read(manifest).ok_or(NOT_ACCEPTED)?;
                match super::bundle::bundle_bytes(&image, blobs) {
                    Some(bytes) => self.carry_bundle(accepted, bytes, subject),
                    None => layer_of(accepted, &image, blobs),
                }
            }
        }
    }

    fn carry_bundle(
        &self,
        accepted: &AcceptedEvidence,
        bytes: &Bytes,
        subject: &Descriptor,
    ) -> Result<Evidence, Error> {
        let mut keys = self.keys.iter();
        let key = keys
            .find(|key| key.fingerprint().to_string() == accepted.signer)
            .ok_or(NOT_ACCEPTED)?;
        let bytes = bundle::plain(bytes, &key.hint())?.ok_or(NOT_ACCEPTED)?;
        let predicate_type = match &accepted.kind {
            EvidenceKind::Attestation { predicate_type } => predicate_type,
            EvidenceKind::Signature {
                format: SignatureFormat::Bundle,
            } => SIGNATURE_PREDICATE_TYPE,
            EvidenceKind::Signature {
                format: SignatureFormat::Sig | SignatureFormat::SigReferrer,
            } => return Err(NOT_ACCEPTED),
        };
        bundle::referrer(bytes, predicate_type, subject, accepted.time)
    }
}

/// The layer that was accepted of a referrer that holds what else stands under a shared tag: it is carried as such.
fn layer_of(
    accepted: &AcceptedEvidence,
    image: &ImageManifest,
    blobs: &[EvidenceBlob],
) -> Result<Evidence, Error> {
    for layer in image.layers_in(blobs) {
        let signature = layer.descriptor.annotations.get(SIGNATURE_ANNOTATION);
        let signature = signature.and_then(|text| bundle::from_base64(text));
        if signature.is_some_and(|signature| {
            signed_digest(&layer.bytes, &signature) == accepted.signed_digest
        }) {
            return signature_layer(&layer);
        }
        if let Some(Ok(envelope)) = Envelope::read(&layer.bytes)
            && signed_digest(envelope.signed(), &envelope.signature) == accepted.signed_digest
        {
            return attestation_layer(&layer, &accepted.kind);
        }
    }
    Err(NOT_ACCEPTED)
}

pub(crate) const NOT_ACCEPTED: Error = Error::Inconsistent {
    reason: "it is not what this verifier has accepted",
};

/// The payload, and of the annotations the signature.
fn signature_layer(layer: &EvidenceBlob) -> Result<Evidence, Error> {
    let annotation = layer.descriptor.annotations.get(SIGNATURE_ANNOTATION);
    let signature = annotation
        .and_then(|text| bundle::from_base64(text))
        .ok_or(NOT_ACCEPTED)?;
    let mut descriptor = Descriptor::of(MediaType::SIMPLE_SIGNING, &layer.bytes);
    descriptor
        .annotations
        .insert(SIGNATURE_ANNOTATION.to_owned(), bundle::base64(&signature));
    Ok(Evidence::TagLayer {
        suffix: TagSuffix::Sig,
        layer: EvidenceBlob {
            descriptor,
            bytes: layer.bytes.clone(),
        },
    })
}

/// The envelope, and the annotations that cosign writes beside it.
///
/// A layer that was accepted as a signature is none: under `.att` the predicate type beside it is what programs
/// choose by, so it is never made up.
fn attestation_layer(layer: &EvidenceBlob, kind: &EvidenceKind) -> Result<Evidence, Error> {
    let predicate_type = match kind {
        EvidenceKind::Attestation { predicate_type } => predicate_type,
        EvidenceKind::Signature { .. } => return Err(NOT_ACCEPTED),
    };
    let bytes = bundle::plain_envelope(&layer.bytes)?.ok_or(NOT_ACCEPTED)?;
    Ok(bundle::attestation_layer(bytes, predicate_type))
}
