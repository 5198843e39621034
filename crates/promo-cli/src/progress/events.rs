//! Progress as JSON, one object a line (`--log-format json`).

use promo_core::ports::{Event, Observer};
use serde_json::{Value, json};

use crate::terminal::{Terminal, Verbosity};

/// Writes events as objects with `"schema": "promo.event/v1"`.
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
        let Some((detail, mut object)) = object(event) else {
            return;
        };
        if self.terminal.verbosity() < detail {
            return;
        }
        if let Value::Object(fields) = &mut object {
            fields.insert("schema".to_owned(), Value::from("promo.event/v1"));
        }
        self.terminal.tell(&format!("{object}\n"));
    }
}

/// The object of an event, and how much must be told for it to be written.
fn object(event: &Event) -> Option<(Verbosity, Value)> {
    let object = match event {
        Event::PhaseBegan { phase, items } => {
            json!({"event": "phaseBegan", "phase": phase, "items": items})
        }
        Event::PhaseEnded {
            phase,
            passed,
            left,
        } => json!({"event": "phaseEnded", "phase": phase, "passed": passed, "left": left}),
        Event::ItemDone { phase, item, left } => {
            json!({"event": "itemDone", "phase": phase, "item": item, "left": left})
        }
        Event::Throttled { host, pause } => {
            json!({"event": "throttled", "host": host, "seconds": pause.as_secs_f64()})
        }
        Event::Warning { code, message } => {
            json!({"event": "warning", "code": code, "message": message})
        }
        other => return verbose(other).map(|object| (Verbosity::Verbose, object)),
    };
    let detail = match event {
        Event::Warning { .. } => Verbosity::Quiet,
        _ => Verbosity::Normal,
    };
    Some((detail, object))
}

fn verbose(event: &Event) -> Option<Value> {
    match event {
        Event::Request {
            host,
            operation,
            status,
        } => Some(
            json!({"event": "request", "host": host, "operation": operation, "status": status}),
        ),
        Event::Retry {
            host,
            operation,
            attempt,
            pause,
        } => Some(json!({
            "event": "retry", "host": host, "operation": operation,
            "attempt": attempt, "seconds": pause.as_secs_f64(),
        })),
        Event::BytesSent { host, bytes } => {
            Some(json!({"event": "bytesSent", "host": host, "bytes": bytes}))
        }
        _ => None,
    }
}
