//! The codes of errors, findings and verdicts: each that stands in the source stands in the reference, with its meaning.

use std::collections::BTreeSet;
use std::fs;

use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// What a code begins with; a letter and three digits follow.
const PREFIX: &str = "PROMO-";
const LENGTH: usize = PREFIX.len() + 4;

/// Checks that `docs/reference/codes.md` has every code of the crates, tests left out.
pub(crate) fn check() -> Result<()> {
    let reference = workspace::root().join("docs/reference/codes.md");
    let documented = codes(&fs::read_to_string(&reference).on("read", &reference)?);
    let mut missing = BTreeSet::new();
    for path in workspace::files(&workspace::root().join("crates"), "rs")? {
        let is_test = path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "promo-testkit");
        if is_test || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).on("read", &path)?;
        for code in codes(&text).difference(&documented) {
            missing.insert(format!("{code} ({})", workspace::relative(&path)));
        }
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
