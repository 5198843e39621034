//! What goes on, as documents: one line for each event.

use promo_core::Code;
use promo_core::ports::{Event, Operation, Phase};
use serde::Serialize;

/// How much must be told for an event to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// A person should read it whatever is asked for.
    Always,
    /// It is told unless only little is asked for.
    Normal,
    /// It is told where everything is asked for.
    Verbose,
}

/// `promo.event/v1`: something that happened, in one line.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    event: Told<'a>,
}

/// What is told of an event. Times are in seconds.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "camelCase")]
enum Told<'a> {
    /// A phase begins with this many items before it.
    PhaseBegan { phase: Phase, items: u64 },
    /// A phase is over.
    PhaseEnded {
        phase: Phase,
        passed: u64,
        left: u64,
    },
    /// An item of the phase is done; `left` says what kept it from passing.
    ItemDone {
        phase: Phase,
        item: &'a str,
        left: Option<Code>,
    },
    /// A host asked for less; nothing is sent to it for a while.
    Throttled { host: &'a str, seconds: f64 },
    /// Requests wait for a host that has said nothing for so long; after `giveUp` it is given up.
    #[serde(rename_all = "camelCase")]
    HostAwaited {
        host: &'a str,
        silent: f64,
        give_up: f64,
    },
    /// A host that was waited for, or given up, answers again.
    HostBack { host: &'a str, silent: f64 },
    /// A host is given up: requests to it fail at once, until it answers again.
    HostGivenUp { host: &'a str, silent: f64 },
    /// Who signs, by certificates; nothing is written anywhere yet.
    Signer { subject: &'a str, issuer: &'a str },
    /// Something a person should read; the run goes on.
    Warning { code: Code, message: &'a str },
    /// With `-v`: a request was answered, or failed (no status). It waited before it went out, took until the head of
    /// the answer came, and so many bytes of bodies were sent and received (of blobs `bytesReceived` tells).
    Request {
        host: &'a str,
        operation: Operation,
        attempt: u32,
        status: Option<u16>,
        waited: f64,
        took: f64,
        sent: u64,
        received: u64,
    },
    /// With `-v`: a request is going to be repeated; `attempt` counts from 1.
    Retry {
        host: &'a str,
        operation: Operation,
        attempt: u32,
        seconds: f64,
    },
    /// With `-v`: bytes of blobs were sent.
    BytesSent { host: &'a str, bytes: u64 },
    /// With `-v`: bytes of blobs came.
    BytesReceived { host: &'a str, bytes: u64 },
    /// With `-v`: a host was asked to mount a blob.
    Mount { host: &'a str, granted: bool },
}

impl<'a> EventDocument<'a> {
    /// The document of an event, and how much must be told for it to be written; nothing for events that are not told.
    pub fn of(event: &'a Event) -> Option<(Detail, Self)> {
        let (detail, event) = Told::of(event)?;
        let document = Self {
            schema: "promo.event/v1",
            event,
        };
        Some((detail, document))
    }
}

impl<'a> Told<'a> {
    /// What is told, and how much must be told for it to be written.
    fn of(event: &'a Event) -> Option<(Detail, Self)> {
        let told = match event {
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
            Event::ItemDone {
                phase,
                item,
                blocked,
            } => Self::ItemDone {
                phase: *phase,
                item,
                left: *blocked,
            },
            Event::Throttled { host, pause } => Self::Throttled {
                host,
                seconds: pause.as_secs_f64(),
            },
            Event::HostAwaited {
                host,
                silent,
                give_up,
            } => Self::HostAwaited {
                host,
                silent: silent.as_secs_f64(),
                give_up: give_up.as_secs_f64(),
            },
            Event::HostBack { host, silent } => Self::HostBack {
                host,
                silent: silent.as_secs_f64(),
            },
            Event::HostGivenUp { host, silent } => Self::HostGivenUp {
                host,
                silent: silent.as_secs_f64(),
            },
            Event::Signer { subject, issuer } => Self::Signer { subject, issuer },
            Event::Warning { code, message } => {
                let told = Self::Warning {
                    code: *code,
                    message,
                };
                return Some((Detail::Always, told));
            }
            other => return Self::verbose(other).map(|told| (Detail::Verbose, told)),
        };
        Some((Detail::Normal, told))
    }

    fn verbose(event: &'a Event) -> Option<Self> {
        match event {
            Event::Request {
                host,
                operation,
                attempt,
                status,
                waited,
                took,
                sent,
                received,
                ..
            } => Some(Self::Request {
                host,
                operation: *operation,
                attempt: *attempt,
                status: *status,
                waited: waited.as_secs_f64(),
                took: took.as_secs_f64(),
                sent: *sent,
                received: *received,
            }),
            Event::Retry {
                host,
                operation,
                attempt,
                pause,
            } => Some(Self::Retry {
                host,
                operation: *operation,
                attempt: *attempt,
                seconds: pause.as_secs_f64(),
            }),
            Event::BytesSent { host, bytes } => Some(Self::BytesSent {
                host,
                bytes: *bytes,
            }),
            Event::BytesReceived { host, bytes } => Some(Self::BytesReceived {
                host,
                bytes: *bytes,
            }),
            Event::Mount { host, granted } => Some(Self::Mount {
                host,
                granted: *granted,
            }),
            _ => None,
        }
    }
}
