//! Sigstore bundles with a key: a DSSE envelope around a statement, as a referrer of its subject.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{Evidence, EvidenceBlob};
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{
    DsseEnvelope, DsseSignature, KeyId, PayloadBytes, SignatureBytes, SignatureContent, pae,
};

use crate::statement::PAYLOAD_TYPE;
use crate::{Error, SigningKey, json, manifest};

/// Signs a statement into a bundle and makes it a referrer of `subject`.
pub(crate) fn signed_referrer(
    key: &SigningKey,
    statement: Vec<u8>,
    predicate_type: &str,
    subject: &Descriptor,
    created: jiff::Timestamp,
) -> Result<Evidence, Error> {
    let signature = key.sign(&pae(PAYLOAD_TYPE, &statement))?;
    let envelope = DsseEnvelope::new(
        PAYLOAD_TYPE,
        PayloadBytes::new(statement),
        DsseSignature::new(SignatureBytes::new(signature), KeyId::default()),
    );
    let hint = key.public_key().hint();
    let material = VerificationMaterialV03::PublicKey { hint };
    let bundle = BundleV03::new(material, SignatureContent::DsseEnvelope(envelope)).into_bundle();
    let bytes = serde_json::to_vec(&bundle).map_err(|source| Error::Encoding {
        document: "bundle",
        source,
    })?;
    let layer = Descriptor::of(MediaType::SIGSTORE_BUNDLE, &bytes);
    let manifest = manifest::bundle_manifest(&layer, subject, predicate_type, created)?;
    let config = EvidenceBlob {
        descriptor: Descriptor::of(MediaType::OCI_EMPTY, manifest::EMPTY_CONFIG),
        bytes: manifest::EMPTY_CONFIG.into(),
    };
    let bundle = EvidenceBlob {
        descriptor: layer,
        bytes: bytes.into(),
    };
    Ok(Evidence::Referrer {
        manifest,
        blobs: vec![config, bundle],
    })
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
    Envelope(DsseEnvelope),
    /// A signature over the bytes of the artifact, or anything else that is no single envelope.
    Other,
}

/// Reads a bundle of any version; nothing if it isn't one. It is read leniently: what decides is
/// the signature, and log entries are not looked at.
pub(crate) fn read(bytes: &[u8]) -> Option<FoundBundle> {
    let value: serde_json::Value = json::parse(bytes)?;
    let bundle = value.as_object()?;
    let material = bundle.get("verificationMaterial")?.as_object()?;
    let hint = material
        .get("publicKey")
        .and_then(|key| key.get("hint")?.as_str())
        .map(str::to_owned);
    let envelope = match (bundle.get("dsseEnvelope"), bundle.get("messageSignature")) {
        (Some(envelope), None) => serde_json::from_value(envelope.clone()).ok(),
        _ => None,
    };
    Some(FoundBundle {
        hint,
        content: envelope.map_or(Content::Other, Content::Envelope),
    })
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64 with padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
