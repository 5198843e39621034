//! An error with its causes, for where there is one line.
//!
//! A message never repeats its source, so that nothing is said twice.

use std::error::Error;

/// The error and its causes in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
