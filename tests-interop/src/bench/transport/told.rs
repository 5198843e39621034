//! What registries were sent, as the world counts it.
//!
//! Several registries add up to one; ratios are made where they are shown.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What one registry was sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Told {
    /// By kind.
    pub(super) requests: BTreeMap<String, u64>,
    /// By status; `none` of those without an answer.
    pub(super) answers: BTreeMap<String, u64>,
    /// Requests after the first 30 s, and how many of them were answered 429.
    pub(super) late: u64,
    pub(super) late_refused: u64,
    /// Bytes of bodies.
    pub(super) received: u64,
    pub(super) sent: u64,
    /// Tags that were put, and when the last one was, in seconds.
    pub(super) published: u64,
    pub(super) published_last: Option<f64>,
    /// When the first request came and the last answer went, in seconds.
    pub(super) first: Option<f64>,
    pub(super) last: Option<f64>,
}

impl Told {
    pub(super) fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Requests that were answered 429.
    pub(super) fn refused(&self) -> u64 {
        self.answers.get("429").copied().unwrap_or_default()
    }

    /// Answers other than 429 in a second, from the first request to the last answer.
    pub(super) fn goodput(&self) -> Option<f64> {
        let seconds = self.last? - self.first?;
        (seconds > 0.0).then(|| number(self.total() - self.refused()) / seconds)
    }

    /// Several as if they were one.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |mut sum, told| {
            for (from, to) in [
                (&told.requests, &mut sum.requests),
                (&told.answers, &mut sum.answers),
            ] {
                for (kind, count) in from {
                    *to.entry(kind.clone()).or_default() += count;
                }
            }
            sum.late += told.late;
            sum.late_refused += told.late_refused;
            sum.received += told.received;
            sum.sent += told.sent;
            sum.published += told.published;
            sum.published_last = latest(sum.published_last, told.published_last);
            sum.last = latest(sum.last, told.last);
            sum.first = match (sum.first, told.first) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            sum
        })
    }
}

/// A count, for ratios.
#[expect(
    clippy::cast_precision_loss,
    reason = "ratios are printed with a few digits"
)]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

fn latest(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
