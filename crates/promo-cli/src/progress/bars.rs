//! Progress as a bar for each phase that runs, for terminals. Mirrors go through the phases apart, so several may run at
//! once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use promo::documents::style::one_line;
use promo_core::ports::{Event, Observer, Phase};

use super::blocked::Blocked;
use super::{end_of_phase, noteworthy};
use crate::diagnostics;
use crate::terminal::Terminal;

/// The bars of the phases that run; phases that are over stay as lines above them.
#[derive(Debug)]
pub(super) struct Bars {
    terminal: Terminal,
    all: MultiProgress,
    running: Mutex<Running>,
    blocked: Blocked,
}

#[derive(Debug, Default)]
struct Running {
    bars: BTreeMap<Phase, ProgressBar>,
    bytes: u64,
    requests: u64,
    throttled: u64,
}

impl Running {
    /// Shows beside the last bar what the run has sent so far.
    fn show_traffic(&self) {
        let Some(bar) = self.bars.values().next_back() else {
            return;
        };
        let mut text = format!("{} requests", self.requests);
        if self.bytes > 0 {
            text = format!("{} in {text}", HumanBytes(self.bytes));
        }
        if self.throttled > 0 {
            text = format!("{text}, {} answered by 429", self.throttled);
        }
        bar.set_message(text);
    }
}

impl Bars {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            all: MultiProgress::new(),
            running: Mutex::default(),
            blocked: Blocked::default(),
        }
    }

    /// Writes a line above the bars.
    fn line(&self, text: &str) {
        self.all.suspend(|| self.terminal.tell(text));
    }
}

/// A bar with the name of its phase; one without a count if there is nothing to count.
fn bar(name: &str, items: u64) -> ProgressBar {
    let bar = ProgressBar::new(items).with_prefix(name.to_owned());
    let style = ProgressStyle::with_template("{prefix:>10}  [{bar:24}] {pos}/{len} {msg}");
    match style {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

impl Observer for Bars {
    fn observe(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::PhaseBegan { phase, items } => {
                let bar = self.all.add(bar(phase.as_str(), *items));
                // Where nothing has happened yet, it shows all the same.
                bar.tick();
                running.bars.insert(*phase, bar);
            }
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => {
                if let Some(bar) = running.bars.remove(phase) {
                    bar.finish_and_clear();
                    self.all.remove(&bar);
                }
                for line in self.blocked.rest(*phase) {
                    self.line(&format!("{line}\n"));
                }
                let line = end_of_phase(*phase, *passed, *blocked);
                self.line(&format!("{line}\n"));
            }
            Event::BytesSent { bytes, .. } => {
                running.bytes += bytes;
                running.show_traffic();
            }
            Event::Request { status, .. } => {
                running.requests += 1;
                running.throttled += u64::from(*status == Some(429));
                running.show_traffic();
            }
            Event::Warning { code, message } => {
                self.line(&diagnostics::warning(code.as_str(), message));
            }
            event => {
                let mut line = noteworthy(event);
                if let Event::ItemDone {
                    phase,
                    item,
                    blocked,
                } = event
                {
                    if let Some(bar) = running.bars.get(phase) {
                        bar.inc(1);
                    }
                    line = blocked.and_then(|code| self.blocked.add(*phase, item, code));
                }
                if let Some(line) = line {
                    self.line(&format!("{}\n", one_line(&line)));
                }
            }
        }
    }
}
