//! Progress on a terminal: a bar for each phase that runs, and below them what the run has exchanged so far. Mirrors go through
//! the phases apart, so several may run at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use promo::documents::style::one_line;
use promo_core::ports::{Event, Observer, Phase};

use super::blocked::Blocked;
use super::{end_of_phase, noteworthy};
use crate::diagnostics;
use crate::terminal::Terminal;

/// How many items are done, how many there are, how fast they go and how long it takes still; then the one that was done last.
const PHASE: &str = "{prefix:>10}  [{bar:24}] {pos}/{len}{pace}  {wide_msg}";
/// What was sent and how fast; then the requests.
const TRAFFIC: &str = "{prefix:>10}  {binary_bytes} of blobs, {binary_bytes_per_sec}, {wide_msg}";

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
    /// What is exchanged; it is there while a phase runs.
    traffic: Option<ProgressBar>,
    bytes: u64,
    requests: u64,
    throttled: u64,
}

impl Running {
    /// Shows below the bars what the run has exchanged so far.
    fn show_traffic(&self) {
        let Some(traffic) = &self.traffic else {
            return;
        };
        let mut text = match self.requests {
            1 => "1 request".to_owned(),
            requests => format!("{requests} requests"),
        };
        if self.throttled > 0 {
            let _ = write!(text, ", {} answered by 429", self.throttled);
        }
        traffic.set_message(text);
        traffic.set_position(self.bytes);
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

    fn began(&self, running: &mut Running, phase: Phase, items: u64) {
        let bar = styled(ProgressBar::new(items), PHASE).with_prefix(phase.as_str());
        // What is exchanged stays the last line.
        let bar = match &running.traffic {
            Some(traffic) => self.all.insert_before(traffic, bar),
            None => self.all.add(bar),
        };
        // Where nothing has happened yet, it shows all the same.
        bar.tick();
        running.bars.insert(phase, bar);
        if running.traffic.is_none() {
            let traffic = styled(ProgressBar::no_length(), TRAFFIC).with_prefix("exchanged");
            running.traffic = Some(self.all.add(traffic));
            running.show_traffic();
        }
    }

    fn ended(&self, running: &mut Running, phase: Phase) {
        let over = running.bars.remove(&phase);
        let traffic = running.traffic.take_if(|_| running.bars.is_empty());
        for bar in over.into_iter().chain(traffic) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }
}

/// A bar with this template.
fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ").with_key("pace", pace)),
        Err(_) => bar,
    }
}

/// How many items a second, and how long the rest takes; nothing while that can't be told.
fn pace(state: &ProgressState, text: &mut dyn std::fmt::Write) {
    let items = state.per_sec();
    if state.pos() > 0 && items.is_finite() && items > 0.0 {
        // A line that can't be written is one that nobody sees.
        let _ = write!(text, ", {items:.1}/s, {} to go", whole_seconds(state.eta()));
    }
}

/// A time as people wait for it.
fn whole_seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

impl Observer for Bars {
    fn observe(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::PhaseBegan { phase, items } => self.began(&mut running, *phase, *items),
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => {
                self.ended(&mut running, *phase);
                for line in self.blocked.rest(*phase) {
                    self.line(&format!("{line}\n"));
                }
                let line = end_of_phase(*phase, *passed, *blocked);
                self.line(&format!("{line}\n"));
            }
            Event::ItemDone {
                phase,
                item,
                blocked,
            } => {
                if let Some(bar) = running.bars.get(phase) {
                    bar.set_message(one_line(item));
                    bar.inc(1);
                }
                if let Some(line) = blocked.and_then(|code| self.blocked.add(*phase, item, code)) {
                    self.line(&format!("{}\n", one_line(&line)));
                }
            }
            // It comes with each piece of each blob: nothing is written anew for it.
            Event::BytesSent { bytes, .. } => {
                running.bytes += bytes;
                if let Some(traffic) = &running.traffic {
                    traffic.set_position(running.bytes);
                }
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
                if let Some(line) = noteworthy(event) {
                    self.line(&format!("{}\n", one_line(&line)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_has_the_units_of_its_length() {
        let told = [0, 119, 120, 7_199, 7_200]
            .map(Duration::from_secs)
            .map(whole_seconds);
        assert_eq!(told, ["0 s", "119 s", "2 min", "119 min", "2 h 0 min"]);
    }

    #[test]
    fn templates_are_understood() {
        for template in [PHASE, TRAFFIC] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
