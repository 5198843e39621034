//! Keys: a [`SigningKey`] that signs and a [`PublicKey`] that verifies, read from PEM and made anew.
//!
//! The forms are those of cosign: its encrypted private key, PKCS#8, SEC1, and SPKI for public keys.
//! Secrets are wiped from memory when they are dropped, and can't be printed.

mod der;
mod encrypted;
pub(crate) mod pem;
mod public;
mod rsa;

use std::fmt;

use sigstore::crypto::signing_key::{SigStoreKeyPair, SigStoreSigner, ecdsa::ECDSAKeys};
use sigstore::crypto::signing_key::{ecdsa::EllipticCurve, ed25519::Ed25519Keys};
use sigstore::errors::SigstoreError;
use zeroize::Zeroizing;

use crate::Error;

pub use der::KeyAlgorithm;
pub(crate) use der::{ed25519_point, ed25519_seed};
pub use public::PublicKey;

/// A password. It can't be printed, and is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the bytes of a password. No bytes are a password, too.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A key that signs. Only its public half can be printed.
pub struct SigningKey {
    signer: SigStoreSigner,
    public: PublicKey,
}

impl SigningKey {
    /// Reads a private key: `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` (SEC1), or cosign's `ENCRYPTED
    /// SIGSTORE PRIVATE KEY` and `ENCRYPTED COSIGN PRIVATE KEY`, which need the password.
    /// P-256 and Ed25519 are accepted, others are refused (`PROMO-S004`): RSA keys only verify.
    pub fn from_pem(pem: &[u8], password: Option<&Password>) -> Result<Self, Error> {
        Self::from_pkcs8(&private_pkcs8(pem, password)?)
    }

    /// Makes a new P-256 key.
    pub fn generate() -> Result<Self, Error> {
        let pair = ECDSAKeys::new(EllipticCurve::P256).map_err(failed("making a key"))?;
        Self::from_pair(&SigStoreKeyPair::ECDSA(pair))
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `message`: ECDSA over its SHA-256 as ASN.1 DER, or Ed25519.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signer.sign(message).map_err(failed("signing"))
    }

    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = if ed25519_seed(pkcs8).is_some() {
            Ed25519Keys::from_der(pkcs8).map(SigStoreKeyPair::ED25519)
        } else {
            match ECDSAKeys::from_der(pkcs8) {
                Ok(ECDSAKeys::P384(_)) => {
                    return Err(Error::KeyAlgorithm { algorithm: "P-384" });
                }
                Ok(ECDSAKeys::P521(_)) => {
                    return Err(Error::KeyAlgorithm { algorithm: "P-521" });
                }
                other => other.map(SigStoreKeyPair::ECDSA),
            }
        };
        match pair {
            Ok(pair) => Self::from_pair(&pair),
            Err(_) if der::algorithm_name(pkcs8) == "unknown" => Err(Error::KeyFormat {
                expected: "a PKCS#8 private key",
            }),
            Err(_) => Err(Error::KeyAlgorithm {
                algorithm: der::algorithm_name(pkcs8),
            }),
        }
    }

    fn from_pair(pair: &SigStoreKeyPair) -> Result<Self, Error> {
        let spki = pair
            .public_key_to_der()
            .map_err(failed("its public half"))?;
        let public = PublicKey::from_spki(&spki)?;
        let scheme =
            public::scheme(public.algorithm()).ok_or(Error::KeyAlgorithm { algorithm: "RSA" })?;
        let signer = pair
            .to_sigstore_signer(&scheme)
            .map_err(failed("signing"))?;
        Ok(Self { signer, public })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.fingerprint())
    }
}

/// A key pair as files hold it.
#[derive(Clone)]
pub struct KeyPairPem {
    private: Zeroizing<String>,
    public: String,
}

impl KeyPairPem {
    /// The encrypted private key, as `cosign.key` holds it.
    pub fn private(&self) -> &str {
        &self.private
    }

    /// The public key, as `cosign.pub` holds it.
    pub fn public(&self) -> &str {
        &self.public
    }
}

impl fmt::Debug for KeyPairPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPairPem")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Makes a P-256 key pair whose private half is encrypted as cosign does it.
pub fn generate_key_pair(password: &Password) -> Result<KeyPairPem, Error> {
    let pair = ECDSAKeys::new(EllipticCurve::P256).map_err(failed("making a key"))?;
    let inner = pair.as_inner();
    let pkcs8 = inner
        .private_key_to_der()
        .map_err(failed("writing its private half"))?;
    let spki = inner
        .public_key_to_der()
        .map_err(failed("writing its public half"))?;
    Ok(KeyPairPem {
        private: encrypted::encrypt(&pkcs8, password)?,
        public: PublicKey::from_spki(&spki)?.to_pem(),
    })
}

/// The PKCS#8 inside of a private key in any form that is accepted.
pub(crate) fn private_pkcs8(
    pem: &[u8],
    password: Option<&Password>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let blocks = pem::blocks(pem).ok_or(Error::KeyFormat {
        expected: "a private key in PEM form",
    })?;
    // `openssl ecparam -genkey` writes the curve in a block before the key.
    let key = blocks
        .into_iter()
        .find(|block| block.label != "EC PARAMETERS");
    let Some(block) = key else {
        return Err(Error::KeyFormat {
            expected: "a private key in PEM form",
        });
    };
    match block.label.as_str() {
        "PRIVATE KEY" => Ok(block.contents),
        "EC PRIVATE KEY" => of_sec1(&block.contents),
        label if encrypted::LABELS.contains(&label) => {
            let password = password.ok_or(Error::PasswordMissing)?;
            encrypted::decrypt(&block.contents, password)
        }
        "RSA PRIVATE KEY" => Err(Error::KeyAlgorithm { algorithm: "RSA" }),
        "ENCRYPTED PRIVATE KEY" => Err(Error::KeyFormat {
            expected: "an encrypted key must be one that cosign wrote",
        }),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(Error::OtherHalf {
            found: "public",
            needed: "private",
        }),
        _ => Err(Error::KeyFormat {
            expected: "a PEM block labelled PRIVATE KEY, EC PRIVATE KEY or ENCRYPTED SIGSTORE PRIVATE KEY",
        }),
    }
}

fn of_sec1(sec1: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    match der::algorithm_name(sec1) {
        algorithm @ ("P-384" | "P-521") => Err(Error::KeyAlgorithm { algorithm }),
        _ => Ok(der::pkcs8_of_sec1(sec1)),
    }
}

fn failed(operation: &'static str) -> impl Fn(SigstoreError) -> Error {
    move |source| Error::Key {
        operation,
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests;
