//! Findings in promoter manifests: for people with the line that they are about, and as GitHub's workflow commands.

use std::fmt::Write as _;
use std::path::PathBuf;

use promo_core::manifest::{Finding, Severity};

use super::style::{BOLD, CYAN, GREEN, RED, YELLOW, one_line};
use super::{Text, counted};
use crate::files;
use crate::manifests::{Checked, path_of};
use crate::tree::TreeSource;

/// The findings for people: message, place, the line with a caret below it.
pub fn check_text(checked: &Checked, source: &TreeSource) -> Text {
    let mut text = String::new();
    let mut excerpts = Excerpts::new(source);
    for finding in &checked.findings {
        let style = match finding.severity {
            Severity::Warning => YELLOW,
            Severity::Error | Severity::Invalid => RED,
        };
        let (severity, code) = (finding.severity, finding.code);
        let message = one_line(&finding.message);
        let _ = writeln!(text, "{style}{severity}[{code}]{style:#}: {message}");
        let place = finding.position.map(|position| format!(":{position}"));
        let _ = writeln!(
            text,
            "  {CYAN}-->{CYAN:#} {}{}",
            finding.file,
            place.unwrap_or_default()
        );
        text.push_str(&excerpts.of(finding));
        let _ = writeln!(
            text,
            "  {CYAN}expected:{CYAN:#} {}\n",
            one_line(&finding.expected)
        );
    }
    text.push_str(&conclusion(checked));
    Text(text)
}

fn conclusion(checked: &Checked) -> String {
    let count = |severity, noun| {
        let of = |finding: &&Finding| finding.severity == severity;
        counted(checked.findings.iter().filter(of).count() as u64, noun)
    };
    let invalid = count(Severity::Invalid, "invalid entry");
    let warnings = count(Severity::Warning, "warning");
    let Some(summary) = &checked.summary else {
        let errors = count(Severity::Error, "error");
        return format!("{BOLD}{RED}refused{RED:#}{BOLD:#}: {errors}, {invalid}, {warnings}\n");
    };
    let (style, word) = match summary.invalid {
        0 => (GREEN, "ok"),
        _ => (YELLOW, "usable"),
    };
    format!(
        "{style}{word}{style:#}: {}, {}, {}; {invalid}, {warnings}\n",
        counted(summary.manifests, "promoter manifest"),
        counted(summary.images, "image"),
        counted(summary.digests, "digest"),
    )
}

/// Lines of the files that findings are about, each file read once.
struct Excerpts<'a> {
    source: &'a TreeSource,
    file: Option<(PathBuf, Vec<String>)>,
}

/// How much of a long line is shown.
const MAX_EXCERPT: usize = 120;

impl<'a> Excerpts<'a> {
    fn new(source: &'a TreeSource) -> Self {
        Self { source, file: None }
    }

    /// The line of a finding with a caret; nothing if there is no such line.
    fn of(&mut self, finding: &Finding) -> String {
        let Some(position) = finding.position else {
            return String::new();
        };
        let path = path_of(finding, self.source);
        if self.file.as_ref().is_none_or(|(read, _)| *read != path) {
            let text = files::read_text(&path, &files::MANIFESTS).unwrap_or_default();
            let lines = text.lines().map(str::to_owned).collect();
            self.file = Some((path, lines));
        }
        let index = usize::try_from(position.line)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let mut lines = self.file.iter().flat_map(|(_, lines)| lines);
        let Some(line) = lines.nth(index) else {
            return String::new();
        };
        excerpt(line, position.line, position.column)
    }
}

fn excerpt(line: &str, number: u32, column: u32) -> String {
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    // Of a very long line the part around the place is shown.
    let skipped = column
        .saturating_sub(MAX_EXCERPT / 2)
        .min(line.chars().count());
    let skipped = if line.chars().count() <= MAX_EXCERPT {
        0
    } else {
        skipped
    };
    let shown: String = line.chars().skip(skipped).take(MAX_EXCERPT).collect();
    let shown: String = shown
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let gutter = number.to_string();
    let blank = " ".repeat(gutter.len());
    let before = " ".repeat(column.saturating_sub(1 + skipped));
    format!(
        "   {blank} {CYAN}|{CYAN:#}\n   {CYAN}{gutter} |{CYAN:#} {}\n   {blank} {CYAN}|{CYAN:#} {before}{RED}^{RED:#}\n",
        shown.trim_end()
    )
}

/// Annotations as GitHub's workflow commands write them.
pub fn check_annotations(checked: &Checked, source: &TreeSource) -> String {
    let mut text = String::new();
    for finding in &checked.findings {
        let level = match finding.severity {
            Severity::Warning => "warning",
            Severity::Error | Severity::Invalid => "error",
        };
        let file = path_of(finding, source);
        let file = property(&file.to_string_lossy());
        let position = finding
            .position
            .map(|position| format!(",line={},col={}", position.line, position.column));
        let message = data(&format!(
            "{}; expected {}",
            finding.message, finding.expected
        ));
        let _ = writeln!(
            text,
            "::{level} file={file}{},title={}::{message}",
            position.unwrap_or_default(),
            finding.code
        );
    }
    text
}

/// The text of a workflow command: these characters would end or change it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
