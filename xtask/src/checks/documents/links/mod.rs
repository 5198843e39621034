//! Links and headings of a Markdown text; code is left out.

use std::collections::BTreeSet;

/// The targets of all links that do not go to another host.
pub(super) fn relative(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, tail)) = after.split_once(')') else {
                break;
            };
            let target = target.split_whitespace().next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") && !target.is_empty() {
                found.push(target.to_owned());
            }
            rest = tail;
        }
    }
    found
}

/// The names by which places of a text can be linked to: its headings, and what has an `id`.
pub(super) fn headings(text: &str) -> BTreeSet<String> {
    let titles = unfenced(text).filter_map(|line| {
        line.trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
    });
    let mut names: BTreeSet<String> = titles.map(anchor).collect();
    for line in unfenced(text) {
        let marked = line.split("<a id=\"").skip(1);
        names.extend(marked.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    names
}

fn anchor(title: &str) -> String {
    let kept = title
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| {
        if c == ' ' {
            '-'
        } else {
            c.to_ascii_lowercase()
        }
    })
    .collect()
}

/// The lines outside fenced code.
fn unfenced(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return false;
        }
        !fenced
    })
}

/// The lines outside fenced code, without `code` spans.
fn prose(text: &str) -> impl Iterator<Item = String> {
    unfenced(text).map(|line| line.split('`').step_by(2).collect())
}

#[cfg(test)]
mod tests;
