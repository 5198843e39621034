//! A plan for people at terminals, as a table. What is unchanged is one number.

use std::fmt::Write as _;

use promo_core::manifest::{Finding, Severity};
use promo_core::oci::{Digest, RegistryPath, Tag};
use promo_core::plan::{Cost, Plan, PlannedEdge, PlannedGroup, PlannedRow, Traffic, Verdict};

use super::beside::beside_text;
use super::style::{BOLD, GREEN, RED, YELLOW, hints, one_line};
use super::table::Table;
use super::{Text, counted};
use crate::human::human_bytes;

/// The plan as a table, then what was blocked and why, then the numbers.
pub fn plan_text(plan: &Plan) -> Text {
    let mut table = Table::new(["VERDICT", "IMAGE", "DIGEST", "TAGS", "DESTINATIONS"]);
    for group in plan.groups().filter(|group| !group.is_unchanged()) {
        for row in listed_rows(&group) {
            table.row([
                row.verdict.to_string(),
                group.image().to_owned(),
                short(group.digest()),
                tags(&row.tags),
                destinations(&group, &row),
            ]);
        }
    }
    let mut text = if table.is_empty() {
        String::new()
    } else {
        table.render() + "\n"
    };
    for edge in blocked(plan) {
        let _ = writeln!(
            text,
            "{RED}{}{RED:#} {}: {}",
            edge.verdict(),
            name(&edge),
            one_line(&edge.reason())
        );
    }
    text.push_str(&hints(blocked(plan).flat_map(|edge| edge.hints())));
    for finding in plan.findings() {
        let style = if finding.severity == Severity::Warning {
            YELLOW
        } else {
            RED
        };
        let _ = writeln!(
            text,
            "{style}{}{style:#} {}",
            finding.severity,
            one_line(&place(finding))
        );
    }
    text.push_str(&beside_text(plan.beside().unwrap_or_default()));
    if !text.is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    Text(text + &summary(plan))
}

/// The numbers of a plan: how many edges there are of each verdict.
pub fn summary_text(plan: &Plan) -> Text {
    Text(summary(plan))
}

/// The numbers in a line or two.
fn summary(plan: &Plan) -> String {
    let summary = plan.summary();
    let mut text = format!(
        "{BOLD}{}, {}, {}{BOLD:#}",
        counted(summary.images, "image"),
        counted(summary.digests, "digest"),
        counted(summary.edges, "edge")
    );
    let counts: Vec<String> = summary
        .verdicts
        .named()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    if !counts.is_empty() {
        let _ = write!(text, ": {}", counts.join(", "));
    }
    text.push('\n');
    if let Some(cost) = plan.cost().filter(Cost::is_something) {
        let _ = writeln!(text, "{}", cost_text(&cost));
    }
    if plan.is_offline() {
        text.push_str("no registry was asked\n");
    } else if summary.verdicts.actionable() == 0 && summary.verdicts.blocked() == 0 {
        let _ = writeln!(text, "{GREEN}nothing to promote{GREEN:#}");
    }
    text
}

/// What it takes, in a sentence without a period.
pub(super) fn cost_text(cost: &Cost) -> String {
    let traffic = |traffic: &Traffic| {
        let bytes = human_bytes(traffic.bytes);
        format!("{bytes} in {}", counted(traffic.requests, "request"))
    };
    let mut text = format!(
        "it takes {} at the source and {} at the destinations where nothing stands yet, evidence not counted",
        traffic(&cost.sources),
        traffic(&cost.destinations)
    );
    if cost.unknown > 0 {
        let _ = write!(
            text,
            "; {} could not be measured",
            counted(cost.unknown, "image")
        );
    }
    text
}

fn blocked(plan: &Plan) -> impl Iterator<Item = PlannedEdge<'_>> {
    plan.edges().filter(|edge| edge.verdict().is_blocked())
}

/// An edge by where it goes.
pub(super) fn name(edge: &PlannedEdge<'_>) -> String {
    match edge.tag() {
        Some(tag) => format!("{}:{tag}", edge.destination()),
        None => format!("{}@{}", edge.destination(), short(edge.digest())),
    }
}

/// A finding by where it is.
pub(super) fn place(finding: &Finding) -> String {
    let position = finding.position.map(|position| format!(":{position}"));
    format!(
        "{}{}: {}",
        finding.file,
        position.unwrap_or_default(),
        finding.message
    )
}

/// The rows of a group, without what is published already.
pub(super) fn listed_rows<'a>(
    group: &PlannedGroup<'a>,
) -> impl Iterator<Item = PlannedRow<'a>> + use<'a> {
    let rows = group.rows().into_iter();
    rows.filter(|row| row.verdict != Verdict::Present)
}

fn tags(tags: &[&Tag]) -> String {
    let names: Vec<_> = tags.iter().map(|tag| tag.as_str()).collect();
    match names.as_slice() {
        [] => "-".to_owned(),
        [one, two, _, _, ..] => format!("{one}, {two} and {} more", names.len() - 2),
        few => few.join(", "),
    }
}

fn destinations(group: &PlannedGroup<'_>, row: &PlannedRow<'_>) -> String {
    destinations_of(group, row, ToString::to_string)
}

/// The destinations of a row: by name as `show` does it if they are few, or not all of the promoter manifest.
pub(super) fn destinations_of(
    group: &PlannedGroup<'_>,
    row: &PlannedRow<'_>,
    show: impl Fn(&RegistryPath) -> String,
) -> String {
    let all = group.destination_registries().len();
    match row.destinations.as_slice() {
        [one] => show(one),
        some if some.len() == all => counted(all as u64, "registry"),
        few @ ([_, _] | [_, _, _]) => {
            let names: Vec<_> = few.iter().map(|registry| show(registry)).collect();
            names.join(", ")
        }
        many => format!("{} of {all} registries", many.len()),
    }
}

/// The digest as far as people compare it.
pub(super) fn short(digest: Digest) -> String {
    let hex = digest.hex();
    format!(
        "{}:{}",
        digest.algorithm().name(),
        hex.get(..12).unwrap_or(&hex)
    )
}
