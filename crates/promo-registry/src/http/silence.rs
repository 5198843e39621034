//! Hosts that don't answer: after two minutes without any answer, no further request waits for its own deadline.
//!
//! A host is silent when nothing but passed deadlines and failed connections have come from it for that long. Then
//! requests to it fail at once, except for one now and then that finds out whether it is back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Answer;
use crate::{Deadlines, Error};

/// What is known about the silence of all hosts.
#[derive(Debug)]
pub(crate) struct Silences {
    patience: Duration,
    /// Between two requests that find out whether a silent host is back.
    interval: Duration,
    hosts: Mutex<BTreeMap<String, Silence>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Silence {
    /// When it last answered.
    heard: Option<Instant>,
    /// Since when it was asked and didn't answer.
    since: Option<Instant>,
    /// When it may be asked again; none while it isn't given up.
    next: Option<Instant>,
}

impl Silences {
    pub(crate) fn new(deadlines: &Deadlines) -> Self {
        Self {
            patience: deadlines.silence,
            interval: deadlines.request,
            hosts: Mutex::default(),
        }
    }

    /// Fails if the host is silent and it isn't time to try it again.
    pub(super) fn check(&self, host: &str) -> Result<(), Error> {
        let now = Instant::now();
        let mut hosts = self.lock();
        let Some(silence) = hosts.get_mut(host) else {
            return Ok(());
        };
        let Some(next) = silence.next else {
            return Ok(());
        };
        if now >= next {
            silence.next = Some(now + self.interval);
            return Ok(());
        }
        let since = silence.since.unwrap_or(now);
        Err(Error::Silent {
            host: host.to_owned(),
            since: now.saturating_duration_since(since),
        })
    }

    /// Records how a request ended that was sent to the host at `started`.
    pub(super) fn note(&self, host: &str, started: Instant, outcome: &Result<Answer, Error>) {
        let now = Instant::now();
        let waited = match outcome {
            // The deadline of an upload is longer than that; the host may have answered other requests meanwhile.
            Err(Error::Deadline { after, .. }) => (*after).min(self.interval),
            Err(Error::Connection { source, .. }) if source.is_connect() => {
                now.saturating_duration_since(started)
            }
            Err(Error::Connection { .. }) => Duration::ZERO,
            _ => {
                self.heard(host, now);
                return;
            }
        };
        let begun = now.checked_sub(waited).unwrap_or(now);
        let mut hosts = self.lock();
        let silence = hosts.entry(host.to_owned()).or_default();
        let begun = silence.heard.map_or(begun, |heard| heard.max(begun));
        let since = *silence.since.get_or_insert(begun);
        if silence.next.is_none() && now.saturating_duration_since(since) >= self.patience {
            silence.next = Some(now + self.interval);
        }
    }

    fn heard(&self, host: &str, now: Instant) {
        let mut hosts = self.lock();
        let silence = Silence {
            heard: Some(now),
            ..Silence::default()
        };
        match hosts.get_mut(host) {
            Some(known) => *known = silence,
            None => {
                hosts.insert(host.to_owned(), silence);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Silence>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
