//! The parts of a review that texts of plans and of reports share: causes, findings, and the letters of mirrors.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use promo_core::manifest::{Finding, Severity};

use super::layout::Layout;
use super::plan_text::place;
use super::review::{Cause, MirrorSets};
use super::style::{BOLD, RED, YELLOW, hints, one_line};
use super::table::broken;

/// So many findings of one code are listed; a check of the promoter manifests lists all of them.
const LISTED_FINDINGS: usize = 10;

/// A line for each cause, with what to do about it below.
pub(super) fn blocked_text(causes: &[Cause<'_>]) -> String {
    let mut text = String::new();
    for cause in causes {
        let (what, code) = (cause.what, cause.code);
        let _ = writeln!(
            text,
            "{RED}{what}[{code}]{RED:#} {}: {}",
            one_line(&cause.subject()),
            one_line(cause.message())
        );
        for hint in hints(cause.hints.iter()).lines() {
            let _ = writeln!(text, "  {hint}");
        }
    }
    text
}

/// Bad entries and warnings, where they are.
pub(super) fn findings_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut of_code: BTreeMap<_, usize> = BTreeMap::new();
    for finding in findings {
        let count = of_code.entry((finding.severity, finding.code)).or_default();
        *count += 1;
        if *count > LISTED_FINDINGS {
            continue;
        }
        let style = style_of(finding.severity);
        let _ = writeln!(
            text,
            "{style}{}[{}]{style:#} {}",
            finding.severity,
            finding.code,
            one_line(&place(finding))
        );
    }
    for ((severity, code), count) in of_code {
        if let Some(more) = count.checked_sub(LISTED_FINDINGS).filter(|more| *more > 0) {
            let style = style_of(severity);
            let _ = writeln!(text, "{style}{severity}[{code}]{style:#} {more} more");
        }
    }
    text
}

fn style_of(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Warning => YELLOW,
        Severity::Error | Severity::Invalid => RED,
    }
}

/// What the letters of mirrors stand for, with a line end below; nothing if there are none.
pub(super) fn legend_text<M: Clone + Ord + Display>(
    mirrors: &MirrorSets<M>,
    layout: Layout,
) -> String {
    let mut text = String::new();
    for (letter, names) in mirrors.legend() {
        let indent = letter.chars().count() + 2;
        let names = one_line(&names);
        let pieces = broken(&names, layout.width.saturating_sub(indent));
        for (at, piece) in pieces.into_iter().enumerate() {
            let _ = match at {
                0 => writeln!(text, "{BOLD}{letter}{BOLD:#}  {piece}"),
                _ => writeln!(text, "{:indent$}{piece}", ""),
            };
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
