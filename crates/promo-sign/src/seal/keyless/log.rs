//! Enters signatures into transparency logs (Rekor) of both generations.
//!
//! A log of the first generation answers 409 where it has the same entry already: after an answer that was lost, say. The entry is
//! then read. What a log answers is not verified here.

use std::collections::BTreeMap;

use promo_core::ports::{Failure, ServiceAnswer, ServiceRequest, Services};
use sha2::{Digest as _, Sha256};
use sigstore_types::{
    DerCertificate, DsseEnvelope, KindVersion, Sha256Hash, SignatureBytes, TransparencyLogEntry,
};
use sigstore_verify::rekor::{
    DsseEntry, HashedRekord, HashedRekordV2, LogEntry, RekorV2KeyDetails,
};

use super::LogGeneration;
use super::refusal::{refused, unusable};
use super::signing_config::Log;
use crate::{Error, json};

const WHAT: &str = "an entry of a transparency log";
/// The most bytes of an answer: an entry repeats digests only, and its proof.
const MAX_ANSWER: u64 = 1024 * 1024;
const JSON: &str = "application/json";
/// Where logs of the first generation have their entries.
const ENTRIES: &str = "api/v1/log/entries";
const CONFLICT: u16 = 409;
/// The most characters of the name of an entry: a tree and a digest, in hexadecimal digits.
const MAX_NAME: usize = 80;

/// What is entered.
#[derive(Clone, Copy)]
pub(super) enum Entered<'a> {
    /// A statement in its envelope.
    Envelope {
        envelope: &'a DsseEnvelope,
        certificate: &'a DerCertificate,
    },
    /// Bytes and the signature over them.
    Payload {
        payload: &'a [u8],
        signature: &'a SignatureBytes,
        certificate: &'a DerCertificate,
    },
}

/// The entry that a log has made.
pub(super) async fn enter(
    log: &Log,
    entered: Entered<'_>,
    services: &dyn Services,
) -> Result<TransparencyLogEntry, Failure> {
    match log.generation {
        LogGeneration::One => enter_promised(log, entered, services).await,
        LogGeneration::Two => enter_proven(log, entered, services).await,
    }
}

async fn enter_promised(
    log: &Log,
    entered: Entered<'_>,
    services: &dyn Services,
) -> Result<TransparencyLogEntry, Failure> {
    let (body, kind) = match entered {
        Entered::Envelope {
            envelope,
            certificate,
        } => {
            let entry =
                DsseEntry::new(envelope, certificate).map_err(|error| Error::SelfCheck {
                    reason: format!("its entry can't be written: {error}"),
                })?;
            (written(&entry)?, KindVersion::DsseV001)
        }
        Entered::Payload {
            payload,
            signature,
            certificate,
        } => {
            let entry = HashedRekord::new(&sha256(payload), signature, certificate);
            (written(&entry)?, KindVersion::HashedRekordV001)
        }
    };
    let url = log.url.below(ENTRIES);
    let request = ServiceRequest::post(url, WHAT, MAX_ANSWER, JSON, body);
    let mut answer = services.ask(&request).await?;
    if answer.status == CONFLICT {
        let name = name_of_other(&answer).ok_or_else(|| refused(&request, &answer))?;
        let url = log.url.below(&format!("{ENTRIES}/{name}"));
        let request = ServiceRequest::get(url, WHAT, MAX_ANSWER);
        answer = services.ask(&request).await?;
    }
    if !answer.is_success() {
        return Err(refused(&request, &answer).into());
    }
    let entries: Option<BTreeMap<String, LogEntry>> = json::parse(&answer.body);
    let mut entries = entries.unwrap_or_default().into_values();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(unusable(&request, "it is not exactly one entry").into());
    };
    let entry = entry.to_bundle_entry(kind);
    Ok(entry.map_err(|error| unusable(&request, &error.to_string()))?)
}

async fn enter_proven(
    log: &Log,
    entered: Entered<'_>,
    services: &dyn Services,
) -> Result<TransparencyLogEntry, Failure> {
    let (digest, signature, certificate) = match entered {
        Entered::Envelope {
            envelope,
            certificate,
        } => (
            sha256(&envelope.pae()),
            &envelope.signature.sig,
            certificate,
        ),
        Entered::Payload {
            payload,
            signature,
            certificate,
        } => (sha256(payload), signature, certificate),
    };
    let details = RekorV2KeyDetails::PkixEcdsaP256Sha256;
    let entry = HashedRekordV2::new_with_certificate(&digest, signature, certificate, details);
    let url = log.url.below("api/v2/log/entries");
    let request = ServiceRequest::post(url, WHAT, MAX_ANSWER, JSON, written(&entry)?);
    let answer = services.ask(&request).await?;
    if !answer.is_success() {
        return Err(refused(&request, &answer).into());
    }
    let entry = json::parse(&answer.body).ok_or_else(|| unusable(&request, "it is no entry"))?;
    Ok(entry)
}

/// The name of the entry that a log has already, from where it points to.
fn name_of_other(answer: &ServiceAnswer) -> Option<&str> {
    let name = answer.location.as_deref()?.rsplit('/').next()?;
    let is_name = !name.is_empty()
        && name.len() <= MAX_NAME
        && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then_some(name)
}

fn written(entry: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(entry).map_err(|source| Error::Encoding {
        document: "entry of a log",
        source,
    })
}

fn sha256(bytes: &[u8]) -> Sha256Hash {
    Sha256Hash::new(Sha256::digest(bytes).into())
}
