//! What is wrong with a tree of promoter manifests, entry by entry.

use serde::Serialize;

use super::{FilePath, Position};
use crate::Code;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// The structure is broken: the tree is refused.
    Error,
    /// An entry is wrong: it is left out, the rest goes on.
    Invalid,
    /// Something is odd.
    Warning,
}

/// One finding, with everything a person or an editor needs to go there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// The file.
    pub file: FilePath,
    /// Where in the file; nothing if it is about the file as a whole.
    pub position: Option<Position>,
    /// How much it matters.
    pub severity: Severity,
    /// Its stable code, `PROMO-M…`.
    pub code: Code,
    /// What stands there.
    pub message: String,
    /// What is expected.
    pub expected: String,
}
