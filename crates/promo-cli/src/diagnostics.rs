//! How errors and warnings look: what failed, why, and what to do.
//!
//! ```text
//! error[PROMO-X004]: can't read `promo.toml`
//!   caused by: permission denied
//! hint: …
//! ```

use std::error::Error as StdError;
use std::fmt::Write;

use promo::documents::style::{CYAN, RED, YELLOW, one_line};

use crate::error::Error;

/// The text of an error with its causes and hints.
pub(crate) fn error(error: &Error) -> String {
    let mut text = format!("{RED}error[{}]{RED:#}: {error}\n", error.code());
    let mut cause = error.cause();
    while let Some(source) = cause {
        add_line(
            &mut text,
            &format!("  caused by: {}", one_line(&source.to_string())),
        );
        cause = StdError::source(source);
    }
    for hint in error.hints() {
        add_line(&mut text, &format!("{CYAN}hint:{CYAN:#} {hint}"));
    }
    text
}

/// The line of a warning.
pub(crate) fn warning(code: &str, message: &str) -> String {
    format!("{YELLOW}warning[{code}]{YELLOW:#}: {}\n", one_line(message))
}

fn add_line(text: &mut String, line: &str) {
    // Writing to a `String` can't fail.
    let _ = writeln!(text, "{line}");
}
