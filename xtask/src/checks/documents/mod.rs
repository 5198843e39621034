//! The documents: every link between them leads somewhere, and the book's summary names every page.

mod links;
pub(crate) mod walkthrough;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// Checks the links of every document of the project, headings included.
pub(crate) fn check_links() -> Result<()> {
    let mut wrong = Vec::new();
    for path in workspace::files(workspace::root(), "md")? {
        let text = fs::read_to_string(&path).on("read", &path)?;
        for link in links::relative(&text) {
            if let Some(fault) = fault(&path, &link)? {
                wrong.push(format!("{}: {fault}", workspace::relative(&path)));
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(wrong.join("; ")))
    }
}

/// Checks that `docs/SUMMARY.md` names each page of the book once.
pub(crate) fn check_summary() -> Result<()> {
    let book = workspace::root().join("docs");
    let summary = book.join("SUMMARY.md");
    let text = fs::read_to_string(&summary).on("read", &summary)?;
    let named: Vec<PathBuf> = links::relative(&text)
        .into_iter()
        .map(|link| book.join(link))
        .collect();
    let once: BTreeSet<&PathBuf> = named.iter().collect();
    if once.len() != named.len() {
        return Err(Error::unmet("docs/SUMMARY.md names a page twice"));
    }
    let pages = workspace::files(&book, "md")?;
    let absent: Vec<String> = pages
        .iter()
        .filter(|page| **page != summary && !once.contains(page))
        .map(|page| workspace::relative(page))
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "docs/SUMMARY.md does not name {}",
        absent.join(", ")
    )))
}

/// What is wrong with a link that stands in `document`.
fn fault(document: &Path, link: &str) -> Result<Option<String>> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        document.to_owned()
    } else {
        document.with_file_name("").join(file)
    };
    if !target.exists() {
        return Ok(Some(format!("`{link}` leads nowhere")));
    }
    if heading.is_empty() {
        return Ok(None);
    }
    let text = fs::read_to_string(&target).on("read", &target)?;
    let known = links::headings(&text).contains(heading);
    Ok((!known).then(|| format!("`{link}`: there is no such heading")))
}
