//! The codes of errors, findings and verdicts: each is declared in one place of the source, and stands in the reference
//! with its meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// What a code begins with; a letter and three digits follow.
const PREFIX: &str = "PROMO-";
const LENGTH: usize = PREFIX.len() + 4;

/// Checks that `docs/reference/codes.md` has every code of the crates, and that each is written once: by `codes!`, or in the
/// table of findings. Whoever needs a code takes its constant. Tests may write codes, and comments.
pub(crate) fn check() -> Result<()> {
    let reference = workspace::root().join("docs/reference/codes.md");
    let documented = codes(&fs::read_to_string(&reference).on("read", &reference)?);
    let mut missing = BTreeSet::new();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in workspace::files(&workspace::root().join("crates"), "rs")? {
        let is_test = path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "promo-testkit");
        if is_test || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).on("read", &path)?;
        let file = workspace::relative(&path);
        for code in codes(&text).difference(&documented) {
            missing.insert(format!("{code} ({file})"));
        }
        for (line, code) in written(&text) {
            places
                .entry(code)
                .or_default()
                .push(format!("{file}:{line}"));
        }
    }
    let repeated: Vec<String> = repeated(&places).collect();
    if !repeated.is_empty() {
        return Err(Error::unmet(format!(
            "each code is declared once (`promo_core::codes!`), and used by its constant: {}",
            repeated.join("; ")
        )));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = missing.into_iter().collect();
    Err(Error::unmet(format!(
        "docs/reference/codes.md lacks {}",
        missing.join(", ")
    )))
}

/// The codes that lines of code hold, with the number of the line. Comments may name codes.
fn written(text: &str) -> impl Iterator<Item = (usize, String)> {
    let lines = text.lines().zip(1..);
    let lines = lines.filter(|(line, _)| !line.trim_start().starts_with("//"));
    lines.flat_map(|(line, number)| codes(line).into_iter().map(move |code| (number, code)))
}

/// What stands in more than one place.
fn repeated(places: &BTreeMap<String, Vec<String>>) -> impl Iterator<Item = String> {
    let repeated = places.iter().filter(|(_, places)| places.len() > 1);
    repeated.map(|(code, places)| format!("{code} stands in {}", places.join(", ")))
}

fn codes(text: &str) -> BTreeSet<String> {
    text.match_indices(PREFIX)
        .filter_map(|(start, _)| text.get(start..start + LENGTH))
        .filter(|code| {
            let mut rest = code.chars().skip(PREFIX.len());
            rest.next()
                .is_some_and(|letter| letter.is_ascii_uppercase())
                && rest.all(|digit| digit.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_written_twice_is_told_with_its_places() {
        let text = "//! `PROMO-X001` is declared here.\nGONE \"PROMO-X001\" \"gone\"\nTHERE \"PROMO-X002\" \"there\"\n    \
                    Code::new(\"PROMO-X001\")\n";
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (line, code) in written(text) {
            places.entry(code).or_default().push(format!("a.rs:{line}"));
        }
        let told: Vec<String> = repeated(&places).collect();
        assert_eq!(told, ["PROMO-X001 stands in a.rs:2, a.rs:4"]);
    }
}
