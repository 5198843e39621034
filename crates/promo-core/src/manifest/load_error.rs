//! Why promoter manifests could not be loaded.
//!
//! What is wrong within files is in the findings that the error carries; this is the error around them.

use std::io;
use std::path::PathBuf;

use super::{Finding, Severity};
use crate::Code;

/// Why promoter manifests could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The structure is broken. All findings of the tree, at least one of them an error, ordered by file
    /// and position.
    #[error("{}", refused(.0))]
    Refused(Vec<Finding>),
    /// A file or folder that was named could not be read.
    #[error("can't read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn refused(findings: &[Finding]) -> String {
    let mut errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    match (errors.next(), errors.count()) {
        (Some(first), 0) => format!("the promoter manifests are refused: {first}"),
        (Some(first), more) => {
            format!("the promoter manifests are refused: {first} (and {more} more)")
        }
        (None, _) => "the promoter manifests are refused".to_owned(),
    }
}

impl LoadError {
    /// The stable code: that of the first error.
    pub fn code(&self) -> Code {
        self.findings()
            .iter()
            .find(|finding| finding.severity == Severity::Error)
            .map_or(super::kinds::UNREADABLE.code, |finding| finding.code)
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused(_) => vec![
                "`promo manifest check` lists all findings with their places".to_owned(),
            ],
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => vec![
                "a thin tree is a folder with `manifests` and `images`, a plain promoter manifest a file".to_owned(),
            ],
            Self::Io { .. } => Vec::new(),
        }
    }

    /// All findings of the tree; empty if it could not be read.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused(findings) => findings,
            Self::Io { .. } => &[],
        }
    }
}
