//! Progress as a bar for the phase that runs, for terminals.

use std::sync::{Mutex, PoisonError};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use promo::documents::style::one_line;
use promo_core::ports::{Event, Observer};

use super::{end_of_phase, noteworthy};
use crate::diagnostics;
use crate::terminal::Terminal;

/// The bar of the phase that runs; phases that are over stay as lines above it.
#[derive(Debug)]
pub(super) struct Bars {
    terminal: Terminal,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    bar: Option<ProgressBar>,
    bytes: u64,
}

impl Bars {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            current: Mutex::default(),
        }
    }

    /// Writes a line above the bar.
    fn line(&self, current: &Current, text: &str) {
        match &current.bar {
            Some(bar) => bar.suspend(|| self.terminal.tell(text)),
            None => self.terminal.tell(text),
        }
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
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::PhaseBegan { phase, items } => {
                current.bar = Some(bar(phase.as_str(), *items));
                current.bytes = 0;
            }
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => {
                if let Some(bar) = current.bar.take() {
                    bar.finish_and_clear();
                }
                let line = end_of_phase(*phase, *passed, *blocked);
                self.line(&current, &format!("{line}\n"));
            }
            Event::BytesSent { bytes, .. } => {
                current.bytes += bytes;
                if let Some(bar) = &current.bar {
                    bar.set_message(HumanBytes(current.bytes).to_string());
                }
            }
            Event::Warning { code, message } => {
                self.line(&current, &diagnostics::warning(code.as_str(), message));
            }
            event => {
                if let (Event::ItemDone { .. }, Some(bar)) = (event, &current.bar) {
                    bar.inc(1);
                }
                if let Some(line) = noteworthy(event) {
                    self.line(&current, &format!("{}\n", one_line(&line)));
                }
            }
        }
    }
}
