//! The lane of a host: its requests over time, with marks above them where something was repeated or refused.
//!
//! A few requests have a bar each, in as many rows as there were at once. Many are gathered by time: each step of time shows
//! how many were under way of each class, so that a lane never has more than some thousands of shapes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use promo_core::ports::RequestClass;

use super::axis::Axis;
use crate::human::human_time;
use crate::trace::Trace;
use crate::trace::compact::{HostNumber, Mark, MarkKind, Outcome, Span};

mod gathered;

/// So many requests have a bar each.
const FEW: usize = 1500;
/// So many rows of bars are readable.
const MAX_ROWS: usize = 64;
/// How high a row is, with the gap below it.
const ROW: u32 = 7;
/// Steps of time, for marks and where requests are gathered.
const STEPS: usize = 600;
/// Steps of a mark.
const OF_A_MARK: usize = 5;
/// The space for marks above the bars.
const MARKS: u32 = 10;

/// The spans and marks of a trace by host.
pub(super) struct Lanes<'a> {
    numbers: BTreeMap<&'a str, HostNumber>,
    spans: BTreeMap<HostNumber, Vec<&'a Span>>,
    marks: BTreeMap<HostNumber, Vec<&'a Mark>>,
}

impl<'a> Lanes<'a> {
    pub(super) fn of(trace: &'a Trace) -> Self {
        let mut lanes = Self {
            numbers: trace.hosts.ordered().collect(),
            spans: BTreeMap::new(),
            marks: BTreeMap::new(),
        };
        for span in &trace.spans {
            lanes.spans.entry(span.host).or_default().push(span);
        }
        for mark in &trace.marks {
            lanes.marks.entry(mark.host).or_default().push(mark);
        }
        lanes
    }

    /// The drawing of a host, which is taken out.
    pub(super) fn draw(&mut self, host: &str, axis: &Axis) -> String {
        let number = self.numbers.get(host);
        let mut spans = number
            .and_then(|number| self.spans.remove(number))
            .unwrap_or_default();
        let marks = number
            .and_then(|number| self.marks.remove(number))
            .unwrap_or_default();
        spans.sort_by_key(|span| (span.asked, span.began, span.ended));
        let rows = (spans.len() <= FEW).then(|| rows(&spans));
        let (bars, height) = match rows.filter(|rows| rows.1 <= MAX_ROWS) {
            Some((rows, count)) => {
                let height = ROW * u32::try_from(count).unwrap_or(0);
                (bars(&spans, &rows, axis), height)
            }
            None => (gathered::bars(&spans, axis), gathered::HEIGHT),
        };
        let marks = marks_of(&marks, axis);
        format!("{}{marks}{bars}</svg>\n", axis.open(MARKS + height + 2))
    }
}

/// The row of each span: the first that is free. How many rows there are, too.
fn rows(spans: &[&Span]) -> (Vec<usize>, usize) {
    let mut free_from: Vec<u64> = Vec::new();
    let rows = spans.iter().map(|span| {
        let free = free_from.iter().position(|from| *from <= span.asked);
        let row = free.unwrap_or(free_from.len());
        match free_from.get_mut(row) {
            Some(from) => *from = span.ended,
            None => free_from.push(span.ended),
        }
        row
    });
    let rows = rows.collect();
    (rows, free_from.len())
}

fn bars(spans: &[&Span], rows: &[usize], axis: &Axis) -> String {
    let mut text = String::new();
    for (span, row) in spans.iter().zip(rows) {
        let y = MARKS + ROW * u32::try_from(*row).unwrap_or(0);
        let [asked, began, ended] = [span.asked, span.began, span.ended].map(|at| axis.x(at));
        if began - asked >= 0.1 {
            let (width, middle) = (began - asked, y + 2);
            let _ = writeln!(
                text,
                "<rect class=\"waited\" x=\"{asked:.1}\" y=\"{middle}\" width=\"{width:.1}\" height=\"2\"/>"
            );
        }
        let width = (ended - began).max(0.6);
        let class = class_of(span);
        let told = told(span);
        let _ = writeln!(
            text,
            "<rect class=\"{class}\" x=\"{began:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"6\"><title>{told}</title></rect>"
        );
    }
    text
}

/// What a pointer over a bar tells.
fn told(span: &Span) -> String {
    let took = human_time(Duration::from_micros(span.ended.saturating_sub(span.began)));
    let waited = Duration::from_micros(span.began.saturating_sub(span.asked));
    let outcome = match span.outcome {
        Outcome::Status(status) => status.to_string(),
        Outcome::Lost => "no answer".to_owned(),
        Outcome::Whole => "body".to_owned(),
        Outcome::BrokeOff => "body, not to its end".to_owned(),
    };
    let class = span.class.map_or("other", RequestClass::as_str);
    let at = human_time(Duration::from_micros(span.began));
    format!(
        "{class}: {outcome}, took {took}, had waited {}, from {at}",
        human_time(waited)
    )
}

/// The style of a bar.
fn class_of(span: &Span) -> &'static str {
    match span.class {
        _ if span.outcome.is_trouble() => "trouble",
        _ if span.outcome.is_body() => "body",
        Some(class) => class.as_str(),
        None => "other",
    }
}

/// The marks, those of some steps of time together, so that they can be told apart.
fn marks_of(marks: &[&Mark], axis: &Axis) -> String {
    let mut gathered: BTreeMap<(usize, MarkKind), u64> = BTreeMap::new();
    for mark in marks {
        let step = step_of(mark.at, axis) / OF_A_MARK * OF_A_MARK;
        *gathered.entry((step, mark.kind)).or_default() += 1;
    }
    let mut text = String::new();
    for ((step, kind), count) in gathered {
        let x = axis.x(time_of(step, axis));
        let (class, what) = match kind {
            MarkKind::Retry => ("retry", "repeated"),
            MarkKind::Throttled => ("trouble", "asked for less"),
            MarkKind::Awaited => ("waited", "waited for"),
            MarkKind::GivenUp => ("trouble", "given up"),
            MarkKind::Back => ("upload", "back"),
        };
        let (left, right) = (x - 3.0, x + 3.0);
        let _ = writeln!(
            text,
            "<path class=\"{class}\" d=\"M{left:.1} 1H{right:.1}L{x:.1} 8Z\"><title>{what}: {count}</title></path>"
        );
    }
    text
}

/// The step of time that a moment is in.
fn step_of(at: u64, axis: &Axis) -> usize {
    let step = u128::from(at.min(axis.end())) * STEPS as u128 / u128::from(axis.end());
    usize::try_from(step).unwrap_or(STEPS).min(STEPS - 1)
}

/// When a step begins.
fn time_of(step: usize, axis: &Axis) -> u64 {
    let at = u128::from(axis.end()) * step as u128 / STEPS as u128;
    u64::try_from(at).unwrap_or(u64::MAX)
}
