//! Asks a timestamp authority (RFC 3161) when a signature was there.
//!
//! No nonce is sent: the signature itself is new each time, so no older answer can be about it. Whether the answer is about it is
//! seen when the evidence is verified.

use promo_core::ports::{Failure, ServiceRequest, ServiceUrl, Services};
use sha2::{Digest as _, Sha256};
use sigstore_types::{SignatureBytes, TimestampToken};

use super::refusal::{refused, unusable};

/// The most bytes of an answer: with a chain of certificates it has some three thousand.
const MAX_ANSWER: u64 = 64 * 1024;

/// `TimeStampReq` up to the digest: version 1, and an imprint by SHA-256 (RFC 3161, section 2.4.1).
const BEFORE: [u8; 24] = [
    0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
/// And behind it: that the authority's certificate is to be in the answer.
const BEHIND: [u8; 3] = [0x01, 0x01, 0xff];

/// A token for a signature.
pub(super) async fn ask(
    authority: &ServiceUrl,
    signature: &SignatureBytes,
    services: &dyn Services,
) -> Result<TimestampToken, Failure> {
    let question = question(signature.as_bytes());
    let request = ServiceRequest::post(
        authority.clone(),
        "a timestamp",
        MAX_ANSWER,
        "application/timestamp-query",
        question,
    )
    .with_header("accept", "application/timestamp-reply");
    let answer = services.ask(&request).await?;
    if !answer.is_success() {
        return Err(refused(&request, &answer).into());
    }
    if answer.body.is_empty() {
        return Err(unusable(&request, "it is empty").into());
    }
    Ok(TimestampToken::new(answer.body.to_vec()))
}

fn question(signature: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(signature);
    [&BEFORE[..], &digest[..], &BEHIND[..]].concat()
}

#[cfg(test)]
mod tests;
