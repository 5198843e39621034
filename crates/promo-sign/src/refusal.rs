//! Why a piece of evidence is refused: the codes in [`promo_core::ports::RefusedEvidence`].

use promo_core::Code;

/// It claims an accepted key and can't be understood.
pub const MALFORMED: Code = Code::new("PROMO-S010");
/// It claims an accepted key, and the signature is not by that key.
pub const SIGNATURE: Code = Code::new("PROMO-S011");
/// It is signed by an accepted key, but about another digest.
pub const DIGEST: Code = Code::new("PROMO-S012");
/// It is signed by an accepted key and about the digest, but names another image.
pub const OTHER_NAME: Code = Code::new("PROMO-S013");
/// It is signed by an accepted key and about the digest, but names no image where one is required.
pub const NO_NAME: Code = Code::new("PROMO-S014");
/// It is signed by an accepted key, but is no statement of a known type.
pub const STATEMENT: Code = Code::new("PROMO-S015");
/// It claims an accepted key in a form that can't be judged.
pub const FORM: Code = Code::new("PROMO-S016");
/// It claims an accepted key, and its envelope has not exactly one signature.
pub const SIGNATURES: Code = Code::new("PROMO-S033");

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
