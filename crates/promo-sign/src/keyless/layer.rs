//! Layers under `.sig` and `.att` with a certificate among their annotations: the bundles that say the same.
//!
//! cosign writes the certificate, its chain, the entry of Rekor v1 with the log's promise, and a timestamp as annotations.
//! The entry has no proof of inclusion there.

use promo_core::ports::EvidenceBlob;
use serde::Deserialize;
use sigstore_verify::types::bundle::{
    InclusionPromise, LogId, MessageSignature, Rfc3161Timestamp, TimestampVerificationData,
    VerificationMaterial, VerificationMaterialContent, X509Certificate,
};
use sigstore_verify::types::{
    Bundle, CanonicalizedBody, DerCertificate, DsseEnvelope, DsseSignature, KeyId, KindVersion,
    LogIndex, LogKeyId, MediaType, PayloadBytes, Sha256Hash, SignatureBytes, SignatureContent,
    SignedTimestamp, TimestampToken, TransparencyLogEntry,
};

use super::annotations::{BUNDLE, CERTIFICATE, CHAIN, TIMESTAMP};
use super::beside_key::BesideKey;
use super::candidate::{Candidate, MAX_WITNESSES, Origin, malformed};
use crate::bundle::from_base64;
use crate::envelope::Envelope;
use crate::refusal::Refusal;
use crate::simple_signing::SIGNATURE_ANNOTATION;
use crate::{codes, json};

/// The longest annotation that is read.
const MAX_ANNOTATION: usize = 1024 * 1024;
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// What cosign keeps of Rekor's answer.
#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: SignedTimestamp,
    #[serde(rename = "Payload")]
    payload: KeptPayload,
}

#[derive(Deserialize)]
struct KeptPayload {
    body: CanonicalizedBody,
    #[serde(rename = "integratedTime")]
    integrated_time: i64,
    #[serde(rename = "logIndex")]
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
struct KeptTimestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: TimestampToken,
}

/// What an entry says it is.
#[derive(Deserialize)]
struct Body {
    kind: String,
    #[serde(rename = "apiVersion")]
    version: String,
}

/// The signature of a layer under `.sig`; nothing if it has no certificate.
pub(super) fn signature(layer: &EvidenceBlob) -> Option<Result<Candidate, Refusal>> {
    let certificate = annotation(layer, CERTIFICATE)?;
    Some(signed_bytes(layer, certificate))
}

/// The signature of a layer under `.att`; nothing if it has no certificate.
pub(super) fn attestation(layer: &EvidenceBlob) -> Option<Result<Candidate, Refusal>> {
    let certificate = annotation(layer, CERTIFICATE)?;
    Some(signed_statement(layer, certificate))
}

fn signed_bytes(layer: &EvidenceBlob, certificate: &str) -> Result<Candidate, Refusal> {
    let signature = annotation(layer, SIGNATURE_ANNOTATION).and_then(from_base64);
    let signature = signature.ok_or_else(|| malformed("its signature can't be read"))?;
    let content = MessageSignature::new(SignatureBytes::new(signature));
    let content = SignatureContent::MessageSignature(content);
    candidate(
        layer,
        certificate,
        content,
        Origin::Signature(layer.clone()),
    )
}

fn signed_statement(layer: &EvidenceBlob, certificate: &str) -> Result<Candidate, Refusal> {
    let envelope = Envelope::read(&layer.bytes);
    let envelope = envelope.unwrap_or_else(|| Err(malformed("it holds no envelope")))?;
    candidate(layer, certificate, dsse(&envelope), Origin::Attestation)
}

/// An envelope as the library takes it.
pub(super) fn dsse(envelope: &Envelope) -> SignatureContent {
    let signature = DsseSignature::new(
        SignatureBytes::new(envelope.signature.clone()),
        KeyId::default(),
    );
    SignatureContent::DsseEnvelope(DsseEnvelope::new(
        envelope.payload_type.as_str(),
        PayloadBytes::from_bytes(envelope.payload()),
        signature,
    ))
}

/// The signature of a layer under `.sig` without a certificate, if something stands beside it.
pub(super) fn signature_by_key(layer: &EvidenceBlob) -> Option<BesideKey> {
    let signature = annotation(layer, SIGNATURE_ANNOTATION).and_then(from_base64)?;
    let content = MessageSignature::new(SignatureBytes::new(signature));
    let content = SignatureContent::MessageSignature(content);
    by_key(layer, content, Origin::Signature(layer.clone()))
}

/// The same of a layer under `.att`.
pub(super) fn attestation_by_key(layer: &EvidenceBlob) -> Option<BesideKey> {
    let envelope = Envelope::read(&layer.bytes)?.ok()?;
    by_key(layer, dsse(&envelope), Origin::Attestation)
}

fn by_key(layer: &EvidenceBlob, content: SignatureContent, origin: Origin) -> Option<BesideKey> {
    if annotation(layer, CERTIFICATE).is_some() {
        return None;
    }
    let beside = [BUNDLE, TIMESTAMP].map(|name| {
        let value = annotation(layer, name)?;
        Some((name.to_owned(), value.to_owned()))
    });
    BesideKey {
        // It demands a log's promise.
        version: MediaType::Bundle0_1,
        content,
        origin,
        entries: Vec::from_iter(annotation(layer, BUNDLE).and_then(|text| entry(text).ok())),
        tokens: Vec::from_iter(annotation(layer, TIMESTAMP).and_then(|text| token(text).ok())),
        annotations: beside.into_iter().flatten().collect(),
    }
    .readable()
}

/// Those of the annotations beside a key's signature that hold what is in the bundle.
pub(super) fn verified_beside_key<'a>(
    found: &'a BesideKey,
    held: &Bundle,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    let material = &held.verification_material;
    let times = &material.timestamp_verification_data.rfc3161_timestamps;
    let (entry, time) = (!material.tlog_entries.is_empty(), !times.is_empty());
    let annotations = found.annotations.iter();
    annotations.filter(move |(name, _)| (*name == BUNDLE && entry) || (*name == TIMESTAMP && time))
}

fn candidate(
    layer: &EvidenceBlob,
    certificate: &str,
    content: SignatureContent,
    origin: Origin,
) -> Result<Candidate, Refusal> {
    if !layer.descriptor.digest.matches(&layer.bytes) {
        return Err(malformed("the layer's bytes have another digest"));
    }
    let mut certificates = certificates(certificate)?;
    if certificates.len() != 1 {
        return Err(malformed("its certificate is not exactly one"));
    }
    if let Some(chain) = annotation(layer, CHAIN) {
        certificates.extend(self::certificates(chain)?);
    }
    let entry = annotation(layer, BUNDLE).map(entry).transpose()?;
    let times = annotation(layer, TIMESTAMP).map(token);
    let times = Vec::from_iter(times.transpose()?);
    // The older version demands a log's promise, the other may be without.
    let version = if entry.is_some() {
        MediaType::Bundle0_1
    } else {
        MediaType::Bundle0_2
    };
    let material = VerificationMaterial::new(VerificationMaterialContent::X509CertificateChain {
        certificates,
    })
    .with_tlog_entries(Vec::from_iter(entry))
    .with_timestamp_verification_data(TimestampVerificationData::new(times));
    Candidate::of(Bundle::new(version, material, content), origin)
}

fn token(text: &str) -> Result<Rfc3161Timestamp, Refusal> {
    let kept: Option<KeptTimestamp> = json::parse(text.as_bytes());
    let kept = kept.ok_or_else(|| malformed("its timestamp can't be read"))?;
    Ok(Rfc3161Timestamp::new(kept.token))
}

fn entry(text: &str) -> Result<TransparencyLogEntry, Refusal> {
    let unreadable = || malformed("the entry of its log can't be read");
    let kept: Kept = json::parse(text.as_bytes()).ok_or_else(unreadable)?;
    let id = Sha256Hash::from_hex(&kept.payload.log_id).map_err(|_| unreadable())?;
    let index = LogIndex::new(kept.payload.log_index).map_err(|_| unreadable())?;
    let time = jiff::Timestamp::from_second(kept.payload.integrated_time);
    let kind = kind(kept.payload.body.as_bytes())?;
    let log = LogId::new(LogKeyId::from_bytes(id.as_slice()));
    Ok(
        TransparencyLogEntry::new(index, log, kind, kept.payload.body)
            .with_integrated_time(time.map_err(|_| unreadable())?)
            .with_inclusion_promise(InclusionPromise::new(kept.promise)),
    )
}

fn kind(body: &[u8]) -> Result<KindVersion, Refusal> {
    let body: Body =
        json::parse(body).ok_or_else(|| malformed("the entry of its log is no JSON"))?;
    match (body.kind.as_str(), body.version.as_str()) {
        ("hashedrekord", "0.0.1") => Ok(KindVersion::HashedRekordV001),
        ("dsse", "0.0.1") => Ok(KindVersion::DsseV001),
        ("intoto", "0.0.2") => Ok(KindVersion::IntotoV002),
        _ => Err(Refusal::new(
            codes::FORM,
            "the entry of its log is of a kind that can't be judged",
        )),
    }
}

/// One or more certificates, as PEM.
fn certificates(text: &str) -> Result<Vec<X509Certificate>, Refusal> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(PEM_BEGIN) {
        if found.len() == MAX_WITNESSES {
            return Err(malformed("it has more certificates than are read"));
        }
        let rest = text.get(at..).unwrap_or_default();
        let certificate = DerCertificate::from_pem(rest)
            .map_err(|_| malformed("a certificate of it is no PEM"))?;
        found.push(X509Certificate::new(certificate));
    }
    Ok(found)
}

fn annotation<'a>(layer: &'a EvidenceBlob, name: &str) -> Option<&'a str> {
    let value = layer.descriptor.annotations.get(name)?;
    (value.len() <= MAX_ANNOTATION).then_some(value.as_str())
}
