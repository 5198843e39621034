//! What a promoter manifest asks of the provenance of its images: its `provenance` section, as checked types.
//!
//! The section is read and checked in `provenance_section`. Nothing is verified here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::path_match::PathPattern;

/// What a promoter manifest asks of the provenance of its images.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Provenance {
    /// Nothing.
    #[default]
    Off,
    /// That it is as the policy says.
    Asked(Arc<ProvenancePolicy>),
    /// Something that can't be used as it stands; its findings say why. It has to be taken for unmet.
    Unusable,
}

/// What becomes of an image whose provenance isn't as the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProvenanceMode {
    /// It is promoted, with a warning.
    Warn,
    /// It is refused.
    Require,
}

/// A policy of provenance. Two are equal if they ask for the same, in whatever order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenancePolicy {
    pub(super) mode: ProvenanceMode,
    pub(super) signers: BTreeSet<Signer>,
    pub(super) builders: BTreeMap<String, Builder>,
    pub(super) sources: BTreeSet<String>,
    pub(super) predicate_types: BTreeSet<String>,
    pub(super) level: Option<Level>,
    pub(super) image_levels: BTreeMap<String, Level>,
}

/// Who may sign provenance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    pub(super) issuer: String,
    pub(super) identity: String,
    pub(super) is_pattern: bool,
}

/// A builder that is trusted, up to a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    pub(super) level: Level,
    pub(super) signers: BTreeSet<Signer>,
    pub(super) caller: Option<Caller>,
}

/// From where a builder may have been called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub(super) workflows: BTreeSet<String>,
    pub(super) refs: BTreeSet<String>,
}

/// A level of the SLSA build track, 1 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Provenance {
    /// The policy, if there is one that can be used.
    pub fn policy(&self) -> Option<&ProvenancePolicy> {
        match self {
            Self::Asked(policy) => Some(policy),
            Self::Off | Self::Unusable => None,
        }
    }
}

impl ProvenancePolicy {
    /// What becomes of an image whose provenance isn't as the policy says.
    pub fn mode(&self) -> ProvenanceMode {
        self.mode
    }

    /// Who may sign provenance.
    pub fn signers(&self) -> &BTreeSet<Signer> {
        &self.signers
    }

    /// The trusted builders by their id.
    pub fn builders(&self) -> &BTreeMap<String, Builder> {
        &self.builders
    }

    /// The repositories that images may be built from.
    pub fn sources(&self) -> &BTreeSet<String> {
        &self.sources
    }

    /// The types of provenance that count; empty: those that are usual.
    pub fn predicate_types(&self) -> &BTreeSet<String> {
        &self.predicate_types
    }

    /// The level that an image must reach, by its name within the source registry: the highest that a pattern of
    /// `levels` asks for, else that of the section.
    pub fn level_of(&self, image: &str) -> Option<Level> {
        let of_patterns = self.image_levels.iter().filter(|(pattern, _)| {
            PathPattern::new(pattern).is_some_and(|pattern| pattern.matches(image))
        });
        of_patterns.map(|(_, level)| *level).max().or(self.level)
    }
}

impl Signer {
    /// The issuer of the identity, as text or as regular expression.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The identity, as text or as regular expression.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether both are regular expressions, which must match as a whole.
    pub fn is_pattern(&self) -> bool {
        self.is_pattern
    }

    /// A signer as `sigstore::ISSUER::IDENTITY` or `sigstore(identityMatch=regex)::ISSUER::IDENTITY`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = text
            .strip_prefix("sigstore::")
            .map(|parties| (parties, false));
        let pattern = || text.strip_prefix("sigstore(identityMatch=regex)::");
        let (parties, is_pattern) = plain.or_else(|| pattern().map(|parties| (parties, true)))?;
        let (issuer, identity) = parties.split_once("::")?;
        let is_whole = !issuer.is_empty() && !identity.is_empty();
        is_whole.then(|| Self {
            issuer: issuer.to_owned(),
            identity: identity.to_owned(),
            is_pattern,
        })
    }
}

impl Builder {
    /// The level up to which it is trusted.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Who signs for it; empty: anybody whom the policy names.
    pub fn signers(&self) -> &BTreeSet<Signer> {
        &self.signers
    }

    /// From where it may have been called, if that matters.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }
}

impl Caller {
    /// The workflows that may call it; empty: any.
    pub fn workflows(&self) -> &BTreeSet<String> {
        &self.workflows
    }

    /// The refs that they may be called at, as patterns.
    pub fn refs(&self) -> &BTreeSet<String> {
        &self.refs
    }
}

impl Level {
    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let number: u8 = text.parse().ok()?;
        (1..=3).contains(&number).then_some(Self(number))
    }
}
