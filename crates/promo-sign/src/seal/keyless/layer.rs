//! Layers under `.sig` and `.att` as cosign writes them with a certificate: what vouches for the signature stands in annotations.

use promo_core::ports::EvidenceBlob;
use serde::Serialize;
use sigstore_types::{DerCertificate, Sha256Hash, TimestampToken, TransparencyLogEntry};

use super::Witnessed;
use super::certificate::Certified;
use crate::Error;
use crate::bundle::base64;
use crate::key::pem;
use crate::keyless::annotations::{BUNDLE, CERTIFICATE, CHAIN, TIMESTAMP};

/// A log's answer, as cosign keeps it.
#[derive(Serialize)]
struct Kept {
    #[serde(rename = "SignedEntryTimestamp")]
    promise: String,
    #[serde(rename = "Payload")]
    payload: KeptPayload,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptPayload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Serialize)]
struct KeptTimestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    token: String,
}

/// The layer with its certificate, the chain, and who has witnessed it. Fails with `PROMO-S065` without exactly one log's promise.
pub(super) fn annotated(
    mut blob: EvidenceBlob,
    certified: &Certified,
    witnessed: &Witnessed,
) -> Result<EvidenceBlob, Error> {
    let [entry] = witnessed.entries.as_slice() else {
        return Err(Error::LayerNeedsPromise);
    };
    let certificate = std::slice::from_ref(&certified.certificate);
    let mut annotations = vec![(CERTIFICATE, in_pem(certificate)), (BUNDLE, kept(entry)?)];
    if !certified.chain.is_empty() {
        annotations.push((CHAIN, in_pem(&certified.chain)));
    }
    if let Some(token) = witnessed.times.first() {
        annotations.push((TIMESTAMP, kept_timestamp(token)?));
    }
    for (name, value) in annotations {
        blob.descriptor.annotations.insert(name.to_owned(), value);
    }
    Ok(blob)
}

fn in_pem(chain: &[DerCertificate]) -> String {
    let blocks = chain.iter();
    let blocks = blocks.map(|found| pem::encode("CERTIFICATE", found.as_bytes()));
    blocks.map(|block| block.as_str().to_owned()).collect()
}

fn kept(entry: &TransparencyLogEntry) -> Result<String, Error> {
    let (Some(promise), Some(time)) = (&entry.inclusion_promise, entry.integrated_time) else {
        return Err(Error::LayerNeedsPromise);
    };
    let log_id = Sha256Hash::try_from(entry.log_id.key_id.as_bytes());
    let log_id = log_id.map_err(|_| Error::LayerNeedsPromise)?.to_hex();
    written(&Kept {
        promise: base64(promise.signed_entry_timestamp.as_bytes()),
        payload: KeptPayload {
            body: base64(entry.canonicalized_body.as_bytes()),
            integrated_time: time.as_second(),
            log_index: entry.log_index.get(),
            log_id,
        },
    })
}

fn kept_timestamp(token: &TimestampToken) -> Result<String, Error> {
    written(&KeptTimestamp {
        token: base64(token.as_bytes()),
    })
}

fn written(annotation: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(annotation).map_err(|source| Error::Encoding {
        document: "annotation of a layer",
        source,
    })
}
