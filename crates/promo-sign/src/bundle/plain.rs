//! Whether a bundle or an envelope holds nothing but what its signature makes good: no log entry, no unknown field, no
//! padding. Such bytes are carried as they are, so that they keep the digest that their signer knows.

use promo_core::oci::MediaType;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Text};

/// The most bytes of a document that are none of its values: names, punctuation and what writers put between them.
const MAX_AROUND: usize = 600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Bundle<'a> {
    #[serde(borrow)]
    media_type: Text<'a>,
    #[serde(borrow)]
    verification_material: Material<'a>,
    #[serde(borrow)]
    dsse_envelope: Envelope<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Material<'a> {
    #[serde(borrow)]
    public_key: Key<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key<'a> {
    #[serde(borrow)]
    hint: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    payload_type: Text<'a>,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    signatures: [Signature<'a>; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature<'a> {
    #[serde(borrow)]
    sig: Text<'a>,
    /// Empty, where it is written: nobody signed it.
    #[serde(default, borrow)]
    keyid: Text<'a>,
}

/// Whether it is a bundle of the version that promo writes, with an envelope and the key's hint.
pub(super) fn is_bundle(bytes: &[u8], hint: &str) -> bool {
    json::parse_outline::<Bundle<'_>>(bytes).is_some_and(|bundle| {
        bundle.media_type.0 == MediaType::SIGSTORE_BUNDLE
            && bundle.verification_material.public_key.hint.0 == hint
            && bundle.dsse_envelope.is_plain(bytes.len())
    })
}

/// Whether it is an envelope.
pub(crate) fn is_envelope(bytes: &[u8]) -> bool {
    json::parse_outline::<Envelope<'_>>(bytes)
        .is_some_and(|envelope| envelope.is_plain(bytes.len()))
}

impl Envelope<'_> {
    fn is_plain(&self, bytes: usize) -> bool {
        let [signature] = &self.signatures;
        let payload = self.payload.get();
        let values = payload.len() + self.payload_type.0.len() + signature.sig.0.len();
        signature.keyid.0.is_empty()
            && !payload.contains('\\')
            && bytes.saturating_sub(values) <= MAX_AROUND
    }
}
