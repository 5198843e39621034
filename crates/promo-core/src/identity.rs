//! Identities: the public names of images, which signatures speak of.
//!
//! An identity is the destination repository itself, unless a rule rewrites it. Destinations of one
//! identity are mirrors: they receive the same bytes, evidence included.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::oci::{RegistryPath, Repository, RepositoryError};

/// The public name of an image, without tag or digest: `registry.k8s.io/pause`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Identity(Repository);

impl Identity {
    /// An identity by its repository name.
    pub fn new(repository: Repository) -> Self {
        Self(repository)
    }

    /// The name as a repository.
    pub fn repository(&self) -> &Repository {
        &self.0
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rule that gives destinations a public name: the part of a destination repository that equals
/// `registry` is replaced by `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRule {
    registry: RegistryPath,
    name: RegistryPath,
}

impl IdentityRule {
    /// A rule from the two prefixes; whole path components are compared.
    pub fn new(registry: RegistryPath, name: RegistryPath) -> Self {
        Self { registry, name }
    }

    /// The prefix of destinations that it applies to.
    pub fn registry(&self) -> &RegistryPath {
        &self.registry
    }

    /// What the prefix is replaced by.
    pub fn name(&self) -> &RegistryPath {
        &self.name
    }

    fn apply(&self, repository: &Repository) -> Option<Result<Repository, RepositoryError>> {
        let relative = self.registry.relative(repository)?;
        Some(self.name.join(relative))
    }
}

/// All identity rules, the first that matches wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityRules(Vec<IdentityRule>);

impl IdentityRules {
    /// Takes the rules in their order.
    pub fn new(rules: Vec<IdentityRule>) -> Self {
        Self(rules)
    }

    /// The rules in their order.
    pub fn rules(&self) -> &[IdentityRule] {
        &self.0
    }

    /// The identity of images in `repository`. A rule whose result would be no repository name (too
    /// long) does not apply.
    pub fn identity(&self, repository: &Repository) -> Identity {
        let renamed = self.0.iter().find_map(|rule| rule.apply(repository)?.ok());
        Identity(renamed.unwrap_or_else(|| repository.clone()))
    }
}
