//! A plan for people at terminals: what changes as a table, then what can't be done with one line for each cause. What is
//! unchanged is one number.

use std::fmt::Write as _;

use promo_core::manifest::Finding;
use promo_core::oci::{Digest, RegistryPath, Tag};
use promo_core::plan::{Cost, Plan, Traffic};

use super::beside::beside_text;
use super::layout::Layout;
use super::review::{self, Change, MirrorSets};
use super::review_text::{blocked_text, findings_text, legend_text};
use super::style::{BOLD, GREEN, YELLOW};
use super::table::Table;
use super::{Text, counted, named};
use crate::human::human_bytes;

/// What changes, then what is blocked and why, then the numbers.
pub fn plan_text(plan: &Plan, layout: Layout) -> Text {
    let mut text = changes_text(&review::changes(plan), layout);
    let blocked = blocked_text(&review::causes(plan));
    let parts = [
        blocked,
        findings_text(plan.findings()),
        beside_text(plan.beside().unwrap_or_default()),
    ];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        text.push_str(&part);
        text.push('\n');
    }
    Text(text + &summary(plan))
}

/// The table of what changes, tags that move first, and the mirrors that its letters stand for.
fn changes_text(changes: &[Change<'_>], layout: Layout) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut mirrors: MirrorSets<&RegistryPath> = MirrorSets::default();
    let mut moves = Table::new(["IMAGE", "TAGS", "FROM", "TO", "WHERE", "WHY"]);
    let mut others = Table::new(["IMAGE", "TAGS", "DIGEST", "WHERE", "WHY"]);
    for change in changes {
        let image = change.image.to_owned();
        let (tags, to) = (tags(&change.tags), short(change.digest));
        let (place, why) = (mirrors.name(&change.mirrors), change.why().to_owned());
        match change.moves_from {
            Some(from) => moves.styled_row(YELLOW, [image, tags, short(from), to, place, why]),
            None => others.row([image, tags, to, place, why]),
        }
    }
    let tables = [moves, others]
        .into_iter()
        .filter(|table| !table.is_empty());
    let mut text: String = tables
        .map(|table| table.render_within(layout.width) + "\n")
        .collect();
    text.push_str(&legend_text(&mirrors, layout));
    text
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

/// So many tags of one digest are named.
pub(super) const NAMED_TAGS: usize = 10;

pub(super) fn tags(tags: &[&Tag]) -> String {
    let names: Vec<_> = tags.iter().map(|tag| tag.as_str()).collect();
    if names.is_empty() {
        return "-".to_owned();
    }
    named(&names, NAMED_TAGS)
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
