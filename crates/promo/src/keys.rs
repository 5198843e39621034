//! Keys from their files, and the ports that sign, attest and verify with them.
//!
//! A password that isn't given is asked for by a function of the caller: this crate knows no terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use promo_core::pipeline::{SigningPorts, StagingPolicy};
use promo_core::ports::{Clock, Observer, SignatureFormat};
use promo_core::trust::Judge;
use promo_sign::link::LinkKey;
use promo_sign::{
    ImageSigner, KeyVerifier, Password, PromotionAttester, PublicKey, Seal, SigningKey,
};

use crate::error::{Error, Result};
use crate::files;
use crate::public_files::{key_error, key_file, public_key};
use crate::settings::{SigningSettings, StagingSettings};

/// Asks for the password of the private key in this file; nothing if nobody can be asked.
pub type AskPassword = dyn Fn(&Path) -> Option<Password> + Send + Sync;

/// What seals with the key that settings name, if they name one.
pub(crate) fn seal(settings: &SigningSettings, ask: &AskPassword) -> Result<Option<Seal>> {
    let Some(path) = settings.key() else {
        return Ok(None);
    };
    let key = signing_key(path, settings.password.as_ref(), ask)?;
    Ok(Some(Seal::with_key(Arc::new(key))))
}

/// Warns of private keys that others can read.
pub(crate) fn tell_of_shared_keys(settings: &SigningSettings, observer: &dyn Observer) {
    let link = settings.link.as_ref().map(|(_, key)| key);
    for path in settings.key().into_iter().chain(link.map(AsRef::as_ref)) {
        files::tell_if_shared(path, observer);
    }
}

/// What signs and attests with a seal, and accepts just that.
pub fn signing_with(
    seal: impl Into<Seal>,
    formats: &[SignatureFormat],
    predicate_type: &str,
    clock: &Arc<dyn Clock>,
) -> Result<SigningPorts, promo_sign::Error> {
    let seal = seal.into();
    let signer =
        ImageSigner::new(seal.clone(), Arc::clone(clock)).with_formats(formats.to_vec())?;
    let mut attester = PromotionAttester::new(seal.clone(), Arc::clone(clock))
        .with_predicate_type(predicate_type.to_owned())?;
    if !formats.contains(&SignatureFormat::Bundle) {
        attester = attester.in_tag();
    }
    Ok(SigningPorts {
        signer: Arc::new(signer),
        attester: Arc::new(attester),
        judge: seal.judge().clone(),
    })
}

/// What judges signatures in staging by keys alone, if they are looked at.
pub fn staging(settings: &StagingSettings) -> Result<Option<Judge>> {
    if settings.policy() == StagingPolicy::Off {
        return Ok(None);
    }
    if settings.keys().is_empty() {
        return Ok(None);
    }
    let keys = public_keys(settings.keys())?;
    Ok(Some(KeyVerifier::new(keys).trusting_all()))
}

/// Public keys from their files.
pub fn public_keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>> {
    paths.iter().map(|path| public_key(path)).collect()
}

/// A private key from its file. Its password is asked for if it is needed and not given.
///
/// # Errors
///
/// `PROMO-X004`, `PROMO-X011`, `PROMO-X012`, `PROMO-X039`.
pub fn signing_key(
    path: &Path,
    password: Option<&Password>,
    ask: &AskPassword,
) -> Result<SigningKey> {
    let pem = zeroize::Zeroizing::new(key_file(path)?);
    let opened = opened(path, password, ask, |password| {
        SigningKey::from_pem(&pem, password)
    });
    opened?.map_err(|error| key_error(path, error))
}

/// The key of an in-toto link.
pub fn link_key(path: &Path, password: Option<&Password>, ask: &AskPassword) -> Result<LinkKey> {
    let pem = zeroize::Zeroizing::new(files::read(path, &files::KEYS)?);
    let opened = opened(path, password, ask, |password| {
        LinkKey::from_pem(&pem, password)
    });
    opened?.map_err(|error| key_error(path, error))
}

fn opened<T>(
    path: &Path,
    password: Option<&Password>,
    ask: &AskPassword,
    open: impl Fn(Option<&Password>) -> Result<T, promo_sign::Error>,
) -> Result<Result<T, promo_sign::Error>> {
    match open(password) {
        Err(promo_sign::Error::PasswordMissing) => {
            let typed = ask(path).ok_or_else(|| Error::Password {
                path: path.to_owned(),
            })?;
            Ok(open(Some(&typed)))
        }
        other => Ok(other),
    }
}
