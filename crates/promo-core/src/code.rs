//! Stable codes of errors, findings and verdicts, such as `PROMO-R012`.
//!
//! A code never changes its meaning and is never given out again. The letter names the crate:
//! C core, M promoter manifests, P plan, R registry, S sign, X command.

use std::fmt;

use serde::{Serialize, Serializer};

/// A stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// A code by its text.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}
