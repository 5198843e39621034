//! The report of a run for people: what was done where, what was blocked and why, the numbers.

use std::fmt::Write as _;

use promo_core::pipeline::{EdgeOutcome, EdgeResult, Mode, PhaseStatus};
use promo_core::ports::Phase;
use promo_core::report::{Report, Totals};

use super::beside::beside_text;
use super::done_text::done_text;
use super::layout::{Layout, LayoutExtent};
use super::plan_text::short;
use super::review::{BlockedAt, Cause, Causes};
use super::review_text::{blocked_text, findings_text};
use super::style::{BOLD, GREEN, RED, YELLOW, hints, one_line};
use super::{Text, counted};

/// The report as text.
pub fn report_text(report: &Report, layout: Layout) -> Text {
    Text(told(report, layout))
}

fn told(report: &Report, layout: Layout) -> String {
    let done = match layout.extent {
        LayoutExtent::Brief => String::new(),
        LayoutExtent::Screen => done_text(report, layout),
        LayoutExtent::Edges => edges(report),
    };
    let blocked = match layout.extent {
        LayoutExtent::Edges => blocked_edges(report),
        _ => blocked_text(&causes(report)),
    };
    let mut parts = vec![done];
    if layout.extent != LayoutExtent::Brief {
        parts.extend([staging(report), beside_text(&report.beside)]);
    }
    parts.extend([blocked, findings_text(&report.findings)]);
    let mut text = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        text.push_str(&part);
        text.push('\n');
    }
    if layout.extent != LayoutExtent::Brief {
        text.push_str(&not_asked_for(report));
    }
    text + &conclusion(report)
}

/// What keeps edges from being published, whether the plan or a phase found it.
fn causes(report: &Report) -> Vec<Cause<'_>> {
    let mut causes = Causes::default();
    for edge in &report.edges {
        if let EdgeResult::Blocked(blocked) = &edge.result {
            causes.add(&BlockedAt::in_run(edge, blocked));
        }
    }
    for edge in &report.blocked {
        causes.add(&BlockedAt::before_run(edge));
    }
    causes.most_first()
}

/// The checks that nobody asked for: whoever reads the rest shall not believe that they were made.
fn not_asked_for(report: &Report) -> String {
    let checks = report.phases.iter().filter(|phase| {
        let is_check = matches!(phase.phase, Phase::Provenance | Phase::Validate);
        is_check && phase.status == PhaseStatus::NotAskedFor
    });
    let checks: Vec<&str> = checks.map(|phase| phase.phase.as_str()).collect();
    if checks.is_empty() {
        return String::new();
    }
    format!("not asked for: {}\n", checks.join(", "))
}

/// The edges that went through, one line each.
fn edges(report: &Report) -> String {
    let mut text = String::new();
    for edge in &report.edges {
        if let Some(what) = went_through(&edge.result) {
            let _ = writeln!(text, "{GREEN}{what}{GREEN:#} {}", name(edge));
        }
    }
    text
}

/// What became of an edge that wasn't blocked.
pub(super) fn went_through(result: &EdgeResult) -> Option<&'static str> {
    match result {
        EdgeResult::Ready => Some("ready"),
        EdgeResult::Published { .. } => Some("published"),
        EdgeResult::AlreadyThere => Some("already there"),
        _ => None,
    }
}

/// What of the evidence in staging doesn't come along, and why.
fn staging(report: &Report) -> String {
    let mut text = String::new();
    for image in report
        .staging
        .iter()
        .filter(|image| !image.notes.is_empty())
    {
        let carried = counted(image.carried, "piece");
        let _ = writeln!(
            text,
            "{BOLD}evidence{BOLD:#} {}@{}: {carried} carried",
            image.source,
            short(image.digest)
        );
        for note in &image.notes {
            let (code, message, pieces) = (note.code, one_line(&note.message), note.pieces);
            let _ = writeln!(
                text,
                "  {YELLOW}note{YELLOW:#} ({code}): {message} ({pieces})"
            );
        }
    }
    text
}

fn name(edge: &EdgeOutcome) -> String {
    match &edge.tag {
        Some(tag) => format!("{}:{tag} {}", edge.destination, short(edge.digest)),
        None => format!("{}@{}", edge.destination, short(edge.digest)),
    }
}

/// The edges that were blocked, one line each, then what to do.
fn blocked_edges(report: &Report) -> String {
    let mut text = String::new();
    for edge in &report.edges {
        if let EdgeResult::Blocked(blocked) = &edge.result {
            let (phase, code) = (blocked.phase.as_str(), blocked.code);
            let message = one_line(&blocked.message);
            let _ = writeln!(
                text,
                "{RED}{phase}[{code}]{RED:#} {}: {message}",
                name(edge)
            );
        }
    }
    for edge in &report.blocked {
        let tag = edge.tag.as_ref().map(|tag| format!(":{tag}"));
        let (verdict, code) = (edge.verdict, edge.code);
        let _ = writeln!(
            text,
            "{RED}{verdict}[{code}]{RED:#} {}{} {}: {}",
            edge.destination,
            tag.unwrap_or_default(),
            short(edge.digest),
            one_line(&edge.message)
        );
    }
    let in_run = report.edges.iter().filter_map(|edge| match &edge.result {
        EdgeResult::Blocked(blocked) => Some(&blocked.hints),
        _ => None,
    });
    let before = report.blocked.iter().map(|edge| &edge.hints);
    text + &hints(in_run.chain(before).flatten())
}

fn conclusion(report: &Report) -> String {
    let Totals {
        edges,
        present,
        published,
        already_there,
        ready,
        blocked,
        ..
    } = report.totals;
    let mut text = format!(
        "{BOLD}{}{BOLD:#}: {present} present",
        counted(edges, "edge")
    );
    for (count, what) in [
        (published, "published"),
        (already_there, "already there"),
        (ready, "ready"),
        (blocked, "blocked"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text.push('\n');
    if report.interrupted && blocked == 0 {
        let _ = writeln!(
            text,
            "{YELLOW}interrupted{YELLOW:#}, when nothing was left to start"
        );
    } else if report.interrupted {
        let _ = writeln!(
            text,
            "{YELLOW}interrupted{YELLOW:#}: run it again to complete it"
        );
    } else if blocked > 0 && report.settings.mode == Mode::Confirmed {
        text.push_str(
            "what was blocked is tried again by the next run; what is published is left as it is\n",
        );
    } else if report.settings.mode == Mode::DryRun && ready > 0 {
        text.push_str("a dry run: nothing was written\n");
    } else if published + already_there + ready + blocked == 0 {
        let _ = writeln!(text, "{GREEN}nothing left to do{GREEN:#}");
    }
    if report.settings.mode == Mode::Confirmed && !report.settings.signs {
        let _ = writeln!(
            text,
            "{YELLOW}without proof{YELLOW:#}: nothing was signed, as it was asked"
        );
    }
    text
}
