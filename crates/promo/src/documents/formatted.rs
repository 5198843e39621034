//! What the canonical layout changes in files of promoter manifests, for people.

use std::fmt::Write as _;

use super::{Text, counted};
use crate::manifests::Formatted;

/// The files that were formatted, and how many had nothing to change.
pub fn formatted_text(files: &[Formatted]) -> Text {
    text("formatted", files)
}

/// The same of files that nobody has written: what would change.
pub fn unformatted_text(files: &[Formatted]) -> Text {
    text("would change", files)
}

fn text(word: &str, files: &[Formatted]) -> Text {
    let (changed, kept): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.changed);
    let mut text = String::new();
    for file in changed {
        let _ = writeln!(text, "{word} {}", file.path.display());
    }
    let kept = counted(kept.len() as u64, "file");
    let _ = writeln!(text, "{kept} in the canonical layout");
    Text(text)
}
