//! Ctrl-C: once asks the run to end well within some seconds, twice leaves at once.

use std::future::pending;
use std::time::Duration;

use promo_core::pipeline::Interrupt;
use promo_registry::Revocation;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// How long open work may take after the first signal; then it is given up, and the report is written.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Listens for Ctrl-C (and for the signals of a terminal that is closed and of a system that stops, which mean the same)
/// as long as the runtime lives. The first raises `interrupt`, and a while later ends what is still open by `revocation`;
/// the second ends the process. From the moment that this returns no signal is missed.
pub(crate) fn listen(terminal: Terminal, interrupt: Interrupt, revocation: Revocation) {
    let mut signals = Signals::new();
    tokio::spawn(async move {
        signals.next().await;
        interrupt.raise();
        terminal.note(&format!(
            "interrupted: what is open has {} s to end, nothing new is started (Ctrl-C again leaves at once)",
            GRACE.as_secs()
        ));
        tokio::select! {
            () = signals.next() => leave(),
            () = tokio::time::sleep(GRACE) => revocation.revoke(),
        }
        signals.next().await;
        leave();
    });
}

/// Waits for the first Ctrl-C, for commands that run until then. It is heard from the moment that this
/// returns, not only from the first poll.
#[cfg(feature = "embedded")]
pub(crate) fn wait() -> impl Future<Output = ()> {
    let mut signals = Signals::new();
    async move { signals.next().await }
}

#[expect(clippy::exit, reason = "the second Ctrl-C asks for exactly that")]
fn leave() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hang_up: (!is_hang_up_ignored())
                .then(|| signal(SignalKind::hangup()).ok())
                .flatten(),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.terminate.as_mut()) => {}
            () = received(self.hang_up.as_mut()) => {}
        }
    }
}

/// Whether promo was started to survive its terminal (`nohup`), as far as the system tells.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Where a signal can't be had, the system's own way to end the process stays in force.
#[cfg(unix)]
async fn received(signal: Option<&mut tokio::signal::unix::Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        pending::<()>().await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}
