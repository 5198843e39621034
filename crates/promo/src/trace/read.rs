//! Reads a trace, line by line under a cap, into what summaries and pages are made of. What it doesn't know it passes over;
//! what isn't as the format says is an error with its line.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use promo_core::ports::RequestClass;
use serde::Deserialize;

use super::SCHEMA;
use super::compact::{HostNumber, Hosts, Mark, MarkKind, Outcome, Span};
use super::millis::Millis;

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 64 << 10;

/// A trace that was read.
#[derive(Debug, Default)]
pub struct Trace {
    pub(super) hosts: Hosts,
    pub(super) tallies: BTreeMap<HostNumber, Tally>,
    /// Requests and bodies, in the order in which they ended.
    pub(super) spans: Vec<Span>,
    pub(super) marks: Vec<Mark>,
    /// In the order in which they began.
    pub(super) phases: Vec<PhaseSpan>,
    /// The last time in it.
    pub(super) end: u64,
    /// Lines of kinds that aren't known here.
    pub(super) unknown: u64,
    /// Whether its last line is cut off: the run was killed, or goes on.
    pub(super) is_cut: bool,
}

/// What is only counted of a host.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) mounted: u64,
    pub(super) not_mounted: u64,
}

/// A phase from its beginning to its end.
#[derive(Debug)]
pub(super) struct PhaseSpan {
    pub(super) name: String,
    pub(super) began: u64,
    /// None if the trace ends before.
    pub(super) ended: Option<u64>,
    pub(super) passed: u64,
    pub(super) left: u64,
}

/// Why a trace can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Its bytes can't be had.
    #[error("it can't be read")]
    Unreadable(#[source] io::Error),
    /// The first line isn't that of a trace.
    #[error("its first line doesn't say that it is a trace")]
    NoTrace,
    /// It is a trace of a version that isn't known here.
    #[error("it is `{found}`, and only `{SCHEMA}` is known here")]
    OtherVersion {
        /// What it says to be.
        found: String,
    },
    /// A line is longer than any line of a trace.
    #[error("line {line} has more than {MAX_LINE} bytes")]
    LongLine {
        /// Which line, from 1.
        line: u64,
    },
    /// A line isn't as the format says.
    #[error("line {line} is no line of a trace")]
    Line {
        /// Which line, from 1.
        line: u64,
        /// What is wrong there.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

#[derive(Deserialize)]
struct Line {
    at: Millis,
    #[serde(flatten)]
    told: Told,
}

#[derive(Deserialize)]
struct Request {
    host: String,
    class: String,
    status: Option<u16>,
    waited: Millis,
    took: Millis,
    read: Option<Millis>,
    sent: u64,
    received: u64,
}

#[derive(Deserialize)]
struct Body {
    host: String,
    bytes: u64,
    took: Millis,
    whole: bool,
}

/// What is read of an event.
#[derive(Deserialize)]
#[serde(
    tag = "event",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Told {
    Request(Request),
    BodyRead(Body),
    Retry {
        host: String,
    },
    Throttled {
        host: String,
    },
    HostAwaited {
        host: String,
    },
    HostBack {
        host: String,
    },
    HostGivenUp {
        host: String,
    },
    Mount {
        host: String,
        granted: bool,
    },
    PhaseBegan {
        phase: String,
    },
    PhaseEnded {
        phase: String,
        passed: u64,
        left: u64,
    },
    #[serde(other)]
    Unknown,
}

impl Trace {
    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// It is no trace, of another version, or one of its lines is broken. A last line that was cut off is none of these.
    pub fn read(mut from: impl BufRead) -> Result<Self, TraceError> {
        let mut trace = Self::default();
        let mut buffer = Vec::new();
        let mut line = 1;
        if next(&mut from, &mut buffer, line)? == Next::End {
            return Err(TraceError::NoTrace);
        }
        let head: Head = serde_json::from_slice(&buffer).map_err(|_| TraceError::NoTrace)?;
        match head.schema.strip_prefix("promo.trace/") {
            Some(_) if head.schema == SCHEMA => {}
            Some(_) => return Err(TraceError::OtherVersion { found: head.schema }),
            None => return Err(TraceError::NoTrace),
        }
        loop {
            line += 1;
            let next = next(&mut from, &mut buffer, line)?;
            if next == Next::End {
                return Ok(trace);
            }
            match serde_json::from_slice::<Line>(&buffer) {
                Ok(line) => trace.take(line),
                Err(_) if next == Next::Unended => trace.is_cut = true,
                Err(source) => return Err(TraceError::Line { line, source }),
            }
        }
    }

    fn take(&mut self, line: Line) {
        let at = line.at.micros();
        self.end = self.end.max(at);
        match line.told {
            Told::Request(request) => self.take_request(at, &request),
            Told::BodyRead(body) => self.take_body(at, &body),
            Told::Mount { host, granted } => {
                self.host(&host, |tally| {
                    tally.mounted += u64::from(granted);
                    tally.not_mounted += u64::from(!granted);
                });
            }
            Told::Retry { host } => self.mark(&host, at, MarkKind::Retry),
            Told::Throttled { host } => self.mark(&host, at, MarkKind::Throttled),
            Told::HostAwaited { host } => self.mark(&host, at, MarkKind::Awaited),
            Told::HostBack { host } => self.mark(&host, at, MarkKind::Back),
            Told::HostGivenUp { host } => self.mark(&host, at, MarkKind::GivenUp),
            Told::PhaseBegan { phase } => self.phases.push(PhaseSpan {
                name: phase,
                began: at,
                ended: None,
                passed: 0,
                left: 0,
            }),
            Told::PhaseEnded {
                phase,
                passed,
                left,
            } => self.end_phase(at, &phase, (passed, left)),
            Told::Unknown => self.unknown += 1,
        }
    }

    fn take_request(&mut self, at: u64, request: &Request) {
        let host = self.host(&request.host, |tally| {
            tally.sent = tally.sent.saturating_add(request.sent);
            tally.received = tally.received.saturating_add(request.received);
        });
        let took = request.read.unwrap_or_default().max(request.took);
        let began = at.saturating_sub(took.micros());
        self.spans.push(Span {
            host,
            class: class_of(&request.class),
            asked: began.saturating_sub(request.waited.micros()),
            began,
            ended: at,
            outcome: request.status.map_or(Outcome::Lost, Outcome::Status),
        });
    }

    fn take_body(&mut self, at: u64, body: &Body) {
        let host = self.host(&body.host, |tally| {
            tally.received = tally.received.saturating_add(body.bytes);
        });
        let began = at.saturating_sub(body.took.micros());
        self.spans.push(Span {
            host,
            class: Some(RequestClass::Read),
            asked: began,
            began,
            ended: at,
            outcome: if body.whole {
                Outcome::Whole
            } else {
                Outcome::BrokeOff
            },
        });
    }

    fn end_phase(&mut self, at: u64, name: &str, (passed, left): (u64, u64)) {
        let mut phases = self.phases.iter_mut().rev();
        let open = phases.find(|phase| phase.name == name && phase.ended.is_none());
        if let Some(open) = open {
            open.ended = Some(at);
            (open.passed, open.left) = (passed, left);
        }
    }

    fn host(&mut self, name: &str, count: impl FnOnce(&mut Tally)) -> HostNumber {
        let host = self.hosts.number(name);
        count(self.tallies.entry(host).or_default());
        host
    }

    fn mark(&mut self, host: &str, at: u64, kind: MarkKind) {
        let host = self.host(host, |_| {});
        self.marks.push(Mark { host, at, kind });
    }
}

/// What stands in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing: there are no more lines.
    End,
    /// A line.
    Line,
    /// The last line, which has no end.
    Unended,
}

fn next(from: &mut impl BufRead, buffer: &mut Vec<u8>, line: u64) -> Result<Next, TraceError> {
    buffer.clear();
    let mut capped = from.take(MAX_LINE as u64 + 1);
    let read = capped.read_until(b'\n', buffer);
    if read.map_err(TraceError::Unreadable)? == 0 {
        return Ok(Next::End);
    }
    match buffer.last() {
        Some(b'\n') => Ok(Next::Line),
        _ if buffer.len() > MAX_LINE => Err(TraceError::LongLine { line }),
        _ => Ok(Next::Unended),
    }
}

fn class_of(name: &str) -> Option<RequestClass> {
    let mut classes = RequestClass::ALL.into_iter();
    classes.find(|class| class.as_str() == name)
}
