//! Public keys: P-256 or Ed25519 as SPKI.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::oci::Digest;
use sigstore::crypto::{CosignVerificationKey, Signature, SigningScheme};

use super::{KeyAlgorithm, der, pem};
use crate::Error;

/// A key that verifies.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    digest: Digest,
    algorithm: KeyAlgorithm,
    key: CosignVerificationKey,
}

impl PublicKey {
    /// Reads a `PUBLIC KEY` in PEM form.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        match pem::blocks(pem).as_deref() {
            Some([block]) if block.label == "PUBLIC KEY" => Self::from_spki(&block.contents),
            _ => Err(Error::KeyFormat {
                expected: "one PEM block labelled PUBLIC KEY",
            }),
        }
    }

    /// Reads a public key as DER of `SubjectPublicKeyInfo`.
    pub fn from_spki(spki: &[u8]) -> Result<Self, Error> {
        let algorithm = der::public_algorithm(spki).ok_or(Error::KeyAlgorithm {
            algorithm: der::algorithm_name(spki),
        })?;
        let key = CosignVerificationKey::from_der(spki, &scheme(algorithm)).map_err(|source| {
            Error::Key {
                operation: "verifying",
                source: Box::new(source),
            }
        })?;
        Ok(Self {
            spki: spki.to_vec(),
            digest: Digest::sha256_of(spki),
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

    /// Which key it is: `sha256:` and the hexadecimal digest of its SPKI.
    pub fn fingerprint(&self) -> String {
        self.digest.to_string()
    }

    /// Which key it is, as bundles say it: the base64 of the SHA-256 of its SPKI.
    pub fn hint(&self) -> String {
        STANDARD.encode(self.digest.as_bytes())
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Whether `signature` over `message` is by this key.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::Raw(signature);
        self.key.verify_signature(signature, message).is_ok()
    }

    pub(super) fn scheme(&self) -> SigningScheme {
        scheme(self.algorithm)
    }
}

fn scheme(algorithm: KeyAlgorithm) -> SigningScheme {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => SigningScheme::ECDSA_P256_SHA256_ASN1,
        KeyAlgorithm::Ed25519 => SigningScheme::ED25519,
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
