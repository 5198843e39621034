//! Settings: what holds, and why.
//!
//! What was said for one call wins over a `PROMO_*` variable, that over promo.toml in the project, that over the
//! user's promo.toml, that over the default. The environment comes as a value: this folder reads settings files
//! and looks where files are, and nothing else. How a frontend talks is its own business.

mod carry;
mod credentials;
mod document;
mod environment;
mod file;
mod give_up;
mod google;
mod identity;
mod keyless;
pub mod keys;
mod network;
mod origin;
mod overrides;
mod resolver;
#[cfg(feature = "schema")]
mod schema;
mod scope;
mod signing;
mod staging;
mod value;

pub use credentials::CredentialPlaces;
pub use environment::{Environment, VARIABLES};
pub use google::GooglePlaces;
pub use identity::IdentityPlaces;
pub use keyless::{KeylessSettings, OwnRepository, OwnSigstore, SigstoreSource};
pub use keys::{Key, TABLES};
pub use network::{ClientIdentity, Host, NetworkSettings, Proxies};
pub use origin::{Origin, Row, Setting};
pub use overrides::{NetworkOverrides, ScopeOverrides, SigningOverrides, StagingOverrides};
pub use resolver::{Resolver, wrong};
#[cfg(feature = "schema")]
pub use schema::schema;
pub use scope::ScopeSettings;
pub use signing::SigningSettings;
pub use staging::StagingSettings;

use std::path::PathBuf;

use crate::error::Result;

/// What was said for one call, about everything.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// How registries are reached.
    pub network: NetworkOverrides,
    /// Which promoter manifests, and which part of them.
    pub scope: ScopeOverrides,
    /// How images are signed and attested.
    pub signing: SigningOverrides,
    /// What is asked of staging.
    pub staging: StagingOverrides,
}

/// A part of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// How registries are reached.
    Network,
    /// Which promoter manifests, and which part of them.
    Scope,
    /// How images are signed and attested.
    Signing,
    /// What is asked of staging.
    Staging,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Network, Self::Scope, Self::Signing, Self::Staging];
}

/// All that holds for a promoter.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How registries are reached.
    pub network: NetworkSettings,
    /// Which promoter manifests, and which part of them.
    pub scope: ScopeSettings,
    /// How images are signed and attested.
    pub signing: SigningSettings,
    /// What is asked of staging.
    pub staging: StagingSettings,
    /// The folders in which git is looked for; relative ones are passed over.
    pub search_path: Vec<PathBuf>,
    /// The folder for what can be read again from elsewhere; without it nothing of it is kept.
    pub cache_folder: Option<PathBuf>,
}

impl Settings {
    /// What holds, by what was said for this call, then by the environment and the files.
    ///
    /// # Errors
    ///
    /// `PROMO-X001`, `PROMO-X002`: a value can't be.
    pub fn resolve(given: &Overrides, resolver: &Resolver) -> Result<Self> {
        Self::resolve_parts(given, resolver, &Part::ALL)
    }

    /// The same of these parts only, so that a value that can't be stops only who needs it. Of the other parts nothing
    /// is set, so that nothing is asked of staging either: who promotes needs them all.
    ///
    /// # Errors
    ///
    /// As [`Self::resolve`].
    pub fn resolve_parts(given: &Overrides, resolver: &Resolver, parts: &[Part]) -> Result<Self> {
        let mut settings = Self {
            search_path: resolver.environment().search_path(),
            cache_folder: resolver.environment().cache_folder(),
            ..Self::default()
        };
        for part in parts {
            match part {
                Part::Network => {
                    settings.network = NetworkSettings::resolve(&given.network, resolver)?;
                }
                Part::Scope => settings.scope = ScopeSettings::resolve(&given.scope, resolver)?,
                Part::Signing => {
                    settings.signing = SigningSettings::resolve(&given.signing, resolver)?;
                }
                Part::Staging => {
                    settings.staging = StagingSettings::resolve(&given.staging, resolver)?;
                }
            }
        }
        Ok(settings)
    }
}

/// All settings with their origins, but for those of how a frontend talks, as they hold without overrides of a
/// single verb.
///
/// # Errors
///
/// `PROMO-X001`, `PROMO-X002`: a value can't be.
pub fn rows(resolver: &Resolver, network: &NetworkOverrides) -> Result<Vec<Row>> {
    let given = Overrides {
        network: network.clone(),
        ..Overrides::default()
    };
    let settings = Settings::resolve(&given, resolver)?;
    let mut rows = settings.scope.rows();
    rows.extend(settings.signing.rows());
    rows.extend(settings.staging.rows());
    rows.extend(settings.network.rows());
    Ok(rows)
}

#[cfg(test)]
mod tests;
