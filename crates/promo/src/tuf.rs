//! TUF repositories of sigstores, as settings and trust documents name them: read over promo's own transport, and what they said
//! kept in files until the next run.
//!
//! What is believed is decided by promo-sign, by the root that somebody named.

mod late_verifier;

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use promo_core::ports::{Clock, Event, Failure, Observer, ServiceUrl, Services};
use promo_core::with_causes;
use promo_sign::{RepositoryCache, SigstoreDocuments, SigstoreRepository};

use crate::error::{Error, Result};
use crate::files;
use crate::public_files::key_error;
pub(crate) use late_verifier::LateVerifier;

/// The URL of a repository, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepositoryUrl(pub(crate) ServiceUrl);

impl FromStr for RepositoryUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = ServiceUrl::parse(text).map(Self);
        url.map_err(|error| format!("the URL of a TUF repository, but {error}"))
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The repository at `url`, believed by the root in this file, or as a mirror of the public one.
pub(crate) fn repository(url: ServiceUrl, root: Option<&Path>) -> Result<SigstoreRepository> {
    match root {
        None => Ok(SigstoreRepository::mirror_of_public(url)?),
        Some(path) => {
            let json = files::read(path, &files::SETTINGS)?;
            SigstoreRepository::new(url, &json).map_err(|error| key_error(path, error))
        }
    }
}

/// What it takes to read repositories.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) services: Arc<dyn Services>,
    /// The folder for what can be read again; without it nothing is kept.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Access {
    /// What a repository says now. Where it can't be reached and what it said before counts, the observer is told.
    ///
    /// # Errors
    ///
    /// As [`SigstoreRepository::read`].
    pub(crate) async fn read(
        &self,
        repository: &SigstoreRepository,
    ) -> Result<SigstoreDocuments, Failure> {
        let cache = self.folder.as_ref().map(|folder| {
            let folder = folder.join("tuf").join(folder_name(repository.url()));
            Arc::new(Folder(folder)) as Arc<dyn RepositoryCache>
        });
        let services = Arc::clone(&self.services);
        let documents = repository.read(services, cache, self.clock.now()).await?;
        if let Some(missed) = documents.missed() {
            self.observer.observe(&Event::Warning {
                code: missed.code(),
                message: format!(
                    "the TUF repository {} can't be read, so what it said before counts: {}",
                    repository.url(),
                    missed.chain()
                ),
            });
        }
        Ok(documents)
    }
}

/// The folder of a repository among those of others: its URL, of which only what suits every file system is left as it is.
fn folder_name(url: &ServiceUrl) -> String {
    let text = url.to_string();
    let mut name = String::with_capacity(text.len());
    for byte in text.trim_end_matches('/').bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            // Writing to a String can't fail.
            other => drop(write!(name, "_{other:02x}")),
        }
    }
    name
}

/// A folder with the files of one repository.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    /// Where this is kept. Names are of roles that a repository may call what it likes.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let mut parts = name.split('/');
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'%')
                })
        };
        if !parts.all(is_plain) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "no name of a file that is kept",
            ));
        }
        Ok(self.0.join(name))
    }
}

impl RepositoryCache for Folder {
    fn load(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match files::read(&self.path(name)?, &files::REPOSITORIES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io::Error::other(with_causes(&error))),
        }
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name)?;
        files::create_folder_of(&path)?;
        files::Replacement::begin(&path)?.finish(bytes)
    }
}

#[cfg(test)]
mod tests;
