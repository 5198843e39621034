//! Errors about what a host does too little of, or takes too little of. When they arise is decided in `http` and `wire`.

use std::time::Duration;

/// Bytes go over, but hardly any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is too slow at {what}: {bytes} bytes in {} s", after.as_secs_f64())]
#[non_exhaustive]
pub struct TooSlow {
    /// The host.
    pub host: String,
    /// What was asked for, or sent.
    pub what: String,
    /// How many bytes it sent or took.
    pub bytes: u64,
    /// In which time.
    pub after: Duration,
}

/// No body that is large enough is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} takes no {size} bytes of {what} in one request, and smaller chunks are not possible"
)]
#[non_exhaustive]
pub struct BodyLimit {
    /// The registry.
    pub host: String,
    /// What was sent.
    pub what: String,
    /// The size that was refused.
    pub size: u64,
}
