//! Documents for machines.

use promo_core::Code;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// A document in JSON, with a line end.
pub(crate) fn json<T: Serialize>(document: &T) -> Result<String> {
    let mut text = serde_json::to_string_pretty(document).map_err(unwritable)?;
    text.push('\n');
    Ok(text)
}

/// The same document in YAML.
pub(crate) fn yaml<T: Serialize>(document: &T) -> Result<String> {
    serde_yaml_ng::to_string(document).map_err(unwritable)
}

/// Data of ours can always be written; should it not be so, that is a defect and said as such.
fn unwritable(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other {
        message: "the result can't be written as a document".to_owned(),
        code: Code::new("PROMO-X006"),
        hints: Vec::new(),
        exit: Exit::Failed,
        source: Some(Box::new(source)),
    }
}
