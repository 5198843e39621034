//! What verifiers are made of, from its files: public keys and trusted roots. Nothing in them is secret; private keys are
//! `keys`'.

use std::path::Path;

use promo_sign::{PublicKey, TrustedRoot};

use crate::error::{Error, Result};
use crate::files;

/// A public key.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey> {
    let pem = key_file(path)?;
    PublicKey::from_pem(&pem).map_err(|error| key_error(path, error))
}

/// The content of a key's file. What is a reference to a key elsewhere, as cosign takes some, is told as that.
pub(crate) fn key_file(path: &Path) -> Result<Vec<u8>> {
    let named = path.to_string_lossy();
    let (before, rest) = named.split_once("://").unwrap_or_default();
    // From a promo.toml it has the folder of that before it.
    let scheme = before.rsplit('/').next().unwrap_or_default();
    let is_word = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word && !path.exists() {
        return Err(Error::KeyReference {
            reference: format!("{scheme}://{rest}"),
            scheme: scheme.to_owned(),
        });
    }
    files::read(path, &files::KEYS)
}

/// A trusted root.
pub(crate) fn trusted_root(path: &Path) -> Result<TrustedRoot> {
    let json = files::read(path, &files::SETTINGS)?;
    TrustedRoot::from_json(&json).map_err(|error| key_error(path, error))
}

/// A key that can't be used, with its file.
pub(crate) fn key_error(path: &Path, error: promo_sign::Error) -> Error {
    Error::Key {
        path: path.to_owned(),
        source: Box::new(error),
    }
}
