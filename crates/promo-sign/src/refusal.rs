//! Why a piece of evidence is refused, by a code and in a sentence.

use promo_core::Code;

/// The most characters of what others wrote that a message repeats.
const MAX_QUOTED: usize = 200;

/// A refusal: its code and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// What others wrote, for a message: without control characters, and not longer than a line or two.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_QUOTED).collect();
    let cut = short.len() < text.len();
    short = short.escape_debug().to_string();
    if cut {
        short.push('…');
    }
    format!("`{short}`")
}
