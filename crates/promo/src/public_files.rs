//! What verifiers are made of, from its files: public keys and trusted roots. Nothing in them is secret; private keys are
//! `keys`'.

use std::path::Path;

use promo_sign::{PublicKey, TrustedRoot};

use crate::error::{Error, Result};
use crate::files;

/// A public key.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey> {
    let pem = files::read(path, &files::KEYS)?;
    PublicKey::from_pem(&pem).map_err(|error| key_error(path, error))
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
