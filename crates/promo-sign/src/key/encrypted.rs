//! cosign's encrypted private key: PKCS#8 in nacl/secretbox under a key by scrypt, as JSON in PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigstore::crypto::signing_key::kdf;
use zeroize::Zeroizing;

use super::{Password, failed, pem};
use crate::Error;

/// The labels that cosign has given its encrypted keys.
pub(super) const LABELS: [&str; 2] = [
    "ENCRYPTED SIGSTORE PRIVATE KEY",
    "ENCRYPTED COSIGN PRIVATE KEY",
];

/// Opens an encrypted key.
pub(super) fn decrypt(contents: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, Error> {
    if !is_well_formed(contents) {
        return Err(Error::KeyFormat {
            expected: "the JSON inside of the encrypted key is not as cosign writes it",
        });
    }
    // The library calls every mistake an unsupported key; the shape was checked, so it is the password.
    kdf::decrypt(contents, password.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| Error::WrongPassword)
}

/// Encrypts a PKCS#8 key into PEM.
pub(super) fn encrypt(pkcs8: &[u8], password: &Password) -> Result<Zeroizing<String>, Error> {
    let contents = kdf::encrypt(pkcs8, password.as_bytes()).map_err(failed("encrypting it"))?;
    let [label, _] = LABELS;
    Ok(pem::encode(label, &contents))
}

#[derive(Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: ScryptParameters,
    salt: String,
}

#[derive(Deserialize)]
struct ScryptParameters {
    #[serde(rename = "N")]
    n: u32,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Whether the library can be given these bytes: it relies on the length of the nonce, and accepts
/// only cosign's parameters.
fn is_well_formed(contents: &[u8]) -> bool {
    let Ok(sealed) = serde_json::from_slice::<Sealed>(contents) else {
        return false;
    };
    let parameters = &sealed.kdf.params;
    let decoded = |text: &str| STANDARD.decode(text).map(|bytes| bytes.len());
    sealed.kdf.name == kdf::NAME_SCRYPT
        && matches!(parameters.n, kdf::SCRYPT_N_LOW | kdf::SCRYPT_N_HIGH)
        && parameters.r == kdf::SCRYPT_R
        && parameters.p == kdf::SCRYPT_P
        && sealed.cipher.name == kdf::NAME_SECRET_BOX
        && decoded(&sealed.cipher.nonce) == Ok(24)
        && decoded(&sealed.kdf.salt).is_ok()
        && decoded(&sealed.ciphertext).is_ok()
}
