//! The shape of the source files: each begins by saying what it holds, and none grows without end.
//!
//! A `tests.rs` beside a module is that module's, so it needs no header of its own.

use std::fs;
use std::path::Path;

use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

/// The most lines that a production file may have.
const MOST_LINES: usize = 400;

/// Checks every Rust file of the project.
pub(crate) fn check() -> Result<()> {
    let mut wrong = Vec::new();
    for folder in ["crates", "tests-interop", "xtask", "fuzz"] {
        for path in workspace::files(&workspace::root().join(folder), "rs")? {
            let text = fs::read_to_string(&path).on("read", &path)?;
            if let Some(fault) = fault(&path, &text) {
                wrong.push(format!("{} {fault}", workspace::relative(&path)));
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(wrong.join("; ")))
    }
}

fn fault(path: &Path, text: &str) -> Option<String> {
    if !text.starts_with("//!") && !path.ends_with("tests.rs") {
        return Some("does not begin with a `//!` header".to_owned());
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !is_test(path) {
        return Some(format!("has {lines} lines, more than {MOST_LINES}"));
    }
    None
}

/// Tests stand in files called `tests.rs` and below folders called `tests`.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

#[cfg(test)]
mod tests;
