//! What cargo knows about the workspace and its dependencies: the few fields of `cargo metadata` that the checks read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use xtask::error::{Error, Result};
use xtask::{process, workspace};

/// The answer of `cargo metadata`, for all platforms.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    /// `name vVERSION` of what is really used, by `cargo tree`: metadata also lists what no feature turns on.
    #[serde(default)]
    used: BTreeSet<String>,
}

/// One version of one crate.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) repository: Option<String>,
    #[serde(default)]
    pub(crate) readme: Option<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// The registries that may have it; nothing means any, an empty list none.
    #[serde(default)]
    publish: Option<Vec<String>>,
    #[serde(default)]
    manifest_path: PathBuf,
    /// Where it comes from; nothing for a crate of this checkout.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line in a crate's `Cargo.toml`.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
}

impl Package {
    /// Whether it may go to a registry of crates.
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }

    /// The folder of its `Cargo.toml`.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

impl Metadata {
    pub(crate) fn read() -> Result<Self> {
        let mut command = workspace::cargo();
        command.args(["metadata", "--format-version", "1", "--locked"]);
        let answer = process::capture(&mut command)?.success_bytes()?;
        let mut metadata: Self = serde_json::from_slice(&answer)
            .map_err(|error| Error::document("the answer of cargo metadata", error))?;
        let mut command = workspace::cargo();
        command.args([
            "tree",
            "--workspace",
            "--target",
            "all",
            "--locked",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        let tree = process::capture(&mut command)?.success()?;
        let words = tree
            .lines()
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
        metadata.used = words.collect();
        Ok(metadata)
    }

    /// The crates of this checkout and all that they need on any platform.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| {
            self.used
                .contains(&format!("{} v{}", package.name, package.version))
        })
    }

    /// The crates of this checkout.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}
