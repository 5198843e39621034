//! The log of requests: what came in, in which order, and how it was answered. Secrets never reach it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tokio::time::Instant;

use super::lock::lock;
use super::route::{Operation, Query, Target};

/// Query parameters that may carry a secret; their values are not kept.
const SECRET_PARAMETERS: [&str; 5] = ["access_token", "code", "password", "refresh_token", "token"];

/// Request headers that are kept.
const KEPT_HEADERS: [&str; 13] = [
    "accept",
    "accept-encoding",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-none-match",
    "range",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// One request and its answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its place in the order in which requests began, from 1; numbers go on after [`RequestLog::clear`].
    pub number: u64,
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as `key=value` pairs joined by `&`, decoded; values that may be secret are left out.
    pub query: String,
    /// The version of HTTP: `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// What was asked for.
    pub operation: Operation,
    /// The repository, of requests that have one.
    pub repository: Option<String>,
    /// A tag or digest; of a mount the digest that is to be mounted, of the end of an upload the blob's digest.
    pub reference: Option<String>,
    /// Headers that carry no secret, by their lower-case names.
    pub headers: BTreeMap<String, String>,
    /// `Basic` or `Bearer`, when the request carried credentials.
    pub authorization: Option<String>,
    /// Who the credentials belong to, when they were accepted.
    pub user: Option<String>,
    /// The status of the answer; `None` while there is none, and for ever after a reset.
    pub status: Option<u16>,
    /// The place in the order in which answers were ready, from 1.
    pub answered: Option<u64>,
    /// When the request began.
    pub began_at: Instant,
    /// When its answer was ready.
    pub answered_at: Option<Instant>,
    /// Bytes of the request's body that arrived.
    pub request_bytes: u64,
    /// Bytes of the answer's body that were handed to the connection.
    pub response_bytes: u64,
}

impl LogEntry {
    /// Whether the request carried credentials of any kind.
    pub fn had_authorization(&self) -> bool {
        self.authorization.is_some()
    }

    /// Whether it is a POST, PUT, PATCH or DELETE to the registry (asking for a token is none).
    pub fn is_write(&self) -> bool {
        self.operation != Operation::Token
            && matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }

    /// Whether the answer was a success.
    pub fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// The log of a registry. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: Mutex<VecDeque<Arc<Record>>>,
    /// How many entries are kept; `None` keeps all.
    capacity: Option<usize>,
    begun: AtomicU64,
    answered: AtomicU64,
    in_flight: AtomicU64,
    peak_in_flight: AtomicU64,
}

impl RequestLog {
    /// All entries since the start or the last [`clear`](Self::clear), in the order in which the requests began.
    pub fn entries(&self) -> Vec<LogEntry> {
        lock(&self.inner.records)
            .iter()
            .map(|record| record.entry())
            .collect()
    }

    /// The entries that `wanted` accepts.
    pub fn filter(&self, wanted: impl Fn(&LogEntry) -> bool) -> Vec<LogEntry> {
        let mut entries = self.entries();
        entries.retain(wanted);
        entries
    }

    /// The entries of one operation.
    pub fn of(&self, operation: Operation) -> Vec<LogEntry> {
        self.filter(|entry| entry.operation == operation)
    }

    /// How many requests asked for this operation.
    pub fn count(&self, operation: Operation) -> usize {
        self.of(operation).len()
    }

    /// How many requests had this method.
    pub fn count_method(&self, method: &str) -> usize {
        self.filter(|entry| entry.method == method).len()
    }

    /// How many requests asked for each operation.
    pub fn counts(&self) -> BTreeMap<Operation, usize> {
        let mut counts = BTreeMap::new();
        for entry in self.entries() {
            *counts.entry(entry.operation).or_default() += 1;
        }
        counts
    }

    /// Every POST, PUT, PATCH and DELETE but those to the token endpoint.
    pub fn writes(&self) -> Vec<LogEntry> {
        self.filter(LogEntry::is_write)
    }

    /// How many requests there were.
    pub fn len(&self) -> usize {
        lock(&self.inner.records).len()
    }

    /// Whether there was no request.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all entries. A request that is still being answered does not come back.
    pub fn clear(&self) {
        lock(&self.inner.records).clear();
        let in_flight = self.inner.in_flight.load(Ordering::SeqCst);
        self.inner.peak_in_flight.store(in_flight, Ordering::SeqCst);
    }

    /// The most requests that were being handled at the same time since the start or the last [`clear`](Self::clear).
    pub fn peak_in_flight(&self) -> u64 {
        self.inner.peak_in_flight.load(Ordering::SeqCst)
    }

    pub(super) fn new(capacity: Option<usize>) -> Self {
        let inner = Inner {
            capacity,
            ..Inner::default()
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(super) fn begin(&self, parts: &Parts, target: &Target, query: &Query) -> InFlight {
        let inner = &self.inner;
        let mut records = lock(&inner.records);
        let number = inner.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let record = Arc::new(Record::new(number, parts, target, query));
        if inner
            .capacity
            .is_some_and(|capacity| records.len() >= capacity)
        {
            records.pop_front();
        }
        records.push_back(Arc::clone(&record));
        let in_flight = inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        inner.peak_in_flight.fetch_max(in_flight, Ordering::SeqCst);
        InFlight {
            record,
            log: Arc::clone(inner),
        }
    }
}

/// A request that is being handled. It is no longer in flight when this is dropped, answered or not.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) record: Arc<Record>,
    log: Arc<Inner>,
}

impl InFlight {
    /// Notes the status of the answer, which is about to be sent.
    pub(super) fn answered(&self, status: StatusCode) {
        let answered = self.log.answered.fetch_add(1, Ordering::SeqCst) + 1;
        let mut outcome = lock(&self.record.outcome);
        outcome.status = Some(status.as_u16());
        outcome.answered = Some(answered);
        outcome.answered_at = Some(Instant::now());
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.log.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An entry while its request is in flight.
#[derive(Debug)]
pub(super) struct Record {
    beginning: LogEntry,
    outcome: Mutex<Outcome>,
    pub(super) received: Arc<AtomicU64>,
    pub(super) sent: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Outcome {
    status: Option<u16>,
    answered: Option<u64>,
    answered_at: Option<Instant>,
    user: Option<String>,
}

impl Record {
    fn new(number: u64, parts: &Parts, target: &Target, query: &Query) -> Self {
        Self {
            beginning: LogEntry {
                number,
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: shown_query(query),
                version: format!("{:?}", parts.version),
                operation: target.operation,
                repository: target.repository.clone(),
                reference: target.reference.clone(),
                headers: kept_headers(parts),
                authorization: authorization_scheme(parts),
                user: None,
                status: None,
                answered: None,
                began_at: Instant::now(),
                answered_at: None,
                request_bytes: 0,
                response_bytes: 0,
            },
            outcome: Mutex::default(),
            received: Arc::default(),
            sent: Arc::default(),
        }
    }

    pub(super) fn set_user(&self, user: Option<String>) {
        lock(&self.outcome).user = user;
    }

    fn entry(&self) -> LogEntry {
        let outcome = lock(&self.outcome);
        LogEntry {
            user: outcome.user.clone(),
            status: outcome.status,
            answered: outcome.answered,
            answered_at: outcome.answered_at,
            request_bytes: self.received.load(Ordering::SeqCst),
            response_bytes: self.sent.load(Ordering::SeqCst),
            ..self.beginning.clone()
        }
    }
}

fn shown_query(query: &Query) -> String {
    let shown = |(key, value): (&str, &str)| {
        let value = if SECRET_PARAMETERS.contains(&key) {
            "…"
        } else {
            value
        };
        format!("{key}={value}")
    };
    query.pairs().map(shown).collect::<Vec<_>>().join("&")
}

fn kept_headers(parts: &Parts) -> BTreeMap<String, String> {
    let value = |name: &str| {
        let values = parts.headers.get_all(name).iter();
        let texts: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let kept = KEPT_HEADERS.iter();
    kept.filter_map(|name| Some(((*name).to_owned(), value(name)?)))
        .collect()
}

/// The scheme alone; a header without one might be nothing but a secret.
fn authorization_scheme(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION)?;
    let (scheme, _secret) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .unwrap_or(("unknown", ""));
    Some(scheme.to_owned())
}
