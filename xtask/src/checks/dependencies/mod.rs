//! What `deny.toml` says of the dependencies, checked without the network: licences, banned crates, sources.
//!
//! The file has cargo-deny's own format, so that cargo-deny can be run on it too; advisories need a database and are
//! its business alone. A key of `deny.toml` that this check does not know is an error: no rule goes unheard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use crate::checks::licence;
use crate::checks::metadata::{Metadata, Package};
use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Level,
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// The crate itself is welcome, a second version of it is not.
    #[serde(default)]
    deny_multiple_versions: bool,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Level,
    unknown_git: Level,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Deny,
    Allow,
}

impl Policy {
    pub(crate) fn read() -> Result<Self> {
        let path = workspace::root().join("deny.toml");
        let text = fs::read_to_string(&path).on("read", &path)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::document("deny.toml", error))
    }

    /// Every crate offers a licence that we allow.
    pub(crate) fn check_licences(&self, metadata: &Metadata) -> Result<()> {
        let mut wrong = Vec::new();
        for package in metadata.used() {
            let expression = package.license.as_deref().unwrap_or_default();
            if !licence::is_met(expression, &self.licenses.allow)? {
                wrong.push(format!("{} ({expression})", shown(package)));
            }
        }
        none(&wrong, "licence not allowed")
    }

    /// No banned crate, and one version only of those that say so.
    pub(crate) fn check_bans(&self, metadata: &Metadata) -> Result<()> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in metadata.used() {
            versions
                .entry(&package.name)
                .or_default()
                .insert(&package.version);
        }
        let mut wrong = Vec::new();
        for ban in &self.bans.deny {
            let found = versions.get(ban.name.as_str()).map_or(0, BTreeSet::len);
            let most = usize::from(ban.deny_multiple_versions);
            if found > most {
                wrong.push(format!(
                    "{} in {found} versions, at most {most} ({})",
                    ban.name, ban.reason
                ));
            }
        }
        if self.bans.multiple_versions == Level::Deny {
            let several = versions.iter().filter(|(_, found)| found.len() > 1);
            wrong
                .extend(several.map(|(name, found)| format!("{name} in {} versions", found.len())));
        }
        none(&wrong, "banned")
    }

    /// Everything comes from this checkout or from the one registry that cargo knows by itself.
    pub(crate) fn check_sources(&self, metadata: &Metadata) -> Result<()> {
        let mut registries = BTreeSet::new();
        let mut wrong = Vec::new();
        for package in metadata.used() {
            let Some(source) = package.source.as_deref() else {
                continue;
            };
            if source.starts_with("registry+") {
                registries.insert(source);
            } else if self.sources.unknown_git == Level::Deny {
                wrong.push(format!("{} from {source}", shown(package)));
            }
        }
        if self.sources.unknown_registry == Level::Deny && registries.len() > 1 {
            wrong.push(format!("more than one registry: {registries:?}"));
        }
        none(&wrong, "source not allowed")
    }
}

fn shown(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn none(wrong: &[String], what: &str) -> Result<()> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::unmet(format!("{what}: {}", wrong.join(", "))))
    }
}

#[cfg(test)]
mod tests;
