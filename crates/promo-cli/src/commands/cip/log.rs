//! The log of `promo cip`: one line for each milestone on standard error, in the form that kpromo's jobs are used to,
//! with its levels.

use promo::documents::style::one_line;
use promo_core::Code;
use promo_core::ports::{Event, Observer};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::LogLevelArg;
use crate::terminal::{Terminal, Verbosity};

/// `promo.log/v1`: a line of the log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogDocument<'a> {
    schema: &'static str,
    /// A level as `--log-level` names it.
    level: &'static str,
    message: &'a str,
}

/// Writes lines `level=… msg="…"` down to a level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    terminal: Terminal,
    level: LogLevelArg,
    json: bool,
}

impl Log {
    /// A log down to `level`, or as much as promo's own flags ask for.
    pub(super) fn new(terminal: Terminal, level: Option<LogLevelArg>, json: bool) -> Self {
        let level = level.unwrap_or(match terminal.verbosity() {
            Verbosity::Quiet => LogLevelArg::Error,
            Verbosity::Normal => LogLevelArg::Info,
            Verbosity::Verbose => LogLevelArg::Trace,
        });
        Self {
            terminal,
            level,
            json,
        }
    }

    /// A milestone.
    pub(super) fn info(self, message: &str) {
        self.line(LogLevelArg::Info, message);
    }

    /// Something a person should read; the run goes on.
    pub(super) fn warn(self, code: Code, message: &str) {
        self.line(LogLevelArg::Warn, &format!("{message} ({code})"));
    }

    fn line(self, level: LogLevelArg, message: &str) {
        if level > self.level {
            return;
        }
        let (level, message) = (level.as_str(), one_line(message));
        let line = if self.json {
            let document = LogDocument {
                schema: "promo.log/v1",
                level,
                message: &message,
            };
            // Texts can always be written.
            serde_json::to_string(&document).unwrap_or_default()
        } else {
            let quoted = message.replace('\\', "\\\\").replace('"', "\\\"");
            format!("level={level} msg=\"{quoted}\"")
        };
        self.terminal.tell(&format!("{line}\n"));
    }
}

impl Observer for Log {
    fn observe(&self, event: &Event) {
        if let Some((level, message)) = of_run(event).or_else(|| of_requests(event)) {
            self.line(level, &message);
        }
    }
}

/// What is told of phases and their items.
fn of_run(event: &Event) -> Option<(LogLevelArg, String)> {
    Some(match event {
        Event::PhaseBegan { phase, items } => (
            LogLevelArg::Info,
            format!("phase {} begins with {items}", phase.as_str()),
        ),
        Event::PhaseEnded {
            phase,
            passed,
            blocked,
        } => (
            LogLevelArg::Info,
            format!(
                "phase {} is over: {passed} passed, {blocked} left",
                phase.as_str()
            ),
        ),
        Event::ItemDone {
            phase,
            item,
            blocked: Some(code),
        } => (
            LogLevelArg::Warn,
            format!("phase {} left {item} ({code})", phase.as_str()),
        ),
        Event::ItemDone { phase, item, .. } => (
            LogLevelArg::Debug,
            format!("phase {}: {item}", phase.as_str()),
        ),
        Event::Warning { code, message } => (LogLevelArg::Warn, format!("{message} ({code})")),
        _ => return None,
    })
}

/// What is told of requests.
fn of_requests(event: &Event) -> Option<(LogLevelArg, String)> {
    Some(match event {
        Event::Throttled { host, pause } => {
            let seconds = pause.as_secs_f64();
            let message = format!("{host} asks for less: nothing is sent for {seconds:.1} s");
            (LogLevelArg::Warn, message)
        }
        Event::Retry {
            host,
            operation,
            attempt,
            ..
        } => (
            LogLevelArg::Debug,
            format!("{host} {operation:?}: repetition {attempt}"),
        ),
        Event::HostAwaited {
            host,
            silent,
            give_up,
        } => {
            let (silent, give_up) = (silent.as_secs_f64(), give_up.as_secs_f64());
            let message = format!(
                "waiting for {host}: it has not answered for {silent:.1} s; given up after {give_up:.0} s"
            );
            (LogLevelArg::Warn, message)
        }
        Event::HostBack { host, silent } => {
            let silent = silent.as_secs_f64();
            let message = format!("{host} answers again, after {silent:.1} s");
            (LogLevelArg::Warn, message)
        }
        Event::HostGivenUp { host, silent } => {
            let silent = silent.as_secs_f64();
            let message = format!("{host} is given up: it has not answered for {silent:.1} s");
            (LogLevelArg::Warn, message)
        }
        Event::Request {
            host,
            operation,
            status,
            ..
        } => {
            let answer = status.map_or_else(|| "no answer".to_owned(), |code| code.to_string());
            let message = format!("{host} {operation:?}: {answer}");
            (LogLevelArg::Trace, message)
        }
        _ => return None,
    })
}
