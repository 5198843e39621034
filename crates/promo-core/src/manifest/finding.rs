//! What is wrong with a tree of promoter manifests, entry by entry.

use std::fmt;

use serde::Serialize;

use super::kinds::{FindingKind, TOO_MANY_FINDINGS};
use super::{FilePath, Position, Severity};
use crate::Code;

/// One finding, with everything a person or an editor needs to go there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// The file.
    pub file: FilePath,
    /// Where in the file; nothing if it is about the file as a whole.
    pub position: Option<Position>,
    /// How much it matters.
    pub severity: Severity,
    /// Its stable code, `PROMO-M…`.
    pub code: Code,
    /// What stands there.
    pub message: String,
    /// What is expected.
    pub expected: String,
}

impl Finding {
    pub(super) fn new(
        kind: &FindingKind,
        file: &FilePath,
        position: Option<Position>,
        message: String,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            file: file.clone(),
            position,
            severity: kind.severity,
            code: kind.code,
            message,
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Finding {
    /// `FILE:LINE:COLUMN: SEVERITY CODE: MESSAGE; expected EXPECTED`, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        write!(
            f,
            ": {} {}: {}; expected {}",
            self.severity, self.code, self.message, self.expected
        )
    }
}

/// How many findings of one file are listed.
const MAX_FINDINGS: usize = 10_000;

/// Collects the findings of one file.
#[derive(Debug)]
pub(super) struct FileFindings {
    file: FilePath,
    found: Vec<Finding>,
}

impl FileFindings {
    pub(super) fn new(file: FilePath) -> Self {
        Self {
            file,
            found: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        kind: &FindingKind,
        position: impl Into<Option<Position>>,
        message: String,
        expected: impl Into<String>,
    ) {
        let position = position.into();
        if self.found.len() < MAX_FINDINGS {
            self.found
                .push(Finding::new(kind, &self.file, position, message, expected));
        } else if self.found.len() == MAX_FINDINGS {
            self.found.push(Finding::new(
                &TOO_MANY_FINDINGS,
                &self.file,
                position,
                format!("there are more than {MAX_FINDINGS} findings in this file"),
                "a promoter manifest",
            ));
        }
    }

    /// How many there are so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Takes out all that came after the first `count`.
    pub(super) fn take_from(&mut self, count: usize) -> Vec<Finding> {
        self.found.split_off(count.min(self.found.len()))
    }

    /// Puts findings back that were taken out.
    pub(super) fn put_back(&mut self, findings: Vec<Finding>) {
        self.found.extend(findings);
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.found
    }
}

/// A text as it may stand in a message: in backquotes, on one line, not too long.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", clip(text, 100))
}

/// A text on one line, cut to `limit` characters.
pub(super) fn clip(text: &str, limit: usize) -> String {
    let mut clipped: String = text
        .chars()
        .take(limit)
        .flat_map(|c| {
            // Quotes stay as they are; what could break a line or a terminal doesn't.
            let plain = (!c.is_control() && !is_invisible(c)).then_some(c);
            let escaped = plain.is_none().then(|| c.escape_default());
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect();
    if text.chars().nth(limit).is_some() {
        clipped.push('…');
    }
    clipped
}

/// Characters that change how others are shown, or are not shown themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
