//! The lines of a trace as they are written: the head, and what is told of each event. The reader has its own types, which
//! take less.

use jiff::Timestamp;
use promo_core::ports::{Event, Operation, Phase, RequestClass};
use serde::Serialize;

use super::SCHEMA;
use super::millis::Millis;

/// `promo.trace/v1`: a line of a trace. The first is the head, all others are events.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
#[expect(private_interfaces, reason = "a document is looked at by its schema")]
pub enum TraceDocument<'a> {
    /// The first line.
    Head(Head),
    /// Any other line. Kinds of events may be added, and fields to each.
    Line(Line<'a>),
}

/// The first line.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Head {
    #[cfg_attr(feature = "schema", schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The version of promo.
    promo: &'static str,
    /// When the trace began.
    started: Timestamp,
}

impl Head {
    pub(super) fn new(started: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            promo: env!("CARGO_PKG_VERSION"),
            started,
        }
    }
}

/// An event, and when it ended.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Line<'a> {
    /// Milliseconds since the trace began.
    pub(super) at: Millis,
    #[serde(flatten)]
    pub(super) told: Told<'a>,
}

/// What is told of an event.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "event",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum Told<'a> {
    /// A request was answered, or failed (no status). It waited, went out, took until the head of the answer came and,
    /// where a small body was read with it, read until that was there (counted from when it went out, as `took` is).
    Request {
        host: &'a str,
        operation: Operation,
        class: RequestClass,
        what: &'a str,
        attempt: u32,
        status: Option<u16>,
        waited: Millis,
        took: Millis,
        read: Option<Millis>,
        sent: u64,
        received: u64,
        http2: bool,
    },
    /// The stream of a body is over. It took so long from the head of the answer on.
    BodyRead {
        host: &'a str,
        what: &'a str,
        bytes: u64,
        took: Millis,
        whole: bool,
    },
    /// A request is going to be repeated.
    Retry {
        host: &'a str,
        operation: Operation,
        attempt: u32,
        pause: Millis,
    },
    /// A host asked for less; nothing is sent to it for a while.
    Throttled { host: &'a str, pause: Millis },
    /// Requests wait for a host that has said nothing for so long.
    HostAwaited {
        host: &'a str,
        silent: Millis,
        give_up: Millis,
    },
    /// A host that was waited for, or given up, answers again.
    HostBack { host: &'a str, silent: Millis },
    /// A host is given up.
    HostGivenUp { host: &'a str, silent: Millis },
    /// A host was asked to mount a blob.
    Mount { host: &'a str, granted: bool },
    /// A phase begins.
    PhaseBegan { phase: Phase, items: u64 },
    /// A phase is over.
    PhaseEnded {
        phase: Phase,
        passed: u64,
        left: u64,
    },
}

impl<'a> Told<'a> {
    /// What is told of an event; nothing of warnings and items, and of each piece of a blob.
    pub(super) fn of(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::Request { .. } => return Self::of_request(event),
            Event::HostAwaited { .. } | Event::HostBack { .. } | Event::HostGivenUp { .. } => {
                return Self::of_outage(event);
            }
            Event::BodyRead {
                host,
                what,
                bytes,
                took,
                whole,
            } => Self::BodyRead {
                host,
                what,
                bytes: *bytes,
                took: (*took).into(),
                whole: *whole,
            },
            Event::Retry {
                host,
                operation,
                attempt,
                pause,
            } => Self::Retry {
                host,
                operation: *operation,
                attempt: *attempt,
                pause: (*pause).into(),
            },
            Event::Throttled { host, pause } => Self::Throttled {
                host,
                pause: (*pause).into(),
            },
            Event::Mount { host, granted } => Self::Mount {
                host,
                granted: *granted,
            },
            Event::PhaseBegan { phase, items } => Self::PhaseBegan {
                phase: *phase,
                items: *items,
            },
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => Self::PhaseEnded {
                phase: *phase,
                passed: *passed,
                left: *blocked,
            },
            _ => return None,
        })
    }

    fn of_outage(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::HostAwaited {
                host,
                silent,
                give_up,
            } => Self::HostAwaited {
                host,
                silent: (*silent).into(),
                give_up: (*give_up).into(),
            },
            Event::HostBack { host, silent } => Self::HostBack {
                host,
                silent: (*silent).into(),
            },
            Event::HostGivenUp { host, silent } => Self::HostGivenUp {
                host,
                silent: (*silent).into(),
            },
            _ => return None,
        })
    }

    fn of_request(event: &'a Event) -> Option<Self> {
        let Event::Request {
            host,
            operation,
            what,
            attempt,
            status,
            waited,
            took,
            read,
            sent,
            received,
            http2,
        } = event
        else {
            return None;
        };
        Some(Self::Request {
            host,
            operation: *operation,
            class: operation.class(),
            what,
            attempt: *attempt,
            status: *status,
            waited: (*waited).into(),
            took: (*took).into(),
            read: read.map(Into::into),
            sent: *sent,
            received: *received,
            http2: *http2,
        })
    }

    /// Whether it is worth a write of its own: whoever looks at a trace while it grows sees at least these.
    pub(super) fn is_milestone(&self) -> bool {
        matches!(self, Self::PhaseBegan { .. } | Self::PhaseEnded { .. })
    }
}
