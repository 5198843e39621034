//! The words of the command stay in the command: no text of a library names one of promo's own flags, since who embeds the
//! library has none.
//!
//! The flags are those of the reference page of the command line. What programs of others take is theirs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::checks::tokens::texts;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// The crates that others embed.
const LIBRARIES: [&str; 4] = ["promo", "promo-core", "promo-registry", "promo-sign"];

/// Where a program of others is called whose flags have names of promo's: git knows `--since` and `--quiet`, too.
const CALLS_OTHERS: [&str; 1] = ["crates/promo/src/git"];

/// Checks the production files of all libraries.
pub(crate) fn check() -> Result<()> {
    let reference = workspace::root().join("docs/reference/command-line.md");
    let page = fs::read_to_string(&reference).on("read", &reference)?;
    let own: BTreeSet<&str> = flags(&page).collect();
    if own.is_empty() {
        return Err(Error::unmet("docs/reference/command-line.md has no flag"));
    }
    let mut wrong = Vec::new();
    for library in LIBRARIES {
        let folder = workspace::root().join("crates").join(library).join("src");
        for path in workspace::files(&folder, "rs")? {
            let file = workspace::relative(&path);
            if is_test(&path) || CALLS_OTHERS.iter().any(|place| file.starts_with(place)) {
                continue;
            }
            let text = fs::read_to_string(&path).on("read", &path)?;
            let named = named(&text, &own).into_iter();
            wrong.extend(named.map(|(line, flag)| format!("{file}:{line} {flag}")));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "texts of a library name flags, which the command has to do (`hints.rs`, `setting_flags.rs`): {}",
        wrong.join(", ")
    )))
}

/// Tests may write what a command line would.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// The flags of these that the texts of a file name, with their lines. The tests at its end don't count.
fn named<'a>(text: &'a str, own: &BTreeSet<&str>) -> Vec<(usize, &'a str)> {
    let tests = text.find("\n#[cfg(test)]\nmod tests {");
    let production = text.get(..tests.unwrap_or(text.len()));
    let found = texts(production.unwrap_or_default()).into_iter();
    found
        .flat_map(|(line, text)| flags(text).map(move |flag| (line, flag)))
        .filter(|(_, flag)| own.contains(flag))
        .collect()
}

/// All long flags that a text names, whoever's they are.
fn flags(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.match_indices("--").filter_map(move |(start, _)| {
        let before = text.get(..start).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '-') {
            return None;
        }
        let flag = text.get(start..)?;
        let end = flag.find(|c| !is_part(c)).unwrap_or(flag.len());
        let flag = flag.get(..end)?.trim_end_matches('-');
        (flag.len() > 2 && !flag.starts_with("---")).then_some(flag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_texts_and_nowhere_else() {
        let own = BTreeSet::from(["--key", "--confirm", "--no-sign", "--since"]);
        let text = "//! Says `--key`.\n/* --key */\nconst A: &str = \"pass `--key FILE`\";\n\
                    const B: &str = r#\"or\n \"--no-sign\"\"#; // --confirm\n\
                    let c = ['\"', 'a']; fn f<'a>(x: &'a str) { g(\"--confirm=true\") }\n\
                    const D: &str = \"-----BEGIN KEY-----, --since-date, a--key, --keys\";\n\
                    #[cfg(test)]\nmod tests {\n const E: &str = \"--key\";\n}\n";
        let found = named(text, &own);
        assert_eq!(found, [(3, "--key"), (4, "--no-sign"), (6, "--confirm")]);
    }
}
