//! A text by lines, and where something can be put into it.

use super::super::Position;
use super::super::document::Lines;

/// A text to be put in at an offset, in place of what stands up to another one.
pub(super) struct Insertion {
    at: usize,
    until: usize,
    text: String,
}

impl Insertion {
    /// In place of nothing.
    fn new(at: usize, text: String) -> Self {
        let until = at;
        Self { at, until, text }
    }
}

/// A text by lines.
pub(super) struct Source<'a> {
    lines: &'a Lines<'a>,
    line_end: &'static str,
}

impl<'a> Source<'a> {
    pub(super) fn new(lines: &'a Lines<'a>) -> Self {
        let is_windows = lines.text.contains("\r\n");
        Self {
            lines,
            line_end: if is_windows { "\r\n" } else { "\n" },
        }
    }

    pub(super) fn with(&self, insertion: &Insertion) -> String {
        let text = self.lines.text;
        let before = text.get(..insertion.at).unwrap_or_default();
        let after = text.get(insertion.until..).unwrap_or_default();
        format!("{before}{}{after}", insertion.text)
    }

    /// What stands before a place on its line, if it is only blanks.
    pub(super) fn indent(&self, place: Position) -> Option<&'a str> {
        let indent = self.before(place)?;
        indent.bytes().all(|byte| byte == b' ').then_some(indent)
    }

    /// What stands before the dash of an item, if it is only blanks.
    pub(super) fn dash_indent(&self, item: Position) -> Option<&'a str> {
        let indent = self.before(item)?.trim_end_matches(' ').strip_suffix('-')?;
        indent.bytes().all(|byte| byte == b' ').then_some(indent)
    }

    fn before(&self, place: Position) -> Option<&'a str> {
        let start = self.lines.start(place.line);
        self.lines.text.get(start..self.lines.offset(place))
    }

    /// Puts lines before the block item at `index`, above the comments right above it, or behind the
    /// last one.
    pub(super) fn between(
        &self,
        spans: impl Iterator<Item = (Position, Position)>,
        index: usize,
        lines: &[String],
    ) -> Option<Insertion> {
        let spans: Vec<_> = spans.collect();
        let mut text = String::new();
        for line in lines {
            text.push_str(line);
            text.push_str(self.line_end);
        }
        if let Some((next, _)) = spans.get(index) {
            let is_comment = |line: u32| {
                self.lines
                    .line(line)
                    .is_some_and(|text| text.trim_start().starts_with('#'))
            };
            let mut line = next.line;
            // What stands above the first item speaks of the whole.
            while index > 0 && line > 1 && is_comment(line - 1) {
                line -= 1;
            }
            return Some(Insertion::new(self.lines.start(line), text));
        }
        let last = spans.last()?.1.line;
        let at = self.lines.start(last.checked_add(1)?);
        Some(self.at_line_start(at, text))
    }

    /// Text at the beginning of a line, which may be the end of a file whose last line has no end.
    fn at_line_start(&self, at: usize, text: String) -> Insertion {
        let before = self.lines.text.get(..at).unwrap_or_default();
        if before.is_empty() || before.ends_with('\n') {
            return Insertion::new(at, text);
        }
        let text = format!("{}{}", self.line_end, text.trim_end());
        Insertion::new(at, text)
    }

    /// Puts lines in place of brackets or braces that hold nothing at all: what has one entry is written as what has several
    /// would be. Behind a key the lines begin on a line of their own.
    pub(super) fn in_place_of_nothing(
        &self,
        (start, end): (Position, Position),
        lines: &[String],
    ) -> Option<Insertion> {
        let (at, until) = (self.lines.offset(start), self.lines.offset(end));
        let text = self.lines.text;
        let brackets = text.get(at..until)?;
        if !matches!(brackets, "[]" | "{}") {
            // A comment in it would be lost.
            return None;
        }
        let lines = lines.join(self.line_end);
        if self.before(start)?.is_empty() {
            return Some(Insertion {
                at,
                until,
                text: lines,
            });
        }
        let at = text.get(..at)?.trim_end_matches(' ').len();
        Some(Insertion {
            at,
            until,
            text: format!("{}{lines}", self.line_end),
        })
    }

    pub(super) fn at_end(&self, lines: &[String]) -> Insertion {
        let mut text = lines.join(self.line_end);
        text.push_str(self.line_end);
        self.at_line_start(self.lines.text.len(), text)
    }

    /// Puts text before the item at `index` in brackets or braces that begin at `start`, or behind the
    /// last one. `spans` are where items begin and end.
    pub(super) fn flow(
        &self,
        spans: impl Iterator<Item = (Position, Position)>,
        index: usize,
        start: Position,
        text: &str,
    ) -> Insertion {
        let spans: Vec<_> = spans.collect();
        match (spans.get(index), spans.last()) {
            (Some((next, _)), _) => Insertion::new(self.lines.offset(*next), format!("{text}, ")),
            (None, Some((_, end))) => Insertion::new(self.lines.offset(*end), format!(", {text}")),
            (None, None) => Insertion::new(self.lines.offset(start) + 1, text.to_owned()),
        }
    }
}
