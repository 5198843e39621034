//! Where the symbolic links of a tree lead: to what is within the tree, or to nothing that is read.
//!
//! It opens no file; what is found is read like any other.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a tree, without links.
#[derive(Debug)]
pub(super) struct Root(PathBuf);

/// What a path leads to within the tree.
#[derive(Debug)]
pub(super) struct Followed {
    /// The path without links.
    pub(super) real: PathBuf,
    pub(super) metadata: Metadata,
}

/// Why a symbolic link isn't followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum BadLink {
    /// It leads out of the tree.
    Outside,
    /// Nothing is where it leads.
    Nowhere,
    /// What the system said; of links that go in circles, say.
    Broken(String),
}

impl Root {
    pub(super) fn of(dir: &Path) -> io::Result<Self> {
        fs::canonicalize(dir).map(Self)
    }

    /// Follows all links in a path, to the end.
    pub(super) fn follow(&self, path: &Path) -> Result<Followed, BadLink> {
        let real = fs::canonicalize(path).map_err(|error| BadLink::of(&error))?;
        if !real.starts_with(&self.0) {
            return Err(BadLink::Outside);
        }
        // No link stands there, unless one was put there just now: that is not followed either.
        let metadata = fs::symlink_metadata(&real).map_err(|error| BadLink::of(&error))?;
        Ok(Followed { real, metadata })
    }
}

impl BadLink {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Nowhere,
            _ => Self::Broken(error.to_string()),
        }
    }

    /// What is wrong, behind "this symbolic link".
    pub(in crate::manifest) fn says(&self) -> String {
        match self {
            Self::Outside => "leads out of the tree".to_owned(),
            Self::Nowhere => "leads to nothing".to_owned(),
            Self::Broken(reason) => format!("can't be followed: {reason}"),
        }
    }
}
