//! Promoter manifests in files: where they are, and loading them with what a plan of them says that it was made from.
//!
//! What is in them is promo-core's business.

use std::path::{Path, PathBuf};

use promo_core::manifest::{LoadError, ManifestSet, TreeFiles};
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::plan::PlanInputs;

use crate::error::Result;
use crate::git::Git;

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

    /// Loads the promoter manifests with what a plan of them will say that it was made from: the digest of the tree,
    /// and the commit if git knows it.
    pub fn load_with_inputs(&self, git: &Git) -> Result<(ManifestSet, PlanInputs)> {
        let files = Files::read(self)?;
        // git and hashing take their time; parsing goes on meanwhile.
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| (files.digest(), git.recorded_manifest(self)));
            let set = files.parse()?;
            let mut inputs = PlanInputs::default();
            // What panicked there has found nothing.
            if let Ok((tree, recorded)) = beside.join() {
                inputs.tree = Some(tree);
                inputs.commit = recorded.and_then(|recorded| recorded.git_commit);
            }
            Ok((set, inputs))
        })
    }
}

/// What promoter manifests are parsed from. They are read once: the digest is that of the very bytes that are planned.
enum Files<'a> {
    Thin(TreeFiles),
    Plain(&'a Path, Vec<u8>),
}

impl<'a> Files<'a> {
    fn read(source: &'a TreeSource) -> Result<Self> {
        Ok(match source {
            TreeSource::Thin(folder) => Self::Thin(TreeFiles::read(folder)?),
            TreeSource::Plain(path) => Self::Plain(path, ManifestSet::read_plain(path)?),
        })
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Thin(files) => files.digest(),
            Self::Plain(_, bytes) => Digest::of(DigestAlgorithm::Sha256, bytes),
        }
    }

    fn parse(&self) -> Result<ManifestSet> {
        Ok(match self {
            Self::Thin(files) => ManifestSet::parse_thin(files)?,
            Self::Plain(path, bytes) => ManifestSet::parse_plain(&path.to_string_lossy(), bytes)?,
        })
    }
}
