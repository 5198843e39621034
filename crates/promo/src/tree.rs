//! Promoter manifests in files: where they are.
//!
//! What is in them is promo-core's business.

use std::path::{Path, PathBuf};

use promo_core::manifest::{LoadError, ManifestSet};

/// Where promoter manifests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeSource {
    /// One file with registries and images.
    Plain(PathBuf),
    /// A tree of thin promoter manifests.
    Thin(PathBuf),
}

impl TreeSource {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Plain(path) | Self::Thin(path) => path,
        }
    }

    /// What a path on the command line is: a folder is a tree.
    pub fn of_path(path: PathBuf) -> Self {
        if path.is_dir() {
            Self::Thin(path)
        } else {
            Self::Plain(path)
        }
    }

    /// Loads the promoter manifests.
    ///
    /// # Errors
    ///
    /// Those of [`ManifestSet`]: `PROMO-M…`.
    pub fn load(&self) -> Result<ManifestSet, LoadError> {
        match self {
            Self::Plain(path) => ManifestSet::load_plain(path),
            Self::Thin(path) => ManifestSet::load_thin(path),
        }
    }
}
