//! Settings: what holds, and why.
//!
//! A flag wins over a `PROMO_*` variable, that over promo.toml in the project, that over the user's promo.toml, that over the
//! default. This folder is the one place that reads the environment, the home folder and settings files,
//! and that runs git; commands receive values.

mod carry;
mod console;
mod credentials;
mod environment;
mod file;
mod git;
mod google;
mod keys;
mod kpromo;
mod network;
mod origin;
mod proof;
mod resolver;
mod revisions;
mod scope;
mod staging;
mod value;

pub(crate) use console::ConsoleSettings;
pub(crate) use environment::{Environment, VARIABLES};
pub(crate) use file::Inventory;
pub(crate) use git::recorded_manifest;
pub(crate) use google::GooglePlaces;
pub(crate) use keys::{ALL as KEYS, Key, TABLES};
pub(crate) use kpromo::{KeylessSettings, canonical_evidence, public_names};
pub(crate) use network::{ClientIdentity, Host, NetworkSettings};
pub(crate) use origin::{Origin, Setting};
pub(crate) use proof::{EvidencePlacement, ProofSettings};
pub(crate) use resolver::Resolver;
pub(crate) use revisions::{Since, manifests_since};
pub(crate) use scope::{ScopeSettings, TreeSource};
pub(crate) use staging::{StagingChoice, StagingSettings};

use crate::args::{GlobalArgs, ScopeArgs, SigningArgs, StagingArgs};
use crate::error::Result;

/// A row of `promo settings show`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub(crate) struct Row {
    /// The setting.
    pub(crate) name: String,
    /// Its value, as it would be written; secrets are none of the settings.
    pub(crate) value: String,
    /// Where it comes from.
    pub(crate) origin: String,
}

/// All settings with their origins, as they hold without any flag of a command.
pub(crate) fn rows(resolver: &Resolver, global: &GlobalArgs) -> Result<Vec<Row>> {
    let console = ConsoleSettings::resolve(global, resolver)?;
    let scope = ScopeSettings::resolve(&ScopeArgs::default(), resolver)?;
    let proof = ProofSettings::resolve(&SigningArgs::default(), resolver)?;
    let staging = StagingSettings::resolve(&StagingArgs::default(), resolver)?;
    let network = NetworkSettings::resolve(global, resolver)?;
    let mut rows = console.rows();
    rows.extend(scope.rows());
    rows.extend(proof.rows());
    rows.extend(staging.rows());
    rows.extend(network.rows());
    Ok(rows)
}

#[cfg(test)]
mod tests;
