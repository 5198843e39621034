//! Accepted evidence with a certificate as it may be carried on: all that was verified, and nothing else.
//!
//! A bundle is written anew from what was read of it; of a layer the payload comes along, and of its annotations those that
//! were verified.

use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{
    AcceptedEvidence, Evidence, EvidenceBlob, EvidenceKind, SignatureFormat, TagSuffix,
};

use super::annotations;
use super::beside_key::{BesideKey, Held};
use super::candidate::{self, Candidate, Origin};
use super::{layer, layers};
use crate::manifest::ImageManifest;
use crate::refusal::Refusal;
use crate::simple_signing::{PREDICATE_TYPE_ANNOTATION, SIGNATURE_ANNOTATION};
use crate::verifier::NOT_ACCEPTED;
use crate::{Error, SIGNATURE_PREDICATE_TYPE, bundle};

/// A piece that was accepted, as evidence about `subject`.
pub(crate) fn carry(accepted: &AcceptedEvidence, subject: &Descriptor) -> Result<Evidence, Error> {
    let found = match &accepted.evidence {
        Evidence::TagLayer { suffix, layer } => {
            return layer_alone(*suffix, layer, accepted);
        }
        Evidence::Referrer { manifest, blobs } => {
            let image = ImageManifest::read(manifest).ok_or(NOT_ACCEPTED)?;
            layers(&image, blobs)
        }
    };
    for layer in &found {
        if let Some(candidate) = accepted_candidate(candidate::bundle(layer), accepted) {
            return bundle_anew(&candidate, accepted, subject);
        }
        for suffix in [TagSuffix::Sig, TagSuffix::Att] {
            if let Ok(carried) = layer_alone(suffix, layer, accepted) {
                return Ok(carried);
            }
        }
    }
    Err(NOT_ACCEPTED)
}

/// A piece that a key's signature made good, with what holds beside it: `plain` is the same without that.
pub(crate) fn carry_beside_key(
    found: &BesideKey,
    held: &Held,
    accepted: &AcceptedEvidence,
    plain: Evidence,
    subject: &Descriptor,
) -> Result<Evidence, Error> {
    match plain {
        Evidence::Referrer { .. } => bundle_anew(&held.candidate, accepted, subject),
        Evidence::TagLayer { suffix, mut layer } => {
            let verified = layer::verified_beside_key(found, &held.candidate.bundle);
            let verified = verified.map(|(name, value)| (name.clone(), value.clone()));
            layer.descriptor.annotations.extend(verified);
            Ok(Evidence::TagLayer { suffix, layer })
        }
    }
}

fn accepted_candidate(
    found: Option<Result<Candidate, Refusal>>,
    accepted: &AcceptedEvidence,
) -> Option<Candidate> {
    let candidate = found?.ok()?;
    (candidate.signed_digest() == accepted.signed_digest).then_some(candidate)
}

fn bundle_anew(
    candidate: &Candidate,
    accepted: &AcceptedEvidence,
    subject: &Descriptor,
) -> Result<Evidence, Error> {
    let predicate_type = match &accepted.kind {
        EvidenceKind::Attestation { predicate_type } => predicate_type,
        EvidenceKind::Signature {
            format: SignatureFormat::Bundle,
        } => SIGNATURE_PREDICATE_TYPE,
        EvidenceKind::Signature { .. } => return Err(NOT_ACCEPTED),
    };
    let bytes = serde_json::to_vec(&candidate.bundle).map_err(|source| Error::Encoding {
        document: "bundle",
        source,
    })?;
    bundle::referrer(bytes.into(), predicate_type, subject, accepted.time)
}

fn layer_alone(
    suffix: TagSuffix,
    layer: &EvidenceBlob,
    accepted: &AcceptedEvidence,
) -> Result<Evidence, Error> {
    let found = match suffix {
        TagSuffix::Sig => layer::signature(layer),
        TagSuffix::Att => layer::attestation(layer),
    };
    let candidate = accepted_candidate(found, accepted).ok_or(NOT_ACCEPTED)?;
    let (bytes, media_type) = match (&candidate.origin, &accepted.kind) {
        (Origin::Signature(layer), EvidenceKind::Signature { .. }) => {
            (layer.bytes.clone(), MediaType::SIMPLE_SIGNING)
        }
        (Origin::Attestation, EvidenceKind::Attestation { .. }) => (
            bundle::plain_envelope(&layer.bytes)?.ok_or(NOT_ACCEPTED)?,
            MediaType::DSSE_ENVELOPE,
        ),
        _ => return Err(NOT_ACCEPTED),
    };
    let mut descriptor = Descriptor::of(media_type, &bytes);
    for name in annotations::VERIFIED
        .into_iter()
        .chain([SIGNATURE_ANNOTATION])
    {
        if let Some(value) = layer.descriptor.annotations.get(name) {
            descriptor
                .annotations
                .insert(name.to_owned(), value.clone());
        }
    }
    if let EvidenceKind::Attestation { predicate_type } = &accepted.kind {
        let said = [
            (SIGNATURE_ANNOTATION, ""),
            (PREDICATE_TYPE_ANNOTATION, predicate_type.as_str()),
        ];
        let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
        descriptor.annotations.extend(said);
    }
    Ok(Evidence::TagLayer {
        suffix,
        layer: EvidenceBlob { descriptor, bytes },
    })
}
