//! Who is trusted: keys with the time in which they are, and holders of certificates.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::pattern::Pattern;
use crate::ports::{CertificateFacts, KeyFingerprint};

/// Who is trusted.
#[derive(Debug, Clone)]
pub enum TrustedSigner {
    /// Whoever has this key, within bounds.
    Key {
        /// The key.
        key: KeyFingerprint,
        /// When it is trusted.
        validity: KeyValidity,
    },
    /// Whoever has a certificate of a trusted root for this identity.
    Keyless(KeylessSigner),
}

/// When a key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyValidity {
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until then, which is no longer part of it.
    pub until: Option<Timestamp>,
    /// That it is revoked.
    pub revoked: Option<Revocation>,
}

/// That a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// Others may have it: nothing counts that it has ever signed, whatever time is proven.
    Compromised,
    /// Another key has taken its place: what is proven to have been signed before goes on counting.
    Superseded,
}

/// An identity that certificates are issued for.
#[derive(Debug, Clone)]
pub struct KeylessSigner {
    /// Who vouches for it.
    pub issuer: Pattern,
    /// The identity: an e-mail address, or a URI.
    pub subject: Pattern,
    /// What else has to be certified, by the names in [`CertificateFacts::claims`].
    pub claims: BTreeMap<String, Pattern>,
}

impl KeylessSigner {
    /// Whether a certificate is for this identity. Whether the certificate is good is another matter.
    pub fn fits(&self, certificate: &CertificateFacts) -> bool {
        let claim = |(name, wanted): (&String, &Pattern)| {
            let found = certificate.claims.get(name);
            found.is_some_and(|found| wanted.matches(found))
        };
        self.issuer.matches(&certificate.issuer)
            && self.subject.matches(&certificate.subject)
            && self.claims.iter().all(claim)
    }
}
