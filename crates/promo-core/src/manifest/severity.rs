//! How much a finding matters: whether it refuses the tree, leaves out an entry, or only tells.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The structure is broken: the tree is refused.
    Error,
    /// An entry is wrong: it is left out, the rest goes on.
    Invalid,
    /// Something is odd.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Invalid => "invalid",
            Self::Warning => "warning",
        })
    }
}
