//! What was verified of a repository, kept between runs: a port, since nothing here knows files.

use std::fmt;
use std::io;
use std::sync::Arc;

use sigstore_tuf::{Error, MetadataStore};

/// Keeps what was read of one repository, by names such as `timestamp.json` or `root_history/17.root.json`.
///
/// What it gives back is verified like what comes from the network, so that whoever changes it gains nothing. One cache is of one
/// repository: another one's files would be refused.
pub trait RepositoryCache: fmt::Debug + Send + Sync {
    /// What was kept under this name; nothing if there is nothing.
    ///
    /// # Errors
    ///
    /// It can't be read. It is asked from the network then.
    fn load(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Keeps it under this name, whole or not at all.
    ///
    /// # Errors
    ///
    /// It can't be kept. The run goes on without.
    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
}

/// A cache as `sigstore-tuf` takes it.
#[derive(Debug, Clone)]
pub(super) struct Kept(pub(super) Arc<dyn RepositoryCache>);

impl MetadataStore for Kept {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let loaded = self.0.load(name);
        loaded.map_err(|error| Error::io(format!("{name} can't be read from the cache"), error))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let kept = self.0.keep(name, bytes);
        kept.map_err(|error| Error::io(format!("{name} can't be kept in the cache"), error))
    }
}
