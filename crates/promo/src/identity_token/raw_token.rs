//! An identity token as its source gave it: one word of text. What it says is read by promo-sign.

use zeroize::Zeroizing;

use crate::error::IdentityTokenError;

/// The most bytes that a source may give.
const MAX: usize = 64 << 10;

/// An identity token that nobody has read yet. It can't be printed, and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RawToken(Zeroizing<String>);

impl RawToken {
    /// Reads what a source gave; `origin` is how it is called in errors.
    pub(super) fn read(given: &[u8], origin: &str) -> Result<Self, IdentityTokenError> {
        let wrong = |problem| IdentityTokenError::NoToken {
            origin: origin.to_owned(),
            problem,
        };
        if given.len() > MAX {
            return Err(wrong("it has more than 64 KiB"));
        }
        let text = std::str::from_utf8(given).map_err(|_| wrong("it is no text"))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("it is not one word"));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for the one place that reads or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RawToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawToken([secret])")
    }
}
