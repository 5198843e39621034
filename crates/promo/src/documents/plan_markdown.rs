//! A plan as the comment of a pull request: the numbers, what is blocked and why, then what is to be done. What is published
//! already is one number.

use std::fmt::Write as _;

use promo_core::manifest::Finding;
use promo_core::oci::Tag;
use promo_core::plan::{Beside, Cost, Plan, PlannedEdge, PlannedGroup, PlannedRow, Verdict};

use super::beside as beside_an_image;
use super::counted;
use super::plan_text::{cost_text, destinations_of, listed_rows, name, place, short};
use super::style::one_line;

/// Lines that a list has at the most, and their bytes together: a comment has at most 65,536 characters.
const MAX_LINES: usize = 100;
const MAX_BYTES: usize = 30_000;

/// The plan as Markdown.
pub fn plan_markdown(plan: &Plan) -> String {
    let mut text = summary_markdown(plan);
    let blocked = blocked(plan);
    if !blocked.is_empty() {
        text.push_str("\n#### Left\n\n");
        list(&mut text, &blocked);
    }
    let wanted: Vec<String> = plan.groups().flat_map(|group| rows(&group)).collect();
    if !wanted.is_empty() {
        text.push_str("\n#### To do\n\n| verdict | image | digest | tags | destinations |\n|---|---|---|---|---|\n");
        list(&mut text, &wanted);
    }
    let beside: Vec<String> = plan
        .beside()
        .into_iter()
        .flatten()
        .filter_map(beside)
        .collect();
    if !beside.is_empty() {
        text.push_str("\n#### Beside the images\n\n");
        list(&mut text, &beside);
    }
    text
}

/// What staging has beside an image, and what becomes of it.
fn beside(beside: &Beside) -> Option<String> {
    let what = beside_an_image::becomes(beside.becomes)?;
    let of = beside.artifact_type.as_deref().map(escape);
    let of = of.map_or_else(String::new, |of| format!(" ({of})"));
    Some(format!(
        "- **{what}** `{}`{of}, beside `{}`",
        beside_an_image::name(beside),
        short(beside.image)
    ))
}

/// The heading and the numbers.
pub fn summary_markdown(plan: &Plan) -> String {
    format!("### promo plan\n\n{}", numbers(plan))
}

/// One paragraph: what was blocked, what is to be done, what is done.
fn numbers(plan: &Plan) -> String {
    let verdicts = plan.summary().verdicts;
    let blocked = match verdicts.blocked() {
        0 => String::new(),
        blocked => format!("**{blocked} left**, "),
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

/// The rows of an entry that has something to do.
fn rows(group: &PlannedGroup<'_>) -> Vec<String> {
    let wanted = |verdict: Verdict| verdict.is_actionable() || verdict == Verdict::Wanted;
    let rows = listed_rows(group).filter(|row| wanted(row.verdict));
    let line = |row: PlannedRow<'_>| {
        format!(
            "| {} | `{}` | `{}` | {} | {} |",
            row.verdict,
            group.image(),
            short(group.digest()),
            tags(&row.tags),
            destinations_of(group, &row, |registry| format!("`{registry}`")),
        )
    };
    rows.map(line).collect()
}

/// Tags that a row names at the most.
const MAX_TAGS: usize = 10;

fn tags(tags: &[&Tag]) -> String {
    let names: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
    match names.split_at_checked(MAX_TAGS) {
        _ if names.is_empty() => "by digest".to_owned(),
        Some((first, rest @ [_, ..])) => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}

/// What is blocked: bad entries, then edges; those of an entry that are blocked for one reason are one line.
fn blocked(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<String> = plan.findings().iter().map(finding).collect();
    let mut together: Option<(PlannedEdge<'_>, String, u64)> = None;
    for edge in plan.edges().filter(|edge| edge.verdict().is_blocked()) {
        let reason = edge.reason();
        match &mut together {
            Some((first, same, count)) if is_like(first, &edge) && *same == reason => *count += 1,
            _ => lines.extend(together.replace((edge, reason, 1)).map(edges)),
        }
    }
    lines.extend(together.map(edges));
    lines
}

fn is_like(one: &PlannedEdge<'_>, other: &PlannedEdge<'_>) -> bool {
    one.verdict() == other.verdict()
        && one.source() == other.source()
        && one.digest() == other.digest()
}

fn edges((first, reason, count): (PlannedEdge<'_>, String, u64)) -> String {
    let more = match count {
        1 => String::new(),
        several => format!(" and {} more", several - 1),
    };
    format!(
        "- **{}** `{}`{more}: {} ({})",
        first.verdict(),
        name(&first),
        escape(&reason),
        first.code()
    )
}

fn finding(finding: &Finding) -> String {
    format!(
        "- **{}** {} ({})",
        finding.severity,
        escape(&place(finding)),
        finding.code
    )
}

/// The lines, as many as a comment has room for.
fn list(text: &mut String, lines: &[String]) {
    let mut room = MAX_BYTES;
    let mut shown = 0;
    for line in lines.iter().take(MAX_LINES) {
        let Some(rest) = room.checked_sub(line.len()) else {
            break;
        };
        room = rest;
        shown += 1;
        text.push_str(line);
        text.push('\n');
    }
    if shown < lines.len() {
        let _ = writeln!(text, "\n… and {} more.", lines.len() - shown);
    }
}

/// Messages hold what others wrote: it must not become markup, nor name people or issues.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut before = ' ';
    for character in one_line(text).chars() {
        if character.is_ascii_punctuation()
            && !matches!(
                character,
                '.' | ',' | ':' | ';' | '/' | '-' | '(' | ')' | '\''
            )
        {
            escaped.push('\\');
        }
        escaped.push(character);
        // A mention is found in what is shown, whatever was escaped; a space without width ends it.
        if matches!(character, '@' | '#') && !before.is_ascii_alphanumeric() {
            escaped.push('\u{200b}');
        }
        before = character;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        let text = "`a|b` <img> [x](y) *b* a_b\n# 1 c@sha256:0 by @team in #7";
        assert_eq!(
            escape(text),
            "\\`a\\|b\\` \\<img\\> \\[x\\](y) \\*b\\* a\\_b\\\\n\\# 1 c\\@sha256:0 by \\@\u{200b}team in \\#\u{200b}7"
        );
    }

    #[test]
    fn a_list_ends_where_a_comment_has_no_more_room() {
        let mut many = String::new();
        list(&mut many, &vec!["x".to_owned(); MAX_LINES + 2]);
        assert!(many.ends_with("x\n\n… and 2 more.\n"));
        let mut long = String::new();
        list(&mut long, &vec!["x".repeat(MAX_BYTES / 2 - 1); 3]);
        assert!(long.ends_with("x\n\n… and 1 more.\n"));
    }
}
