//! Sealing: what is to be signed becomes evidence, with a key ([`KeySealer`]) or with certificates ([`KeylessSealer`]).
//!
//! A [`Seal`] is a sealer with the judge who accepts what it makes, and nothing else: with it, whatever is made is verified
//! before it is given away, and what stands somewhere already is known again. What is sealed, and what the evidence refers to, is
//! the business of `signer` and `attester`.

mod key;
mod keyless;

use std::sync::Arc;

use promo_core::ports::{
    CertificateFacts, Evidence, EvidenceSet, Failure, Sealer, Subject, Verification,
};
use promo_core::trust::{AboutImage, Judge, Pattern};

pub use key::KeySealer;
pub(crate) use keyless::{CERTIFICATE, refused};
pub use keyless::{
    IdentityToken, IdentityTokens, KeylessSealer, LogGeneration, MAX_IDENTITY_TOKEN,
    MAX_SIGNING_CONFIG, SigningServices,
};

use crate::{Error, EvidenceVerifier, KeyVerifier, SigningKey};

/// What seals, and who accepts just that.
#[derive(Debug, Clone)]
pub struct Seal {
    sealer: Arc<dyn Sealer>,
    judge: Judge,
}

impl Seal {
    /// A sealer, and a judge who accepts what it makes. Evidence that the judge doesn't accept is never given away.
    pub fn new(sealer: Arc<dyn Sealer>, judge: Judge) -> Self {
        Self {
            sealer,
            judge: judge.requiring_names(),
        }
    }

    /// Seals with a key, and accepts what that key has signed.
    pub fn with_key(key: Arc<SigningKey>) -> Self {
        let judge = KeyVerifier::new([key.public_key().clone()]).trusting_all();
        Self::new(Arc::new(KeySealer::new(key)), judge)
    }

    /// Seals with certificates for whoever the identity tokens are of, and accepts what anybody has signed with a certificate for the
    /// same identity by the same issuer as the holder of the [first one](KeylessSealer::holder), whenever that was.
    pub fn keyless(sealer: Arc<KeylessSealer>, holder: &CertificateFacts) -> Self {
        let judge = EvidenceVerifier::trusting_holder(
            sealer.trusted_root(),
            Pattern::exact(&holder.issuer),
            Pattern::exact(&holder.subject),
        );
        Self::new(sealer, judge)
    }

    /// What seals.
    pub fn sealer(&self) -> &Arc<dyn Sealer> {
        &self.sealer
    }

    /// Who accepts just that, if it names the image.
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Fails with `PROMO-S007` unless every piece is accepted.
    pub(crate) async fn verify_own(
        &self,
        subject: &Subject,
        evidence: &[Evidence],
        now: jiff::Timestamp,
    ) -> Result<(), Failure> {
        let set = EvidenceSet {
            evidence: evidence.to_vec(),
            passed_over: Vec::new(),
        };
        let about = AboutImage {
            digest: &subject.descriptor.digest,
            identity: Some(&subject.identity),
            now,
        };
        let found = self.judge.verify(about, &set).await?;
        if found.accepted.len() == evidence.len() {
            return Ok(());
        }
        let reason = first_reason(found);
        Err(Error::SelfCheck { reason }.into())
    }
}

impl From<Arc<SigningKey>> for Seal {
    fn from(key: Arc<SigningKey>) -> Self {
        Self::with_key(key)
    }
}

impl From<&Arc<SigningKey>> for Seal {
    fn from(key: &Arc<SigningKey>) -> Self {
        Self::with_key(Arc::clone(key))
    }
}

fn first_reason(found: Verification) -> String {
    let refused = found.refused.into_iter().next();
    refused.map_or_else(
        || "its signature is by nobody who is accepted".to_owned(),
        |refused| refused.message,
    )
}
