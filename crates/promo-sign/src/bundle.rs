//! Sigstore bundles: a DSSE envelope around a statement, as a referrer of its subject; those with a key are written and read here.

mod plain;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{Evidence, EvidenceBlob, TagSuffix};
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{
    DsseEnvelope, DsseSignature, KeyId, PayloadBytes, SignatureBytes, SignatureContent,
};

use crate::envelope::Envelope;
use crate::json::{self, Text};
use crate::refusal::Refusal;
use crate::simple_signing::{PREDICATE_TYPE_ANNOTATION, SIGNATURE_ANNOTATION};
use crate::{Error, manifest};

/// A hint is the digest of a key; a longer one names none.
const MAX_HINT: usize = 1000;

/// An envelope with one signature.
pub(crate) fn envelope(payload_type: &str, payload: Vec<u8>, signature: Vec<u8>) -> DsseEnvelope {
    DsseEnvelope::new(
        payload_type,
        PayloadBytes::new(payload),
        DsseSignature::new(SignatureBytes::new(signature), KeyId::default()),
    )
}

/// Writes a bundle whose signature is by the key that the hint names.
pub(crate) fn of_key(hint: String, envelope: DsseEnvelope) -> Result<Vec<u8>, Error> {
    let material = VerificationMaterialV03::PublicKey { hint };
    let bundle = BundleV03::new(material, SignatureContent::DsseEnvelope(envelope)).into_bundle();
    serde_json::to_vec(&bundle).map_err(|source| Error::Encoding {
        document: "bundle",
        source,
    })
}

/// An envelope as a layer under `.att`, with the annotations that cosign writes.
pub(crate) fn attestation_layer(bytes: Bytes, predicate_type: &str) -> Evidence {
    Evidence::TagLayer {
        suffix: TagSuffix::Att,
        layer: attestation_blob(bytes, predicate_type),
    }
}

/// The same without the tag.
pub(crate) fn attestation_blob(bytes: Bytes, predicate_type: &str) -> EvidenceBlob {
    let mut descriptor = Descriptor::of(MediaType::DSSE_ENVELOPE, &bytes);
    let annotations = [
        (SIGNATURE_ANNOTATION, ""),
        (PREDICATE_TYPE_ANNOTATION, predicate_type),
    ];
    descriptor.annotations = annotations
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    EvidenceBlob { descriptor, bytes }
}

/// An envelope that stands alone and was verified: its bytes if nothing else is in them, else written anew. Nothing if it is no
/// envelope.
pub(crate) fn plain_envelope(bytes: &Bytes) -> Result<Option<Bytes>, Error> {
    if plain::is_envelope(bytes) {
        return Ok(Some(bytes.clone()));
    }
    let Some(Ok(found)) = Envelope::read(bytes) else {
        return Ok(None);
    };
    let envelope = envelope(
        &found.payload_type,
        found.payload().to_vec(),
        found.signature.clone(),
    );
    Ok(Some(written(&envelope)?.into()))
}

/// Writes an envelope that stands alone.
pub(crate) fn written(envelope: &DsseEnvelope) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(envelope).map_err(|source| Error::Encoding {
        document: "envelope",
        source,
    })
}

/// A bundle as a referrer of `subject`, in the one form in which promo writes it.
pub(crate) fn referrer(
    bundle: Bytes,
    predicate_type: &str,
    subject: &Descriptor,
    created: Option<jiff::Timestamp>,
) -> Result<Evidence, Error> {
    let layer = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bundle);
    let manifest = manifest::bundle_manifest(&layer, subject, predicate_type, created)?;
    let config = EvidenceBlob {
        descriptor: Descriptor::of(MediaType::OCI_EMPTY, manifest::EMPTY_CONFIG),
        bytes: manifest::EMPTY_CONFIG.into(),
    };
    let bundle = EvidenceBlob {
        descriptor: layer,
        bytes: bundle,
    };
    Ok(Evidence::Referrer {
        manifest,
        blobs: vec![config, bundle],
    })
}

/// A bundle whose signature was verified, with nothing in it but that: the bytes as they are if nothing else is
/// in them, else written anew. Nothing if it is no such bundle.
pub(crate) fn plain(bytes: &Bytes, hint: &str) -> Result<Option<Bytes>, Error> {
    if plain::is_bundle(bytes, hint) {
        return Ok(Some(bytes.clone()));
    }
    let Some(FoundBundle {
        content: Content::Envelope(found),
        ..
    }) = read(bytes)
    else {
        return Ok(None);
    };
    let Envelope {
        payload_type,
        signature,
        ..
    } = &found;
    let envelope = envelope(payload_type, found.payload().to_vec(), signature.clone());
    of_key(hint.to_owned(), envelope).map(|bytes| Some(bytes.into()))
}

/// A bundle as it was found. Nothing in it is verified yet.
#[derive(Debug)]
pub(crate) struct FoundBundle {
    /// Which key it says it was signed with.
    pub(crate) hint: Option<String>,
    /// What it signs.
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Envelope(Envelope),
    /// An envelope that can't be judged.
    Odd(Refusal),
    /// A signature over the bytes of the artifact, or nothing that is known.
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(borrow)]
    verification_material: Material<'a>,
    #[serde(default, borrow)]
    dsse_envelope: Option<&'a RawValue>,
    #[serde(default, borrow)]
    message_signature: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material<'a> {
    #[serde(default, borrow)]
    public_key: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct PublicKeyHint<'a> {
    #[serde(borrow)]
    hint: Text<'a>,
}

/// Reads a bundle of any version; nothing if it isn't one. It is read leniently: what decides is
/// the signature, and log entries are not looked at.
pub(crate) fn read(bytes: &[u8]) -> Option<FoundBundle> {
    let bundle: Outline<'_> = json::parse_outline(bytes)?;
    let hint = bundle
        .verification_material
        .public_key
        .and_then(json::part::<PublicKeyHint<'_>>)
        .map(|key| key.hint.0)
        .filter(|hint| hint.len() <= MAX_HINT)
        .map(Cow::into_owned);
    let content = match (bundle.dsse_envelope, bundle.message_signature) {
        (Some(envelope), None) => match Envelope::part(envelope) {
            Ok(envelope) => Content::Envelope(envelope),
            Err(refusal) => Content::Odd(refusal),
        },
        _ => Content::Other,
    };
    Some(FoundBundle { hint, content })
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64 with padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
