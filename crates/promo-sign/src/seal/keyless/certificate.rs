//! A certificate for a while with its key: what signs until most of its life is over.

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use promo_core::ports::CertificateFacts;
use sigstore_types::DerCertificate;

use crate::{Error, SigningKey};

/// How much of a certificate's life is used, in fifths: a signature that is made has to be witnessed before the end.
const USED_FIFTHS: i32 = 4;

/// A key and the certificate for it.
pub(super) struct Certified {
    key: SigningKey,
    pub(super) certificate: DerCertificate,
    /// From the one that gave it, to the root or the one below it.
    pub(super) chain: Vec<DerCertificate>,
    pub(super) facts: CertificateFacts,
    until: Timestamp,
    is_tried: OnceLock<()>,
}

impl Certified {
    /// A certificate that was received at this time. Its life is counted from then on by our own clock: the authority's may be
    /// another.
    pub(super) fn new(
        key: SigningKey,
        certificate: DerCertificate,
        chain: Vec<DerCertificate>,
        facts: CertificateFacts,
        received: Timestamp,
    ) -> Self {
        let life = facts.not_after.duration_since(facts.not_before);
        let used = life.max(SignedDuration::ZERO) / 5 * USED_FIFTHS;
        Self {
            key,
            certificate,
            chain,
            facts,
            until: received.saturating_add(used).unwrap_or(received),
            is_tried: OnceLock::new(),
        }
    }

    pub(super) fn may_sign_at(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Whether it has been seen to work.
    pub(super) fn is_tried(&self) -> bool {
        self.is_tried.get().is_some()
    }

    pub(super) fn tried(&self) {
        self.is_tried.get_or_init(|| ());
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.key.sign(message)
    }
}
