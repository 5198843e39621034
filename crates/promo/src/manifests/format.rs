//! The canonical layout of promoter manifests: made for all files in memory first, then written.

use std::path::{Path, PathBuf};

use promo_core::manifest::{self, LoadError, ManifestSet, TreeFiles};

use crate::error::Result;
use crate::files;

/// A file with its canonical text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The file.
    pub path: PathBuf,
    /// Its text in the canonical layout.
    pub text: String,
    /// Whether that differs from what the file holds.
    pub changed: bool,
}

impl Formatted {
    /// Writes the text in place of what the file holds.
    ///
    /// # Errors
    ///
    /// `PROMO-X004`.
    pub fn write(&self) -> Result<()> {
        files::replace(&self.path, &self.text)
    }
}

/// The files of a tree that loads: what is refused there is not formatted either.
///
/// # Errors
///
/// `PROMO-M…`.
pub fn format_tree(folder: &Path) -> Result<Vec<Formatted>> {
    let files = TreeFiles::read(folder)?;
    ManifestSet::parse_thin(&files)?;
    let formatted = files
        .files()
        .map(|(name, bytes)| formatted(folder.join(name), name, bytes));
    Ok(formatted.collect::<Result<_, _>>()?)
}

/// These files, whatever they belong to.
///
/// # Errors
///
/// `PROMO-M…`, `PROMO-X004`, `PROMO-X039`.
pub fn format_files<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Vec<Formatted>> {
    let format = |path: &'a Path| {
        let bytes = files::read(path, &files::MANIFESTS)?;
        Ok(formatted(path.to_owned(), &path.to_string_lossy(), &bytes)?)
    };
    paths.into_iter().map(format).collect()
}

fn formatted(path: PathBuf, name: &str, bytes: &[u8]) -> Result<Formatted, LoadError> {
    let text = manifest::format(name, bytes)?;
    Ok(Formatted {
        path,
        changed: text.as_bytes() != bytes,
        text,
    })
}
