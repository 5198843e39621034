//! What a plan is made with besides manifests and inventory.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{EdgeKey, MutableTags, PlanCheck, SetDiff, TagMoves};
use crate::identity::IdentityRules;
use crate::oci::{Digest, RegistryPath, Repository};

/// What a plan is made with. Everything off and all selected by default.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PlanOptions {
    /// The public names of destinations.
    pub identities: IdentityRules,
    /// Which part is planned.
    pub selection: Selection,
    /// Tags that may move, each from one digest to another.
    pub tag_moves: TagMoves,
    /// Tags that may move whenever the promoter manifests give them another digest.
    pub mutable_tags: MutableTags,
    /// All or nothing: one conflict, tag move or undecided edge and there is no work at all.
    pub fail_fast: bool,
    /// What is published already is work, too: its evidence is examined.
    pub complete: bool,
    /// Who looks at what would be promoted, in this order; the first objection counts.
    pub checks: Vec<Arc<dyn PlanCheck>>,
}

/// Which images and destinations are planned; everything unless patterns say otherwise.
///
/// Patterns are globs whose `*` also matches `/`. An image is selected by its name in the promoter manifest
/// or by its source repository; a destination by its host, by its registry as the manifest
/// names it, or by its full repository.
#[derive(Clone, Default)]
pub struct Selection {
    images: Option<Patterns>,
    destinations: Option<Patterns>,
    edges: Option<Arc<Edges>>,
}

/// Edges that are named one by one.
struct Edges {
    keys: BTreeSet<EdgeKey>,
    digests: HashSet<Digest>,
}

#[derive(Clone)]
pub(super) struct Patterns {
    texts: Vec<String>,
    globs: GlobSet,
}

/// A pattern that is no glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a glob pattern")]
#[non_exhaustive]
pub struct SelectionError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    #[source]
    pub source: globset::Error,
}

impl Selection {
    /// A selection by patterns; an empty list selects all.
    pub fn new(images: &[String], destinations: &[String]) -> Result<Self, SelectionError> {
        Ok(Self {
            images: Patterns::new(images)?,
            destinations: Patterns::new(destinations)?,
            edges: None,
        })
    }

    /// Of what is selected, only the edges that `diff` added.
    #[must_use]
    pub fn added_by(self, diff: &SetDiff) -> Self {
        self.among(diff.added().clone())
    }

    /// Of what is selected, only these edges.
    #[must_use]
    pub fn among(mut self, keys: BTreeSet<EdgeKey>) -> Self {
        self.edges = Some(Arc::new(Edges {
            digests: keys.iter().map(|edge| edge.digest).collect(),
            keys,
        }));
        self
    }

    /// Whether everything is selected.
    pub fn is_all(&self) -> bool {
        self.images.is_none() && self.destinations.is_none() && self.edges.is_none()
    }

    /// The patterns of images and of destinations.
    pub(super) fn patterns(&self) -> (Option<&Patterns>, Option<&Patterns>) {
        (self.images.as_ref(), self.destinations.as_ref())
    }

    /// Whether edges of this digest can be selected, and whether all of them that the patterns select
    /// are.
    pub(super) fn of_digest(&self, digest: &Digest) -> Selected {
        match &self.edges {
            None => Selected::All,
            Some(edges) if edges.digests.contains(digest) => Selected::Some,
            Some(_) => Selected::None,
        }
    }

    /// Whether an edge that the patterns select is selected.
    pub(super) fn has_edge(&self, key: &EdgeKey) -> bool {
        let edges = self.edges.as_ref();
        edges.is_none_or(|edges| edges.keys.contains(key))
    }

    /// Whether an image of this name and source is selected.
    pub fn has_image(&self, name: &str, source: &Repository) -> bool {
        Patterns::select(self.images.as_ref(), &[name, source.as_str()])
    }

    /// Whether a destination is selected.
    pub fn has_destination(&self, registry: &RegistryPath, repository: &Repository) -> bool {
        let names = [registry.host_str(), registry.as_str(), repository.as_str()];
        Patterns::select(self.destinations.as_ref(), &names)
    }
}

impl Patterns {
    fn new(patterns: &[String]) -> Result<Option<Self>, SelectionError> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            builder.add(Glob::new(pattern).map_err(|source| refused(pattern, source))?);
        }
        let globs = builder
            .build()
            .map_err(|source| refused(&patterns.join(" "), source))?;
        Ok(Some(Self {
            texts: patterns.to_vec(),
            globs,
        }))
    }

    /// The first pattern that matches none of the names.
    pub(super) fn unmatched(&self, names: impl Iterator<Item = String>) -> Option<&str> {
        let mut open: BTreeSet<usize> = (0..self.texts.len()).collect();
        for name in names {
            for index in self.globs.matches(&name) {
                open.remove(&index);
            }
            if open.is_empty() {
                return None;
            }
        }
        let first = open.first()?;
        self.texts.get(*first).map(String::as_str)
    }

    fn select(patterns: Option<&Self>, names: &[&str]) -> bool {
        patterns.is_none_or(|patterns| names.iter().any(|name| patterns.globs.is_match(name)))
    }
}

/// How much of the edges of a digest is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selected {
    All,
    Some,
    None,
}

fn refused(pattern: &str, source: globset::Error) -> SelectionError {
    SelectionError {
        pattern: pattern.to_owned(),
        source,
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts =
            |patterns: &Option<Patterns>| patterns.as_ref().map(|patterns| patterns.texts.clone());
        f.debug_struct("Selection")
            .field("images", &texts(&self.images))
            .field("destinations", &texts(&self.destinations))
            .field("edges", &self.edges.as_ref().map(|edges| edges.keys.len()))
            .finish()
    }
}
