//! How errors and warnings look: what failed, why, and what to do.
//!
//! ```text
//! error[PROMO-X004]: can't read `promo.toml`
//!   caused by: permission denied
//! hint: …
//! ```

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::error::Error;

/// Errors, and what was refused.
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
/// Warnings.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// What was done.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
/// Hints.
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();

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

/// What to do, a line for each hint, however often it was given.
pub(crate) fn hints<'a>(hints: impl Iterator<Item = &'a String>) -> String {
    let mut text = String::new();
    for hint in hints.collect::<BTreeSet<_>>() {
        add_line(
            &mut text,
            &format!("{CYAN}hint:{CYAN:#} {}", one_line(hint)),
        );
    }
    text
}

fn add_line(text: &mut String, line: &str) {
    // Writing to a `String` can't fail.
    let _ = writeln!(text, "{line}");
}

/// What comes from outside may hold anything: line ends and control characters are shown, not obeyed.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
