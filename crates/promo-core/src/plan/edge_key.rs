//! What an edge is, whatever asks for it and whatever is decided about it.

use std::fmt;

use serde::Serialize;

use super::PlannedEdge;
use crate::oci::{Digest, Repository, Tag};

/// An edge by its parts: equal edges of two plans or two trees have equal keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EdgeKey {
    /// The source repository.
    pub source: Repository,
    /// The digest.
    pub digest: Digest,
    /// The destination repository.
    pub destination: Repository,
    /// The tag; none for an edge without a tag.
    pub tag: Option<Tag>,
}

impl fmt::Display for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            digest,
            destination,
            tag,
        } = self;
        write!(f, "{source}@{digest} → {destination}")?;
        match tag {
            Some(tag) => write!(f, ":{tag}"),
            None => Ok(()),
        }
    }
}

impl PlannedEdge<'_> {
    /// What edge it is.
    pub fn key(&self) -> EdgeKey {
        EdgeKey {
            source: self.source().clone(),
            digest: self.digest(),
            destination: self.destination().clone(),
            tag: self.tag().cloned(),
        }
    }
}
