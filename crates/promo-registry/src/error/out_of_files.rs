//! The error of a connection for which there was no open file. What follows from it is decided in `http`.

use std::sync::Arc;

/// This process, or this machine, has no open file left for a connection.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no connection to {host} could be opened: there are too many open files")]
#[non_exhaustive]
pub struct OutOfFiles {
    /// The host.
    pub host: String,
    /// In the system's words.
    #[source]
    pub source: Arc<reqwest::Error>,
}
