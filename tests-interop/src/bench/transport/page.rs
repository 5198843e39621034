//! `docs/benchmarks.md`: sections between marks, each replaced when its work was measured; what stands around them stays.
//!
//! What a section says comes from [`super::section`].

use std::fs;
use std::path::{Path, PathBuf};

use xtask::error::{OnPath, Result};

/// The page while it is being changed.
pub(super) struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    /// Opens a page; one that isn't there begins empty.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let text = if path.exists() {
            fs::read_to_string(path).on("read", path)?
        } else {
            String::new()
        };
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// Replaces a section, or adds it at the end.
    pub(super) fn put(&mut self, name: &str, section: &str) {
        self.text = replaced(&self.text, name, section);
    }

    pub(super) fn save(&self) -> Result<()> {
        fs::write(&self.path, &self.text).on("write", &self.path)
    }
}

fn replaced(text: &str, name: &str, section: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    );
    let section = format!("{begin}\n{}\n{end}", section.trim_end());
    let around = text
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match around {
        Some((before, after)) => format!("{before}{section}{after}"),
        None => format!("{text}\n{section}\n"),
    }
}

#[cfg(test)]
mod tests;
