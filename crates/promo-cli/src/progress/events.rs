//! Progress as JSON, one object a line (`--log-format json`).

use promo_core::Code;
use promo_core::ports::{Event, Observer, Operation, Phase};
use schemars::JsonSchema;
use serde::Serialize;

use crate::terminal::{Terminal, Verbosity};

/// Writes events as documents `promo.event/v1`.
#[derive(Debug)]
pub(super) struct Events {
    terminal: Terminal,
}

impl Events {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal }
    }
}

impl Observer for Events {
    fn observe(&self, event: &Event) {
        let Some((detail, event)) = Told::of(event) else {
            return;
        };
        if self.terminal.verbosity() < detail {
            return;
        }
        let document = EventDocument {
            schema: "promo.event/v1",
            event,
        };
        // Texts and numbers can always be written.
        if let Ok(line) = serde_json::to_string(&document) {
            self.terminal.tell(&format!("{line}\n"));
        }
    }
}

/// `promo.event/v1`: something that happened, in one line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EventDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    event: Told<'a>,
}

/// What is told of an event. Pauses are in seconds.
#[derive(Debug, Serialize, JsonSchema)]
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
    /// Something a person should read; the run goes on.
    Warning { code: Code, message: &'a str },
    /// With `-v`: a request was answered, or failed (no status).
    Request {
        host: &'a str,
        operation: Operation,
        status: Option<u16>,
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
}

impl<'a> Told<'a> {
    /// What is told, and how much must be told for it to be written.
    fn of(event: &'a Event) -> Option<(Verbosity, Self)> {
        let told = match event {
            Event::PhaseBegan { phase, items } => Self::PhaseBegan {
                phase: *phase,
                items: *items,
            },
            Event::PhaseEnded {
                phase,
                passed,
                left,
            } => Self::PhaseEnded {
                phase: *phase,
                passed: *passed,
                left: *left,
            },
            Event::ItemDone { phase, item, left } => Self::ItemDone {
                phase: *phase,
                item,
                left: *left,
            },
            Event::Throttled { host, pause } => Self::Throttled {
                host,
                seconds: pause.as_secs_f64(),
            },
            Event::Warning { code, message } => {
                let told = Self::Warning {
                    code: *code,
                    message,
                };
                return Some((Verbosity::Quiet, told));
            }
            other => return Self::verbose(other).map(|told| (Verbosity::Verbose, told)),
        };
        Some((Verbosity::Normal, told))
    }

    fn verbose(event: &'a Event) -> Option<Self> {
        match event {
            Event::Request {
                host,
                operation,
                status,
            } => Some(Self::Request {
                host,
                operation: *operation,
                status: *status,
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
            _ => None,
        }
    }
}
