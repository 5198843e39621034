//! Accepted evidence as it may be carried on: written anew around what was verified.
//!
//! Whoever may push to a registry can wrap a good signature in anything: other configs, annotations, layers, a certificate
//! that breaks it for others. Nothing of that comes along: neither what isn't signed nor what can't be verified
//! here, such as log entries.

use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{AcceptedEvidence, Evidence, EvidenceBlob, EvidenceKind, TagSuffix};

use super::referrer::layers;
use super::{KeyVerifier, proof};
use crate::envelope::Envelope;
use crate::manifest::{ImageManifest, ReferrerForm};
use crate::simple_signing::{PREDICATE_TYPE_ANNOTATION, SIGNATURE_ANNOTATION};
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
                if ReferrerForm::of(&image) != Some(ReferrerForm::Bundle) {
                    return tag_layer(accepted, layers(&image, blobs));
                }
                let bytes = super::bundle::bundle_bytes(&image, blobs).ok_or(NOT_ACCEPTED)?;
                let key = self
                    .keys
                    .iter()
                    .find(|key| key.fingerprint() == accepted.signer)
                    .ok_or(NOT_ACCEPTED)?;
                let bytes = bundle::plain(bytes, &key.hint())?.ok_or(NOT_ACCEPTED)?;
                bundle::referrer(
                    bytes,
                    predicate_type(&accepted.kind),
                    subject,
                    accepted.time,
                )
            }
            _ => Err(NOT_ACCEPTED),
        }
    }
}

const NOT_ACCEPTED: Error = Error::Inconsistent {
    reason: "it is not what this verifier has accepted",
};

/// The layer of a referrer that was accepted, as it stands under `.sig` or `.att`: there every client finds it.
fn tag_layer(
    accepted: &AcceptedEvidence,
    layers: impl Iterator<Item = EvidenceBlob>,
) -> Result<Evidence, Error> {
    for layer in layers {
        let (signed, signature) = match Envelope::read(&layer.bytes) {
            Some(Ok(envelope)) => (envelope.signed().to_vec(), Some(envelope.signature.clone())),
            _ => (layer.bytes.to_vec(), annotated_signature(&layer)),
        };
        let Some(signature) = signature else { continue };
        if proof(&signed, &signature) == accepted.proof {
            return match &accepted.kind {
                EvidenceKind::Signature { .. } => signature_layer(&layer),
                kind => attestation_layer(&layer, kind),
            };
        }
    }
    Err(NOT_ACCEPTED)
}

fn annotated_signature(layer: &EvidenceBlob) -> Option<Vec<u8>> {
    let annotation = layer.descriptor.annotations.get(SIGNATURE_ANNOTATION)?;
    bundle::from_base64(annotation)
}

/// The payload, and of the annotations the signature.
fn signature_layer(layer: &EvidenceBlob) -> Result<Evidence, Error> {
    let signature = annotated_signature(layer).ok_or(NOT_ACCEPTED)?;
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
fn attestation_layer(layer: &EvidenceBlob, kind: &EvidenceKind) -> Result<Evidence, Error> {
    let bytes = if bundle::is_plain_envelope(&layer.bytes) {
        layer.bytes.clone()
    } else {
        match Envelope::read(&layer.bytes) {
            Some(Ok(envelope)) => bundle::envelope_bytes(&envelope)?.into(),
            _ => return Err(NOT_ACCEPTED),
        }
    };
    let mut descriptor = Descriptor::of(MediaType::DSSE_ENVELOPE, &bytes);
    let annotations = [
        (SIGNATURE_ANNOTATION, ""),
        (PREDICATE_TYPE_ANNOTATION, predicate_type(kind)),
    ];
    descriptor.annotations = annotations
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Ok(Evidence::TagLayer {
        suffix: TagSuffix::Att,
        layer: EvidenceBlob { descriptor, bytes },
    })
}

fn predicate_type(kind: &EvidenceKind) -> &str {
    match kind {
        EvidenceKind::Attestation { predicate_type } => predicate_type,
        _ => SIGNATURE_PREDICATE_TYPE,
    }
}
