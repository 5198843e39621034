//! Progress as plain lines, for pipes and logs.

use promo::documents::style::one_line;
use promo_core::ports::{Event, Observer};

use super::blocked::{self, Blocked};
use super::{end_of_phase, noteworthy};
use crate::diagnostics;
use crate::terminal::{Terminal, Verbosity};

/// A line for each phase, and for whatever a person should read; with `-v` for each item and request.
#[derive(Debug)]
pub(super) struct Lines {
    terminal: Terminal,
    blocked: Blocked,
}

impl Lines {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            blocked: Blocked::default(),
        }
    }

    fn verbose(event: &Event) -> Option<String> {
        match event {
            Event::PhaseBegan { phase, items } => {
                Some(format!("{:>10}  begins with {items}", phase.as_str()))
            }
            Event::ItemDone { phase, item, .. } => Some(format!("{:>10}  {item}", phase.as_str())),
            Event::Request {
                host,
                operation,
                status,
                took,
                ..
            } => {
                let status = status.map_or_else(|| "no answer".to_owned(), |code| code.to_string());
                let took = took.as_secs_f64();
                Some(format!(
                    "{:>10}  {host} {operation:?}: {status} in {took:.3} s",
                    "request"
                ))
            }
            Event::Retry {
                host,
                operation,
                attempt,
                pause,
            } => Some(format!(
                "{:>10}  {host} {operation:?}, repetition {attempt} in {:.1} s",
                "retry",
                pause.as_secs_f64()
            )),
            _ => None,
        }
    }
}

impl Observer for Lines {
    fn observe(&self, event: &Event) {
        match event {
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => {
                for line in self.blocked.rest(*phase) {
                    self.terminal.note(&line);
                }
                self.terminal.note(&end_of_phase(*phase, *passed, *blocked));
            }
            Event::ItemDone {
                phase,
                item,
                blocked: Some(code),
            } => {
                let line = match self.terminal.verbosity() {
                    Verbosity::Verbose => Some(blocked::line(*phase, item, *code)),
                    _ => self.blocked.add(*phase, item, *code),
                };
                if let Some(line) = line {
                    self.terminal.note(&one_line(&line));
                }
            }
            Event::Warning { code, message } => {
                self.terminal
                    .tell(&diagnostics::warning(code.as_str(), message));
            }
            event => {
                let line = noteworthy(event).or_else(|| {
                    let verbose = self.terminal.verbosity() == Verbosity::Verbose;
                    verbose.then(|| Self::verbose(event)).flatten()
                });
                if let Some(line) = line {
                    self.terminal.note(&one_line(&line));
                }
            }
        }
    }
}
