//! The facts about bundles, and DSSE envelopes.

use bytes::Bytes;
use promo_core::oci::Digest;
use promo_core::ports::{
    CheckSubject, EvidenceBlob, EvidenceKind, SignatureFacts, SignatureFormat,
};

use super::{KeyVerifier, by_key, checked_content, claimed, signed_digest, unproven, unreadable};
use crate::bundle::{self, Content};
use crate::envelope::Envelope;
use crate::manifest::{self, ImageManifest};
use crate::refusal::Refusal;
use crate::{codes, statement};

/// What a bundle is taken for as long as it can't be read.
pub(super) const UNREADABLE: EvidenceKind = EvidenceKind::Signature {
    format: SignatureFormat::Bundle,
};

impl KeyVerifier {
    /// Of the bundle in a referrer.
    pub(super) fn of_bundle(
        &self,
        digest: &Digest,
        image: &ImageManifest,
        blobs: &[EvidenceBlob],
    ) -> SignatureFacts {
        let Some(bundle) = bundle_bytes(image, blobs).and_then(|bytes| bundle::read(bytes)) else {
            return unreadable(UNREADABLE);
        };
        let hint = bundle.hint.as_deref();
        let refusal = match bundle.content {
            Content::Envelope(envelope) => {
                return self.of_envelope(digest, &envelope, hint, &UNREADABLE);
            }
            Content::Odd(refusal) => refusal,
            Content::Other => Refusal::new(
                codes::FORM,
                "it signs the image's bytes instead of a statement, or can't be understood",
            ),
        };
        unproven(UNREADABLE, claimed(hint), CheckSubject::Form, refusal)
    }

    /// Of an envelope around a statement: who signed it, and whether it is about the digest.
    pub(super) fn of_envelope(
        &self,
        digest: &Digest,
        envelope: &Envelope,
        hint: Option<&str>,
        otherwise: &EvidenceKind,
    ) -> SignatureFacts {
        let payload = envelope.payload();
        let claimed_kind = || statement::claimed_kind(payload, otherwise.clone());
        let Some(key) = self.signer(envelope.signed(), &envelope.signature) else {
            let message = match hint {
                Some(_) => "its signature is not by the key that it names",
                None => "its signature is by none of the keys",
            };
            let refusal = Refusal::new(codes::SIGNATURE, message);
            let subject = CheckSubject::Signature;
            return unproven(claimed_kind(), claimed(hint), subject, refusal);
        };
        let signed = signed_digest(envelope.signed(), &envelope.signature);
        match statement::read(&envelope.payload_type, payload, digest) {
            Ok(statement) => {
                let kind = statement::kind(statement.predicate_type);
                let mut facts = by_key(key, kind, signed);
                checked_content(&mut facts, None);
                facts.names = statement.names;
                facts.claimed_time = statement.timestamp;
                facts
            }
            Err(refusal) => {
                let mut facts = by_key(key, claimed_kind(), signed);
                checked_content(&mut facts, Some(refusal));
                facts
            }
        }
    }
}

/// The bytes of the one layer, which must be a bundle and have the digest that the manifest says.
pub(super) fn bundle_bytes<'a>(
    image: &ImageManifest,
    blobs: &'a [EvidenceBlob],
) -> Option<&'a Bytes> {
    let [layer] = image.layers.as_slice() else {
        return None;
    };
    let is_layer = |blob: &&EvidenceBlob| {
        blob.descriptor.digest == layer.digest && layer.digest.matches(&blob.bytes)
    };
    manifest::is_bundle(&layer.media_type)
        .then(|| blobs.iter().find(is_layer))
        .flatten()
        .map(|blob| &blob.bytes)
}
