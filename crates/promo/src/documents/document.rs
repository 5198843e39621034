//! Documents for machines.

use serde::Serialize;

use crate::error::{Error, Result};

/// A document in JSON, with a line end.
///
/// # Errors
///
/// `PROMO-X006`: it can't be written, which is a defect of promo.
pub fn json<T: Serialize>(document: &T) -> Result<String> {
    let mut text = serde_json::to_string_pretty(document).map_err(unwritable)?;
    text.push('\n');
    Ok(text)
}

/// The same document in YAML.
///
/// # Errors
///
/// As [`json`].
pub fn yaml<T: Serialize>(document: &T) -> Result<String> {
    serde_yaml_ng::to_string(document).map_err(unwritable)
}

/// Data of ours can always be written; should it not be so, that is a defect and said as such.
fn unwritable(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Document(Box::new(source))
}
