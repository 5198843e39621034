//! What cargo knows about the workspace and its dependencies: the few fields of `cargo metadata` that the checks read.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::{process, workspace};

/// The answer of `cargo metadata`, for all platforms.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// Which package needs which, with the features that are on.
#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// One version of one crate.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
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

impl Metadata {
    pub(crate) fn read() -> Result<Self> {
        let mut command = workspace::cargo();
        command.args(["metadata", "--format-version", "1", "--locked"]);
        let answer = process::capture(&mut command)?.success_bytes()?;
        serde_json::from_slice(&answer)
            .map_err(|error| Error::document("the answer of cargo metadata", error))
    }

    /// The crates of this checkout and all that they need on any platform. The lock file can hold more: what no
    /// feature turns on.
    pub(crate) fn used(&self) -> Vec<&Package> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut waiting: Vec<&str> = self.workspace_members.iter().map(String::as_str).collect();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                let nodes = self.resolve.nodes.iter().filter(|node| node.id == id);
                waiting.extend(
                    nodes
                        .flat_map(|node| &node.dependencies)
                        .map(String::as_str),
                );
            }
        }
        self.packages
            .iter()
            .filter(|package| seen.contains(package.id.as_str()))
            .collect()
    }

    /// The crates of this checkout.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}
