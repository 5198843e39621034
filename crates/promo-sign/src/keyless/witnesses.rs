//! Who has signed when a signature was there: the logs with its entries, and the timestamp authorities.
//!
//! The library verifies a log's signed head by any key of the trusted root and doesn't say whose token a time is from. So both
//! are looked at here again: an entry must be vouched for by the very log that it names, in the time in which that log
//! counts.

use jiff::Timestamp;
use promo_core::ports::{CheckSubject, LogEntry, ProvenTime, Witness};
use sigstore_verify::crypto::Checkpoint;
use sigstore_verify::tsa;
use sigstore_verify::types::bundle::Rfc3161Timestamp;
use sigstore_verify::types::{Sha256Hash, SignatureBytes, SignatureContent, TransparencyLogEntry};

use super::candidate::Candidate;
use super::refused::Failed;
use super::trusted_root::{Log, TrustedRoot};
use crate::codes;

/// What logs and authorities have signed, ordered.
#[derive(Debug)]
pub(super) struct Witnesses {
    pub(super) times: Vec<ProvenTime>,
    pub(super) logs: Vec<LogEntry>,
}

/// Who vouches for a candidate that the library has verified.
pub(super) fn of(root: &TrustedRoot, candidate: &Candidate) -> Result<Witnesses, Failed> {
    let mut times = times(root, candidate);
    let mut logs = Vec::new();
    for entry in candidate.entries() {
        let log = log_of(root, entry)?;
        if times.iter().any(|proven| !log.counts_at(proven.time)) {
            return Err(log_key(
                "a time that is proven is not in the window of its log",
            ));
        }
        logs.push(LogEntry {
            log: log.id.to_hex(),
            index: entry.log_index.get(),
        });
    }
    // The same thing twice is no second witness.
    times.sort();
    times.dedup();
    logs.sort();
    logs.dedup();
    Ok(Witnesses { times, logs })
}

/// The times of the authorities whose tokens hold, and of the logs' promises.
pub(super) fn times(root: &TrustedRoot, candidate: &Candidate) -> Vec<ProvenTime> {
    let signature = signature(&candidate.bundle.content);
    let material = &candidate.bundle.verification_material;
    let tokens = &material.timestamp_verification_data.rfc3161_timestamps;
    let by_authorities = tokens.iter().filter_map(|token| {
        root.authorities.iter().find_map(|known| {
            let token = &token.signed_timestamp;
            let time = tsa::verify_timestamp_for_authority(token, signature?, &known.tsa);
            Some(ProvenTime {
                time: time.ok()?,
                witness: Witness::Authority(known.subject.clone()),
            })
        })
    });
    let promised = material.tlog_entries.iter().filter_map(|entry| {
        // Only a promise signs the time.
        let id = entry.inclusion_promise.as_ref().and(id(entry))?;
        Some(ProvenTime {
            time: entry.integrated_time?,
            witness: Witness::Log(id.to_hex()),
        })
    });
    by_authorities.chain(promised).collect()
}

/// Whether the log that an entry names is in the root, and counted when the entry says it was taken in.
pub(super) fn is_by_known_log(root: &TrustedRoot, entry: &TransparencyLogEntry) -> bool {
    let log = id(entry).and_then(|id| root.log(&id));
    log.is_some_and(|log| entry.integrated_time.is_none_or(|time| log.counts_at(time)))
}

/// Whether an entry names a log of the root.
pub(super) fn names_known_log(root: &TrustedRoot, entry: &TransparencyLogEntry) -> bool {
    id(entry).is_some_and(|id| root.log(&id).is_some())
}

/// Whether a token is by an authority of the root, or says so.
///
/// A token names its signer by the issuer and the serial number of its certificate, which DER writes in one way only. Where they
/// stand elsewhere in it the token is taken to say so, too: then it has to hold.
pub(super) fn names_known_authority(
    root: &TrustedRoot,
    token: &Rfc3161Timestamp,
    signature: Option<&SignatureBytes>,
) -> bool {
    let token = &token.signed_timestamp;
    root.authorities.iter().any(|known| {
        let bytes = token.as_bytes();
        let mut parts = bytes.windows(known.issuer_and_serial.len().max(1));
        parts.any(|part| part == known.issuer_and_serial)
            || signature.is_some_and(|signature| {
                tsa::verify_timestamp_for_authority(token, signature, &known.tsa).is_ok()
            })
    })
}

/// The signature, which is what tokens are about.
pub(super) fn signature(content: &SignatureContent) -> Option<&SignatureBytes> {
    match content {
        SignatureContent::MessageSignature(signature) => Some(&signature.signature),
        SignatureContent::DsseEnvelope(envelope) => Some(&envelope.signature.sig),
        _ => None,
    }
}

fn id(entry: &TransparencyLogEntry) -> Option<Sha256Hash> {
    Sha256Hash::try_from(entry.log_id.key_id.as_bytes()).ok()
}

/// The log that an entry names, if that log has signed the head of its proof.
fn log_of<'r>(root: &'r TrustedRoot, entry: &TransparencyLogEntry) -> Result<&'r Log, Failed> {
    let log = id(entry).and_then(|id| root.log(&id));
    let log = log.ok_or_else(|| log_key("its log is not in the trusted root"))?;
    let Some(proof) = &entry.inclusion_proof else {
        // The promise was verified by the key of the log that it names.
        return Ok(log);
    };
    let head = proof.checkpoint.checkpoint();
    if head.is_some_and(|head| log.has_signed(root, head)) {
        Ok(log)
    } else {
        Err(log_key(
            "the log that it names has not signed the head of the log",
        ))
    }
}

impl Log {
    fn has_signed(&self, root: &TrustedRoot, head: &Checkpoint) -> bool {
        let Some(key) = root.rekor_keys.key(&self.id) else {
            return false;
        };
        let hint = self.id.as_slice().get(..4);
        let mut signatures = head.signatures().iter();
        signatures.any(|found| {
            Some(found.key_id.as_slice()) == hint
                && key.verify(head.signed_data(), &found.signature).is_ok()
        })
    }

    fn counts_at(&self, time: Timestamp) -> bool {
        self.window.is_none_or(|window| window.contains(time))
    }
}

fn log_key(message: &str) -> Failed {
    Failed::new(CheckSubject::LogInclusion, codes::LOG_KEY, message)
}
