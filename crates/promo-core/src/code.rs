//! Stable codes of errors, findings and verdicts, such as `PROMO-R012`.
//!
//! A code never changes its meaning and is never given out again. The letter names the crate:
//! C core, M promoter manifests, P plan, R registry, S sign, X command. The macro `codes!` declares them, each in one place:
//! the constant that code uses and the entry of the reference come from the same line.

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

/// A code with what it means, for the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What it means and what to do; empty where the title says all.
    pub explanation: &'static str,
}

/// Declares codes: for each a constant of the type [`Code`], and `ALL`, the table of a [`CodeEntry`] for each.
///
/// A line is the name of the constant, the text of the code, a title and, where the title doesn't say all, an
/// explanation. It stands in a module of its own, by custom `codes`:
///
/// ```
/// /// The codes of a gate.
/// pub mod codes {
///     promo_core::codes! {
///         NOT_SCANNED "GATE-001" "the image was not scanned"
///             "No report of the scanner names this digest. Have it scanned, then promote it."
///         TOO_OLD "GATE-002" "the report of the scanner is too old"
///     }
/// }
///
/// assert_eq!(codes::NOT_SCANNED.as_str(), "GATE-001");
/// assert_eq!(codes::ALL.len(), 2);
/// assert_eq!(codes::ALL[1].code, codes::TOO_OLD);
/// assert_eq!(codes::ALL[1].explanation, "");
/// ```
#[macro_export]
macro_rules! codes {
    ($($name:ident $text:literal $title:literal $($explanation:literal)?)*) => {
        $(
            #[doc = concat!("`", $text, "`: ", $title, ".")]
            pub const $name: $crate::Code = $crate::Code::new($text);
        )*

        /// All of them with what they mean, in the order in which they are declared.
        pub const ALL: &[$crate::CodeEntry] = &[
            $($crate::CodeEntry {
                code: $name,
                title: $title,
                explanation: concat!($($explanation)?),
            },)*
        ];
    };
}
