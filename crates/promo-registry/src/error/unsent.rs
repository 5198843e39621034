//! Errors of requests that never went out. When they arise is decided in `http` and in `services`.

use std::sync::Arc;

/// What a source of credentials fails with: any error turns into it, this crate's [`Error`](super::Error) too.
pub type CredentialSourceError = Box<dyn std::error::Error + Send + Sync>;

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

/// A secret would go to a service in the open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} can't be asked of {host} over plain HTTP: there is a secret in the question; nothing was sent"
)]
#[non_exhaustive]
pub struct PlainService {
    /// The service.
    pub host: String,
    /// What it would have been asked for.
    pub what: String,
}
