//! DSSE envelopes as they are found in bundles and under `.att`: what is signed, and the signature.
//!
//! Nothing in them is verified here. Of a large envelope the payload is held once, where it is signed.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sigstore_types::pae;

use crate::codes;
use crate::json::{self, Text};
use crate::refusal::Refusal;

/// Larger texts with escapes are not unescaped: base64 needs none.
const MAX_ESCAPED: usize = 1024 * 1024;
/// More than a signature of any algorithm needs, in base64.
const MAX_SIGNATURE: usize = 64 * 1024;

/// As protobuf's JSON is read: with or without padding.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const FOR_ADDRESSES: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// An envelope with one signature.
pub(crate) struct Envelope {
    pub(crate) payload_type: String,
    /// What is signed: the pre-authentication encoding, which ends with the payload.
    signed: Vec<u8>,
    payload_at: usize,
    pub(crate) signature: Vec<u8>,
}

impl Envelope {
    /// Reads an envelope that stands alone.
    pub(crate) fn read(bytes: &[u8]) -> Option<Result<Self, Refusal>> {
        json::parse_outline::<Outline<'_>>(bytes).map(Self::of)
    }

    /// Reads an envelope that is part of a document.
    pub(crate) fn part(raw: &RawValue) -> Result<Self, Refusal> {
        json::part::<Outline<'_>>(raw)
            .ok_or_else(malformed)
            .and_then(Self::of)
    }

    fn of(outline: Outline<'_>) -> Result<Self, Refusal> {
        let payload_type = outline.payload_type.0.into_owned();
        let signature = match outline.signatures {
            Signatures {
                first: Some(signature),
                count: 1,
            } => signature,
            Signatures { count, .. } => {
                return Err(Refusal::new(
                    codes::SIGNATURES,
                    format!("its envelope has {count} signatures, and exactly one can be judged"),
                ));
            }
        };
        let signature = Some(signature.sig)
            .filter(|sig| sig.0.len() <= MAX_SIGNATURE)
            .and_then(|sig| decoded(&sig.0, Vec::new()))
            .ok_or_else(malformed)?;
        let text = text(outline.payload).ok_or_else(malformed)?;
        let length = decoded_length(&text.0);
        let mut signed = Vec::with_capacity(length + 64 + payload_type.len());
        signed.extend_from_slice(&encoded_head(&payload_type, length));
        let payload_at = signed.len();
        let signed = decoded(&text.0, signed)
            .filter(|signed| signed.len() == payload_at + length)
            .ok_or_else(malformed)?;
        Ok(Self {
            payload_type,
            signed,
            payload_at,
            signature,
        })
    }

    /// What the signature is over.
    pub(crate) fn signed(&self) -> &[u8] {
        &self.signed
    }

    /// What is inside.
    pub(crate) fn payload(&self) -> &[u8] {
        self.signed.get(self.payload_at..).unwrap_or_default()
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("payload_type", &self.payload_type)
            .field("payload", &self.payload().len())
            .finish_non_exhaustive()
    }
}

fn malformed() -> Refusal {
    Refusal::new(codes::MALFORMED, "its envelope can't be read")
}

/// The encoding of what is signed, up to the payload.
fn encoded_head(payload_type: &str, length: usize) -> Vec<u8> {
    let mut head = pae(payload_type, &[]);
    // It ends with the length of no payload and a space.
    head.truncate(head.len().saturating_sub(2));
    head.extend_from_slice(format!("{length} ").as_bytes());
    head
}

/// The text of a string, borrowed unless it has escapes.
fn text(raw: &RawValue) -> Option<Text<'_>> {
    let written = raw.get();
    let large = written.len() > MAX_ESCAPED && written.contains('\\');
    (!large).then(|| json::part(raw)).flatten()
}

/// Appends the bytes of a base64 text.
fn decoded(text: &str, mut to: Vec<u8>) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) {
        FOR_ADDRESSES
    } else {
        PLAIN
    };
    engine.decode_vec(text, &mut to).ok()?;
    Some(to)
}

fn decoded_length(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(borrow)]
    payload_type: Text<'a>,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    signatures: Signatures<'a>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    #[serde(borrow)]
    sig: Text<'a>,
}

/// The first signature, and how many there are.
struct Signatures<'a> {
    first: Option<Signature<'a>>,
    count: u64,
}

impl<'de: 'a, 'a> Deserialize<'de> for Signatures<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;

        impl<'de> Visitor<'de> for First {
            type Value = Signatures<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("signatures")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> Result<Signatures<'de>, A::Error> {
                let first = items.next_element()?;
                let mut count = u64::from(first.is_some());
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Signatures { first, count })
            }
        }

        deserializer.deserialize_seq(First)
    }
}

#[cfg(test)]
mod tests;
