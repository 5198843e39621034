//! How texts for people look: styles, and what keeps a text from outside on its line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// Errors, and what was refused.
pub const RED: Style = AnsiColor::Red.on_default().bold();
/// Warnings.
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
/// What was done.
pub const GREEN: Style = AnsiColor::Green.on_default().bold();
/// Hints.
pub const CYAN: Style = AnsiColor::Cyan.on_default();
/// Headings.
pub const BOLD: Style = Style::new().bold();

/// What to do, a line for each hint, however often it was given.
pub fn hints<'a>(hints: impl Iterator<Item = &'a String>) -> String {
    let mut text = String::new();
    for hint in hints.collect::<BTreeSet<_>>() {
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "{CYAN}hint:{CYAN:#} {}", one_line(hint));
    }
    text
}

/// What comes from outside may hold anything: line ends and control characters are shown, not obeyed.
pub fn one_line(text: &str) -> String {
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
