//! Which outcome of a request counts as lost: nothing came, or only word from a proxy that the registry behind it doesn't
//! answer. What follows from it for the host is counted in `health`.

use std::time::Duration;

use tokio::time::Instant;

use super::Answer;
use crate::Error;

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
        Err(Error::Connection { source, .. })
            if source.as_ref().is_none_or(|error| error.is_connect()) =>
        {
            started.elapsed()
        }
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
        // Waiting changes nothing about a name without an address, or about somebody who isn't whom we look for.
        Err(Error::Connection { host, problem, .. }) if !problem.lasts() => Some(host),
        _ => None,
    }
}
