//! Public keys: P-256, Ed25519 or RSA, as SPKI.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::ports::KeyFingerprint;
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};

use super::rsa::{self, RsaKey};
use super::{KeyAlgorithm, der, pem};
use crate::Error;

/// A key that verifies.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    fingerprint: KeyFingerprint,
    algorithm: KeyAlgorithm,
    key: Verifying,
}

/// Whoever does the arithmetic.
#[derive(Clone)]
enum Verifying {
    Sigstore(CosignVerificationKey),
    Rsa(RsaKey),
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` in PEM form, or an `RSA PUBLIC KEY`.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let expected = "one PEM block labelled PUBLIC KEY";
        match pem::blocks(pem).as_deref() {
            Some([block]) if block.label == "PUBLIC KEY" => Self::from_spki(&block.contents),
            Some([block]) if block.label == "RSA PUBLIC KEY" => {
                Self::from_spki(&rsa::spki_of(&block.contents))
            }
            Some([block]) if block.label.ends_with("PRIVATE KEY") => Err(Error::OtherHalf {
                found: "private",
                needed: "public",
            }),
            _ => Err(Error::KeyFormat { expected }),
        }
    }

    /// Reads a public key as DER of `SubjectPublicKeyInfo`.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        let (algorithm, key) = match der::public_algorithm(spki) {
            Some(algorithm) => (
                algorithm,
                Verifying::Sigstore(sigstore_key(spki, algorithm)?),
            ),
            None => match RsaKey::from_spki(spki) {
                Some(key) => (KeyAlgorithm::Rsa, Verifying::Rsa(key)),
                None => return Err(unsupported(der::algorithm_name(spki))),
            },
        };
        Ok(Self {
            spki: spki.to_vec(),
            fingerprint: KeyFingerprint::of_spki(spki),
            algorithm,
            key,
        })
    }

    /// The key in PEM form.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki).as_str().to_owned()
    }

    /// The key as DER of `SubjectPublicKeyInfo`.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Which key it is.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// Which key it is, as bundles say it: the base64 of the SHA-256 of its SPKI.
    pub fn hint(&self) -> String {
        STANDARD.encode(self.fingerprint.as_bytes())
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Whether `signature` over `message` is by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            Verifying::Sigstore(key) => key
                .verify_signature(Signature::Raw(signature), message)
                .is_ok(),
            Verifying::Rsa(key) => key.verifies(message, signature),
        }
    }
}

fn sigstore_key(spki: &[u8], algorithm: KeyAlgorithm) -> Result<CosignVerificationKey, Error> {
    let scheme = scheme(algorithm).ok_or_else(|| unsupported(der::algorithm_name(spki)))?;
    CosignVerificationKey::from_der(spki, &scheme).map_err(|source| Error::Key {
        operation: "verifying",
        source: Box::new(source),
    })
}

/// How the library that signs calls an algorithm; nothing for those that only verify.
pub(super) fn scheme(algorithm: KeyAlgorithm) -> Option<SigningScheme> {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => Some(SigningScheme::ECDSA_P256_SHA256_ASN1),
        KeyAlgorithm::Ed25519 => Some(SigningScheme::ED25519),
        KeyAlgorithm::Rsa => None,
    }
}

fn unsupported(algorithm: &'static str) -> Error {
    Error::KeyAlgorithm {
        algorithm: match algorithm {
            "RSA" => "RSA of this size or form",
            other => other,
        },
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}
