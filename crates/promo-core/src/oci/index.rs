//! The children of an index, as far as they can be read.
//!
//! One reading for all who only look at children: copying has its own, which refuses what is odd. Who leaves something out
//! because it is a child asks [`IndexChildren::all`].

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{Descriptor, RawManifest};

/// The entries of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexChildren {
    readable: Vec<Descriptor>,
    has_odd: bool,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Option<Vec<Value>>,
}

impl IndexChildren {
    /// The children that a manifest names, each digest once, in its order; none of a manifest that is no index.
    pub fn of(manifest: &RawManifest) -> Self {
        if !manifest.media_type().is_index() {
            return Self::default();
        }
        let index: Option<Index> = serde_json::from_slice(manifest.bytes()).ok();
        let mut children = Self {
            readable: Vec::new(),
            has_odd: index.is_none(),
        };
        let entries = index.and_then(|index| index.manifests).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for entry in entries {
            match serde_json::from_value::<Descriptor>(entry) {
                Ok(child) if seen.insert(child.digest) => children.readable.push(child),
                Ok(_) => {}
                Err(_) => children.has_odd = true,
            }
        }
        children
    }

    /// Those that can be read: one odd entry doesn't hide the others.
    pub fn into_readable(self) -> Vec<Descriptor> {
        self.readable
    }

    /// All of them, or nothing if anything of the index can't be read.
    pub fn all(self) -> Option<Vec<Descriptor>> {
        (!self.has_odd).then_some(self.readable)
    }
}
