//! What clients sent to a registry, counted: by kind, by what was answered, and when.
//!
//! What the numbers mean is not said here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use promo_testkit::registry::{LogEntry, Operation, RequestLog};
use serde_json::{Value, json};
use tokio::time::Instant;

/// After so long a client that looks for the rate of a registry should have found it.
const SETTLED: Duration = Duration::from_secs(30);

pub(crate) fn told(log: &RequestLog, began: Instant) -> Value {
    let entries = log.entries();
    let mut requests: BTreeMap<String, u64> = BTreeMap::new();
    let mut answers: BTreeMap<String, u64> = BTreeMap::new();
    for entry in &entries {
        *requests
            .entry(format!("{:?}", entry.operation))
            .or_default() += 1;
        let status = entry.status.map(|status| status.to_string());
        *answers
            .entry(status.unwrap_or_else(|| "none".to_owned()))
            .or_default() += 1;
    }
    let is_late = |entry: &&LogEntry| entry.began_at.saturating_duration_since(began) > SETTLED;
    let late: Vec<&LogEntry> = entries.iter().filter(is_late).collect();
    let refused = |entry: &&&LogEntry| entry.status == Some(429);
    let mut published = BTreeSet::new();
    let mut published_last = None;
    for entry in entries.iter().filter(|entry| is_publication(entry)) {
        if published.insert((&entry.repository, &entry.reference)) {
            published_last = published_last.max(entry.answered_at);
        }
    }
    let since =
        |at: Option<Instant>| at.map(|at| at.saturating_duration_since(began).as_secs_f64());
    json!({
        "requests": requests,
        "answers": answers,
        "late": late.len(),
        "lateRefused": late.iter().filter(refused).count(),
        "received": entries.iter().map(|entry| entry.request_bytes).sum::<u64>(),
        "sent": entries.iter().map(|entry| entry.response_bytes).sum::<u64>(),
        "published": published.len(),
        "publishedLast": since(published_last),
        "first": since(entries.iter().map(|entry| entry.began_at).min()),
        "last": since(entries.iter().filter_map(|entry| entry.answered_at).max()),
    })
}

/// Whether a tag that isn't evidence was put with success.
fn is_publication(entry: &LogEntry) -> bool {
    entry.operation == Operation::ManifestPut
        && entry.is_success()
        && entry
            .reference
            .as_ref()
            .is_some_and(|reference| !reference.contains(':') && !reference.starts_with("sha256-"))
}
