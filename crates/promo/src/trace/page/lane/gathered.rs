//! Many requests in one lane, gathered by time: how many were under way in each step, on the average, by what they were.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{MARKS, STEPS, class_of, step_of, time_of};
use crate::trace::compact::Span;
use crate::trace::page::axis::Axis;

/// How high the bars are at the most.
pub(super) const HEIGHT: u32 = 120;

/// What is stacked, from the bottom.
const STACKED: [&str; 9] = [
    "trouble", "token", "list", "read", "body", "write", "upload", "other", "waited",
];

/// The bars of all steps.
pub(super) fn bars(spans: &[&Span], axis: &Axis) -> String {
    let under_way = under_way(spans, axis);
    let mut heights = [0.0_f64; STEPS];
    for steps in under_way.values() {
        for (height, many) in heights.iter_mut().zip(steps) {
            *height += many;
        }
    }
    let highest = heights.iter().copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        return String::new();
    }
    let scale = f64::from(HEIGHT) / highest;
    let bottom = f64::from(MARKS + HEIGHT);
    let mut tops = [bottom; STEPS];
    let mut text = String::new();
    for class in STACKED {
        let Some(steps) = under_way.get(class) else {
            continue;
        };
        for (step, (many, top)) in steps.iter().zip(&mut tops).enumerate() {
            let height = many * scale;
            if height < 0.05 {
                continue;
            }
            *top -= height;
            let (from, to) = (axis.x(time_of(step, axis)), axis.x(time_of(step + 1, axis)));
            let _ = writeln!(
                text,
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{class}: \
                 {many:.1} at once</title></rect>",
                to - from
            );
        }
    }
    let _ = writeln!(
        text,
        "<text x=\"2\" y=\"22\">up to {highest:.1} at once</text>"
    );
    text
}

/// How many were under way in each step, on the average, by their style.
fn under_way(spans: &[&Span], axis: &Axis) -> BTreeMap<&'static str, Vec<f64>> {
    let mut under_way: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for span in spans {
        let parts = [
            ("waited", span.asked, span.began),
            (class_of(span), span.began, span.ended),
        ];
        for (class, from, to) in parts.into_iter().filter(|(_, from, to)| from < to) {
            let steps = under_way.entry(class).or_insert_with(|| vec![0.0; STEPS]);
            spread(steps, (from, to), axis);
        }
    }
    under_way
}

/// Adds to each step the part of it that a span takes.
#[expect(clippy::cast_precision_loss, reason = "it is drawn")]
fn spread(steps: &mut [f64], (from, to): (u64, u64), axis: &Axis) {
    let (first, last) = (step_of(from, axis), step_of(to, axis));
    for (step, many) in steps.iter_mut().enumerate().take(last + 1).skip(first) {
        let (begin, end) = (time_of(step, axis), time_of(step + 1, axis));
        let taken = to.min(end).saturating_sub(from.max(begin));
        *many += taken as f64 / end.saturating_sub(begin).max(1) as f64;
    }
}
