//! Logging in to a registry and out again: asks the registry first, then has the login kept where credentials are looked for.

use std::path::{Path, PathBuf};

use promo_core::oci::RegistryHost;
use promo_registry::auth::{HelperSettings, Login, LoginCheck, LoginFile, LoginKeeper};
use zeroize::Zeroizing;

use super::Promoter;
use crate::connect;
use crate::error::{Error, Result};
use crate::files::{self, secret};

/// A login that was accepted, and where it is kept now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The file that keeps it, or names the helper that does.
    pub file: PathBuf,
    /// Who keeps it.
    pub keeper: LoginKeeper,
    /// What the registry said to it.
    pub check: LoginCheck,
}

/// From where logins were taken; nothing if there were none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedOut {
    /// Files that had an entry.
    pub files: Vec<PathBuf>,
    /// Helpers that were told to forget it.
    pub helpers: Vec<String>,
}

impl Promoter {
    /// Shows a login to its registry and, if that accepts it or asks for none, keeps it where it is found from then on.
    ///
    /// # Errors
    ///
    /// `PROMO-R002`, `PROMO-R018`: the registry doesn't accept it; `PROMO-R019`, `PROMO-R020`: the file or the helper can't
    /// keep it; `PROMO-X001` if there is no place for a file; and whatever keeps the registry from being asked.
    pub async fn log_in(&self, login: &Login) -> Result<LoggedIn> {
        let network = &self.settings.network;
        // Looked at before a password is sent, so that no login is accepted and then lost.
        let place = self.place_for(login.host())?;
        let keeper = place.file.keeper(login.host())?;
        let wire = connect::for_login(login, network, &self.around)?;
        let check = wire.check_login(login.host()).await?;
        let text = match &keeper {
            LoginKeeper::File => place.file.with(login)?,
            LoginKeeper::Helper(name) => {
                self.helpers().store(name, login).await?;
                place.file.with_mark(login.host())?
            }
        };
        write(&place.path, &text)?;
        Ok(LoggedIn {
            file: place.path,
            keeper,
            check,
        })
    }

    /// Takes the login of a host away from wherever it is kept. No registry is asked.
    ///
    /// # Errors
    ///
    /// `PROMO-R019`, `PROMO-R020`: a file or a helper can't be used; `PROMO-X004` if a file can't be written.
    pub async fn log_out(&self, host: &RegistryHost) -> Result<LoggedOut> {
        let mut out = LoggedOut::default();
        for path in &self.settings.network.credentials.paths {
            let Some(place) = Place::open(path)? else {
                continue;
            };
            let had_entry = place.file.has_entry(host)?;
            if let LoginKeeper::Helper(name) = place.file.keeper(host)? {
                let had = self.helpers().erase(&name, host).await?;
                // Some helpers say that they did it where there was nothing.
                if had && !out.helpers.contains(&name) {
                    out.helpers.push(name);
                }
            }
            if had_entry && let Some(text) = place.file.without(host)? {
                write(path, &text)?;
                out.files.push(path.clone());
            }
        }
        Ok(out)
    }

    /// The file that keeps the login of a host: the one that was named, else the first in which something is found for it
    /// already, since no other would be asked, else docker's.
    fn place_for(&self, host: &RegistryHost) -> Result<Place> {
        let places = &self.settings.network.credentials;
        if !places.is_named() {
            for path in &places.paths {
                if let Some(place) = Place::open(path)?
                    && place.file.speaks_of(host)?
                {
                    return Ok(place);
                }
            }
        }
        let path = places.for_logins().ok_or(Error::NoPlaceForLogins)?;
        Ok(Place::open(path)?.unwrap_or_else(|| Place::new(path, b"")))
    }

    fn helpers(&self) -> HelperSettings {
        connect::helpers(&self.settings.network)
    }
}

/// A file that keeps logins, with where it is.
struct Place {
    path: PathBuf,
    file: LoginFile,
}

impl Place {
    fn new(path: &Path, content: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            file: LoginFile::parse(&path.display().to_string(), content),
        }
    }

    /// None if nothing is there.
    fn open(path: &Path) -> Result<Option<Self>> {
        match secret::read(path) {
            Ok(content) => Ok(Some(Self::new(path, &content))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(secret::error(path, error)),
        }
    }
}

/// Replaces a file, which is its owner's alone from then on.
fn write(path: &Path, text: &Zeroizing<String>) -> Result<()> {
    let written = files::create_folder_of(path)
        .and_then(|()| files::Replacement::begin_secret(path))
        .and_then(|file| file.finish(text.as_bytes()));
    written.map_err(|error| Error::file("write", path, error))
}
