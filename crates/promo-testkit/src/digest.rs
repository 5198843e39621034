//! Digests as registries write them, `sha256:…` and `sha512:…`, computed with `sha2`.
//!
//! The testkit keeps strings at its boundary, so that a test can also hand in what is no digest at all.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256, Sha512};

/// The digest algorithms that OCI registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the canonical one.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Computes the digest of `bytes`, in its text form.
    pub fn digest(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha256 => text("sha256", &Sha256::digest(bytes)),
            Self::Sha512 => text("sha512", &Sha512::digest(bytes)),
        }
    }

    /// The algorithm of a well-formed digest: known name, right length, lower-case hexadecimal.
    pub fn of(digest: &str) -> Option<Self> {
        let (name, hex) = digest.split_once(':')?;
        let (algorithm, length) = match name {
            "sha256" => (Self::Sha256, 64),
            "sha512" => (Self::Sha512, 128),
            _ => return None,
        };
        let is_hex = hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (hex.len() == length && is_hex).then_some(algorithm)
    }
}

/// Computes the SHA-256 digest of `bytes`, in its text form.
pub fn sha256(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest(bytes)
}

/// A SHA-256 digest that is computed while bytes arrive.
#[derive(Clone, Default)]
pub(crate) struct Running(Sha256);

impl Running {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        text("sha256", &self.0.finalize())
    }
}

fn text(name: &str, hash: &[u8]) -> String {
    let mut text = format!("{name}:");
    for byte in hash {
        // Writing to a `String` can't fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
