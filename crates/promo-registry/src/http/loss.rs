//! Which outcome of a request counts as lost: nothing came, or only word from a proxy that the registry behind it doesn't
//! answer. What follows from it for the host is counted in `health`.

use std::time::Duration;

use promo_core::with_causes;
use tokio::time::Instant;

use super::Answer;
use crate::Error;
use crate::error::NO_COMMON_VERSION;

/// How long a lost request had waited for an answer; none if it wasn't lost.
pub(super) fn waited(
    outcome: &Result<Answer, Error>,
    started: Instant,
    longest: Duration,
) -> Option<Duration> {
    at(outcome)?;
    Some(match outcome {
        // The deadline of an upload is longer than that; the host may have answered other requests meanwhile.
        Err(Error::Deadline { after, .. }) => (*after).min(longest),
        Err(Error::TooSlow(slow)) => slow.after.min(longest),
        Err(Error::Connection { source, .. }) if source.is_connect() => started.elapsed(),
        // The connection was there, and may have been silent for any time.
        _ => Duration::ZERO,
    })
}

/// The host at which a request was lost; none if it wasn't.
pub(super) fn at(outcome: &Result<Answer, Error>) -> Option<&str> {
    match outcome {
        Ok(answer) if matches!(answer.status().as_u16(), 502..=504) => Some(&answer.host),
        Err(Error::Deadline { host, .. }) => Some(host),
        Err(Error::TooSlow(slow)) => Some(&slow.host),
        Err(Error::Connection { host, source, .. }) if !is_about_tls(source) => Some(host),
        _ => None,
    }
}

/// Whether somebody answered who isn't whom we look for, or doesn't speak TLS, or not our version of HTTP: waiting changes
/// nothing.
fn is_about_tls(error: &reqwest::Error) -> bool {
    let chain = with_causes(error);
    let words = [
        "invalid peer certificate",
        "InvalidContentType",
        NO_COMMON_VERSION,
    ];
    words.iter().any(|words| chain.contains(words))
}
