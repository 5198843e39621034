//! What a run tells while it goes on: bars on a terminal, lines when piped, JSON when asked.
//!
//! All of it goes to standard error.

mod bars;
mod blocked;
mod events;
mod lines;

use std::sync::Arc;

use promo_core::ports::{Event, Observer, Phase, Silent};

use crate::context::Context;
use crate::terminal::{Terminal, Verbosity};

/// The observer that fits where standard error goes.
pub(crate) fn observer(context: &Context) -> Arc<dyn Observer> {
    let terminal = context.terminal;
    if context.console.logs_json() {
        return Arc::new(events::Events::new(terminal));
    }
    match terminal.verbosity() {
        Verbosity::Quiet => Arc::new(Silent),
        Verbosity::Normal if Terminal::is_interactive() => Arc::new(bars::Bars::new(terminal)),
        // With `-v` there are no bars: each request in a line of its own would tear them apart.
        Verbosity::Normal | Verbosity::Verbose => Arc::new(lines::Lines::new(terminal)),
    }
}

/// The line at the end of a phase.
fn end_of_phase(phase: Phase, passed: u64, blocked: u64) -> String {
    let name = phase.as_str();
    if blocked == 0 {
        format!("{name:>10}  {passed} passed")
    } else {
        format!("{name:>10}  {passed} passed, {blocked} blocked")
    }
}

/// The line of something that a person should read whatever the verbosity; nothing for other events.
fn noteworthy(event: &Event) -> Option<String> {
    match event {
        Event::Signer { subject, issuer } => Some(format!(
            "{:>10}  as {subject}, for whom {issuer} vouches",
            "signing"
        )),
        Event::Throttled { host, pause } => Some(format!(
            "{:>10}  {host} asks for less: nothing is sent for {:.1} s",
            "throttled",
            pause.as_secs_f64()
        )),
        Event::HostAwaited {
            host,
            silent,
            give_up,
        } => Some(format!(
            "{:>10}  for {host}: it has not answered for {:.1} s; given up after {:.0} s",
            "waiting",
            silent.as_secs_f64(),
            give_up.as_secs_f64()
        )),
        Event::HostBack { host, silent } => Some(format!(
            "{:>10}  {host} answers again, after {:.1} s",
            "back",
            silent.as_secs_f64()
        )),
        Event::HostGivenUp { host, silent } => Some(format!(
            "{:>10}  {host}: it has not answered for {:.1} s, and what needs it is left",
            "given up",
            silent.as_secs_f64()
        )),
        _ => None,
    }
}
