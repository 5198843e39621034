//! Ctrl-C: once asks the run to end well, twice leaves at once.

use std::future::pending;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// Listens for Ctrl-C (and the terminate signal, which means the same) as long as the runtime lives.
/// The first calls `interrupt`, the second ends the process. From the moment that this returns no
/// signal is missed.
pub(crate) fn listen(terminal: Terminal, interrupt: impl FnOnce() + Send + 'static) {
    let mut signals = Signals::new();
    tokio::spawn(async move {
        signals.next().await;
        terminal.note(
            "interrupted: finishing what is open, starting nothing new (Ctrl-C again leaves at once)",
        );
        interrupt();
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
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.terminate.as_mut()) => {}
        }
    }
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
