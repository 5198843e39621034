//! A plan as the comment of a pull request: the numbers, what changes, what is blocked by what. What is published already is
//! one number. A comment has so much room; what it has none for is folded away or counted.

mod escape;
mod section;

use std::fmt::Write as _;

use promo_core::manifest::{FilePath, Finding, Position};
use promo_core::oci::{RegistryPath, Tag};
use promo_core::plan::{Beside, Cost, Plan, Verdict};

use self::escape::escape;
use self::section::{Room, Section};
use super::beside;
use super::forge::{Forge, LinkBase};
use super::plan_text::{NAMED_TAGS, cost_text, place, short};
use super::review::{self, Cause, Change, MirrorSets};
use super::{counted, named};

/// By this line a job finds the comment that it wrote before, and replaces it.
const MARK: &str = "<!-- promo plan -->";

/// How a comment is written.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Comment {
    /// Where it is put, which says how much room it has.
    pub forge: Forge,
    /// Where the promoter manifests are shown; without it nothing has a link.
    pub links: Option<LinkBase>,
}

/// The plan as Markdown.
pub fn plan_markdown(plan: &Plan, comment: &Comment) -> String {
    let head = summary_markdown(plan);
    let mut room = Room::new(comment.forge.comment_bytes().saturating_sub(head.len()));
    let changes = review::changes(plan);
    let mut mirrors = MirrorSets::default();
    let rows = changes.iter();
    let rows: Vec<String> = rows
        .map(|change| row(change, &mut mirrors, comment))
        .collect();
    let legend = mirrors.legend();
    let legend: Vec<String> = legend
        .map(|(letter, names)| format!("- **{letter}**: `{}`", names.replace(", ", "`, `")))
        .collect();
    let mut blocked: Vec<String> = review::causes(plan)
        .iter()
        .map(|cause| cause_line(cause, comment))
        .collect();
    blocked.extend(plan.findings().iter().map(finding));
    let beside = plan.beside().into_iter().flatten();
    let beside: Vec<String> = beside.filter_map(beside_line).collect();
    // What must not be lost takes its room first, and stands where it is read.
    let blocked = room.fit(2, &Section::list("Blocked", &blocked));
    let legend = room.fit(4, &Section::list("Mirrors", &legend));
    let changes = room.fit(1, &Section::table("Changes", TABLE, &rows));
    let beside = room.fit(1, &Section::list("Beside the images", &beside));
    head + &changes + &legend + &blocked + &beside
}

/// The heading and the numbers.
pub fn summary_markdown(plan: &Plan) -> String {
    format!("{MARK}\n### promo plan\n\n{}", numbers(plan))
}

/// One paragraph: what was blocked, what is to be done, what is done.
fn numbers(plan: &Plan) -> String {
    let verdicts = plan.summary().verdicts;
    let blocked = match verdicts.blocked() {
        0 => String::new(),
        blocked => format!("**{blocked} blocked**, "),
    };
    let mut text = match (plan.is_offline(), verdicts.actionable()) {
        (true, _) => {
            let wanted = counted(verdicts.get(Verdict::Wanted), "edge");
            format!("{blocked}{wanted} wanted; no registry was asked.\n")
        }
        (false, 0) if blocked.is_empty() => "Nothing to promote".to_owned(),
        (false, 0) => format!("{blocked}nothing to promote"),
        (false, edges) => format!("{blocked}{} to promote", counted(edges, "edge")),
    };
    if !plan.is_offline() {
        let present = verdicts.get(Verdict::Present);
        let _ = writeln!(text, ", {present} published already.");
    }
    if let Some(cost) = plan.cost().filter(Cost::is_something) {
        let _ = writeln!(text, "\nTo promote {}.", cost_text(&cost));
    }
    text
}

/// The headings of [`row`].
const TABLE: &str = "| image | tags | digest | where | why |\n|---|---|---|---|---|\n";

fn row<'a>(
    change: &Change<'a>,
    mirrors: &mut MirrorSets<&'a RegistryPath>,
    comment: &Comment,
) -> String {
    let digest = match change.moves_from {
        Some(from) => format!("`{}` → `{}`", short(from), short(change.digest)),
        None => format!("`{}`", short(change.digest)),
    };
    let places = match change.mirrors.as_slice() {
        [one] => format!("`{one}`"),
        several => mirrors.name(several),
    };
    format!(
        "| {} | {} | {digest} | {places} | {} |",
        linked(
            &format!("`{}`", change.image),
            Some(change.written_at),
            comment
        ),
        tags(&change.tags),
        change.why(),
    )
}

/// A text that leads to a line of a promoter manifest, if it is known where that is shown.
fn linked(text: &str, at: Option<(&FilePath, Position)>, comment: &Comment) -> String {
    match comment.links.as_ref().zip(at) {
        Some((links, (file, position))) => format!("[{text}]({})", links.line(file, position)),
        None => text.to_owned(),
    }
}

fn tags(tags: &[&Tag]) -> String {
    let names: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
    if names.is_empty() {
        return "by digest".to_owned();
    }
    named(&names, NAMED_TAGS)
}

/// What blocks edges, and what to do about it.
fn cause_line(cause: &Cause<'_>, comment: &Comment) -> String {
    let mut line = format!(
        "- **{}** {}: {} ({})",
        cause.what,
        linked(&escape(&cause.subject()), cause.written_at(), comment),
        escape(cause.message()),
        cause.code
    );
    for hint in cause.hints {
        let _ = write!(line, "<br>hint: {}", escape(hint));
    }
    line
}

fn finding(finding: &Finding) -> String {
    format!(
        "- **{}** {} ({})",
        finding.severity,
        escape(&place(finding)),
        finding.code
    )
}

/// What staging has beside an image, and what becomes of it.
fn beside_line(of: &Beside) -> Option<String> {
    let what = beside::becomes(of.becomes)?;
    let kind = of.artifact_type.as_deref().map(escape);
    let kind = kind.map_or_else(String::new, |kind| format!(" ({kind})"));
    Some(format!(
        "- **{what}** `{}`{kind}, beside `{}`",
        beside::name(of),
        short(of.image)
    ))
}
