//! Digests as registries write them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// `sha256:` and the hash of `bytes` in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    finish(Sha256::new_with_prefix(bytes))
}

/// As [`sha256`], of what was hashed so far.
pub(crate) fn finish(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .fold(String::from("sha256:"), |mut text, byte| {
            // Writing to a string can't fail.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        })
}
