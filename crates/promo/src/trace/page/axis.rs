//! The axis of time that all drawings of a page share: where a moment is, and the lines that help to read it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::human::human_time;

/// How wide a drawing is, in its own units.
pub(super) const WIDTH: f64 = 1200.0;
/// How high the row of the ticks' labels is.
const LABELS: u32 = 16;
/// Lines are so far apart at least.
const MOST_TICKS: u64 = 12;

/// From times to places.
#[derive(Debug)]
pub(super) struct Axis {
    /// What the whole width stands for, in microseconds.
    end: u64,
    /// From one line to the next.
    step: u64,
}

impl Axis {
    pub(super) fn new(end: u64) -> Self {
        let end = end.max(1);
        let mut steps = (0..15).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
        let step = steps.find(|step| end / step <= MOST_TICKS);
        Self {
            end,
            step: step.unwrap_or(end),
        }
    }

    /// The last moment.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Where a moment is.
    #[expect(clippy::cast_precision_loss, reason = "it is drawn")]
    pub(super) fn x(&self, at: u64) -> f64 {
        at.min(self.end) as f64 / self.end as f64 * WIDTH
    }

    /// Opens a drawing of this height with its lines, and their times below.
    pub(super) fn open(&self, height: u32) -> String {
        let whole = height + LABELS;
        let mut text = format!("<svg viewBox=\"0 0 {WIDTH} {whole}\" role=\"img\">\n");
        let mut at = 0;
        while at <= self.end {
            let x = self.x(at);
            let anchor = match at {
                0 => "start",
                _ if x > WIDTH * 0.97 => "end",
                _ => "middle",
            };
            let _ = writeln!(
                text,
                "<line class=\"tick\" x1=\"{x:.1}\" y1=\"0\" x2=\"{x:.1}\" y2=\"{height}\"/><text class=\"tick\" \
                 x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                whole - 4,
                if at == 0 {
                    "0".to_owned()
                } else {
                    human_time(Duration::from_micros(at))
                }
            );
            at += self.step;
        }
        text
    }
}
