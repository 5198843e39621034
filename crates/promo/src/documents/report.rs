//! The report of a run for people: phases, what was blocked and why, the numbers.

use std::fmt::Write as _;

use promo_core::manifest::Severity;
use promo_core::pipeline::{EdgeOutcome, EdgeResult, Mode, PhaseStatus};
use promo_core::report::{Report, Totals};

use super::beside::beside_text;
use super::plan_text::short;
use super::style::{BOLD, CYAN, GREEN, RED, YELLOW, hints, one_line};
use super::{Text, counted};

/// The report as text.
pub fn report_text(report: &Report) -> Text {
    Text(told(report))
}

fn told(report: &Report) -> String {
    let mut text = phases(report);
    text.push_str(&edges(report));
    text.push_str(&staging(report));
    text.push_str(&beside_text(&report.beside));
    text.push_str(&blocked(report));
    text.push_str(&conclusion(report));
    text
}

fn phases(report: &Report) -> String {
    let mut text = String::new();
    for phase in &report.phases {
        let name = phase.phase.as_str();
        let what = match phase.status {
            PhaseStatus::NotAskedFor => "not asked for".to_owned(),
            PhaseStatus::NotReached => "not reached".to_owned(),
            PhaseStatus::Done if phase.blocked > 0 => {
                format!("{} passed, {} left", phase.passed, phase.blocked)
            }
            PhaseStatus::Done => format!("{} passed", phase.passed),
        };
        let _ = writeln!(text, "{BOLD}{name:>10}{BOLD:#}  {what}");
    }
    text.push('\n');
    text
}

/// The edges that went through, one line each.
fn edges(report: &Report) -> String {
    let mut text = String::new();
    for edge in &report.edges {
        let what = match edge.result {
            EdgeResult::Ready => "ready",
            EdgeResult::Published { .. } => "published",
            EdgeResult::AlreadyThere => "already there",
            _ => continue,
        };
        let _ = writeln!(text, "{GREEN}{what}{GREEN:#} {}", name(edge));
    }
    text
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

/// What was blocked, by a phase or by the plan, and bad entries.
fn blocked(report: &Report) -> String {
    let mut text = String::new();
    for edge in &report.edges {
        if let EdgeResult::Blocked(blocked) = &edge.result {
            let (code, message) = (blocked.code, one_line(&blocked.message));
            let _ = writeln!(text, "{RED}left{RED:#} {} ({code}): {message}", name(edge));
            for hint in &blocked.hints {
                let _ = writeln!(text, "  {CYAN}hint:{CYAN:#} {hint}");
            }
        }
    }
    for edge in &report.blocked {
        let tag = edge.tag.as_ref().map(|tag| format!(":{tag}"));
        let (verdict, code) = (edge.verdict, edge.code);
        let _ = writeln!(
            text,
            "{RED}{verdict}{RED:#} {}{} {} ({code}): {}",
            edge.destination,
            tag.unwrap_or_default(),
            short(edge.digest),
            one_line(&edge.message)
        );
    }
    text.push_str(&hints(report.blocked.iter().flat_map(|edge| &edge.hints)));
    for finding in &report.findings {
        let style = if finding.severity == Severity::Warning {
            YELLOW
        } else {
            RED
        };
        let place = finding.position.map(|position| format!(":{position}"));
        let _ = writeln!(
            text,
            "{style}{}{style:#} {}{} ({}): {}",
            finding.severity,
            finding.file,
            place.unwrap_or_default(),
            finding.code,
            one_line(&finding.message)
        );
    }
    text
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
        (blocked, "left"),
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
