//! A file as a tree of what is written in it, with places: what the formatter and the editor work on.
//!
//! Unlike the model it keeps everything, bad entries included, and knows nothing of promoter manifests.

use std::borrow::Cow;

use super::finding::FileFindings;
use super::kinds::{NOT_UTF8, SYNTAX};
use super::parse::read_either;
use super::text::{decode, odd_line_end};
use super::yaml::{Node, Purpose, Reader, Scalar, Stop};
use super::{FilePath, LoadError, Position, Severity};

/// A text with its place.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) text: String,
    pub(super) plain: bool,
    pub(super) is_null: bool,
    pub(super) start: Position,
    /// The place behind it.
    pub(super) end: Position,
}

/// What is in a list or mapping.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Leaf),
    List {
        items: Vec<Value>,
        start: Position,
        /// The place behind the closing bracket, if it has one.
        flow_end: Option<Position>,
    },
    Map {
        entries: Vec<(Leaf, Value)>,
        start: Position,
        /// The place behind the closing brace, if it has one.
        flow_end: Option<Position>,
    },
}

impl Value {
    /// Where it begins.
    pub(super) fn start(&self) -> Position {
        match self {
            Self::Text(text) => text.start,
            Self::List { start, .. } | Self::Map { start, .. } => *start,
        }
    }

    pub(super) fn as_text(&self) -> Option<&Leaf> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.as_text().is_some_and(|text| text.is_null)
    }

    /// The value of a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map { entries, .. } => entries
                .iter()
                .find(|(name, _)| name.text == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The place behind it. What says nothing ends where it begins.
    pub(super) fn end(&self) -> Position {
        match self {
            Self::Text(text) => text.end,
            Self::List {
                items,
                start,
                flow_end,
            } => flow_end.unwrap_or_else(|| items.last().map_or(*start, Self::end)),
            Self::Map {
                entries,
                start,
                flow_end,
            } => flow_end.unwrap_or_else(|| {
                let last = entries.last();
                last.map_or(*start, |(key, value)| value.end_behind(key))
            }),
        }
    }

    /// The place behind the entry of a mapping: a value that is nothing has no place of its own.
    pub(super) fn end_behind(&self, key: &Leaf) -> Position {
        if self.is_null() {
            key.end
        } else {
            self.end().max(key.end)
        }
    }

    /// Whether both say the same, wherever and however it is written.
    pub(super) fn says_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.says_same(b),
            (Self::List { items: a, .. }, Self::List { items: b, .. }) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.says_same(b))
            }
            (Self::Map { entries: a, .. }, Self::Map { entries: b, .. }) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| a.0.says_same(&b.0) && a.1.says_same(&b.1))
            }
            _ => false,
        }
    }
}

impl Leaf {
    fn says_same(&self, other: &Self) -> bool {
        self.is_null == other.is_null && (self.is_null || self.text == other.text)
    }
}

/// A text by lines, from 1.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
    /// Each character is one byte.
    is_ascii: bool,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            is_ascii: text.is_ascii(),
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// A line without its end.
    pub(super) fn line(&self, line: u32) -> Option<&'a str> {
        let start = self.start(line);
        let end = self.start(line.checked_add(1)?);
        let text = self.text.get(start..end)?;
        Some(text.trim_end_matches(['\r', '\n']))
    }

    /// The offset at which a line begins.
    pub(super) fn start(&self, line: u32) -> usize {
        let index = usize::try_from(line)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        self.starts.get(index).copied().unwrap_or(self.text.len())
    }

    /// The offset of a place.
    pub(super) fn offset(&self, place: Position) -> usize {
        let start = self.start(place.line);
        let column = usize::try_from(place.column)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        if self.is_ascii {
            return self.text.len().min(start.saturating_add(column));
        }
        let rest = self.text.get(start..).unwrap_or_default();
        rest.char_indices()
            .nth(column)
            .map_or(self.text.len(), |(at, _)| start + at)
    }

    /// The text from a place on.
    pub(super) fn from(&self, place: Position) -> &'a str {
        self.text.get(self.offset(place)..).unwrap_or_default()
    }

    /// The place that is as far behind `place` as `text` reaches.
    fn behind(place: Position, text: &str) -> Position {
        text.chars()
            .fold(place, |place, character| match character {
                '\n' => Position {
                    line: place.line.saturating_add(1),
                    column: 1,
                },
                _ => Position {
                    line: place.line,
                    column: place.column.saturating_add(1),
                },
            })
    }
}

/// A file's text and what is written in it; no value if there are only comments.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) lines: Lines<'a>,
    pub(super) root: Option<Value>,
}

impl<'a> Document<'a> {
    /// Reads the one document of a file.
    pub(super) fn read(name: &str, bytes: &'a [u8]) -> Result<Self, LoadError> {
        let mut findings = FileFindings::new(FilePath::new(name));
        let document = read(bytes, &mut findings);
        let findings = findings.into_findings();
        let is_refused = findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        match document {
            Ok(document) if !is_refused => Ok(document),
            _ => Err(LoadError::Refused(findings)),
        }
    }
}

fn read<'a>(bytes: &'a [u8], findings: &mut FileFindings) -> Result<Document<'a>, Stop> {
    let text = match decode(bytes, findings) {
        Some(Cow::Borrowed(text)) => text,
        Some(Cow::Owned(_)) => {
            let message = "the file is UTF-16".to_owned();
            findings.add(&NOT_UTF8, None, message, "UTF-8 text");
            return Err(Stop);
        }
        None => return Err(Stop),
    };
    let lines = Lines::new(text);
    // To YAML it ends a line, to most editors it doesn't.
    if odd_line_end(text).is_some() {
        findings.add(
            &SYNTAX,
            None,
            "a character stands in it that ends a line, which not all editors show".to_owned(),
            "lines that end with LF or CRLF",
        );
        return Err(Stop);
    }
    let root = read_either(text, findings, |text, shifts, findings| {
        let mut reader = Reader::new(text, shifts, Purpose::Edit, findings);
        let root = match reader.root()? {
            Some(node) => Some(read_value(&mut reader, &lines, node)?),
            None => None,
        };
        reader.finish()?;
        Ok(root)
    })?;
    Ok(Document { lines, root })
}

/// Reads a value that began. The reader's limit on depth holds for this, too.
fn read_value<'a>(
    reader: &mut Reader<'a, '_>,
    lines: &Lines<'a>,
    node: Node<'a>,
) -> Result<Value, Stop> {
    match node {
        Node::Scalar(scalar) => Ok(Value::Text(text(reader, lines, scalar))),
        Node::List(start) => {
            let mut items = Vec::new();
            while let Some(node) = reader.next()? {
                items.push(read_value(reader, lines, node)?);
            }
            let flow_end = flow_end(reader, lines, start, ['[', ']']);
            Ok(Value::List {
                items,
                start,
                flow_end,
            })
        }
        Node::Map(start) => {
            let mut entries = Vec::new();
            reader.entries(|reader, key| {
                let key = text(reader, lines, key);
                if let Some(node) = reader.next()? {
                    entries.push((key, read_value(reader, lines, node)?));
                }
                Ok(())
            })?;
            let flow_end = flow_end(reader, lines, start, ['{', '}']);
            Ok(Value::Map {
                entries,
                start,
                flow_end,
            })
        }
        // The file is refused anyway.
        Node::Refused => Err(Stop),
    }
}

/// The place behind the closing bracket that was read last, if what it closes begins with one.
fn flow_end(
    reader: &Reader<'_, '_>,
    lines: &Lines<'_>,
    start: Position,
    [open, close]: [char; 2],
) -> Option<Position> {
    if !lines.from(start).starts_with(open) {
        return None;
    }
    // A comma before the bracket counts as part of the end.
    let (end, _) = reader.last();
    let tail = lines.from(end);
    let mut rest = tail;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        if let Some(behind) = rest.strip_prefix(close) {
            let tail = tail.split_at(tail.len() - behind.len()).0;
            return Some(Lines::behind(end, tail));
        }
        rest = rest.strip_prefix('#')?.trim_start_matches(|c| c != '\n');
    }
}

fn text(reader: &Reader<'_, '_>, lines: &Lines<'_>, scalar: Scalar<'_>) -> Leaf {
    // The parser's end of a quoted text is behind the blanks and comments that follow it.
    let written = lines.from(scalar.position);
    let end = match written.chars().next().filter(|_| !scalar.plain) {
        Some(quote @ ('"' | '\'')) => {
            let written = written.split_at(quoted_length(written, quote)).0;
            Lines::behind(scalar.position, written)
        }
        _ => reader.last().1,
    };
    Leaf {
        is_null: scalar.is_null(),
        plain: scalar.plain,
        start: scalar.position,
        end,
        text: scalar.text.into_owned(),
    }
}

/// How many bytes a quoted text has, both quotes included.
fn quoted_length(written: &str, quote: char) -> usize {
    let mut characters = written.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        if character == '\\' && quote == '"'
            || character == '\'' && quote == '\'' && next == Some('\'')
        {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    written.len()
}

/// A text in double quotes, as YAML reads it back.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            other if is_printable(other) => quoted.push(other),
            other => {
                let code = u32::from(other);
                let digits = (0..8).rev().map(|place| code >> (4 * place) & 15);
                quoted.push_str("\\U");
                quoted.extend(digits.filter_map(|digit| char::from_digit(digit, 16)));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character stands in YAML as it is and is seen.
fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~')
        || (character > '\u{a0}'
            && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
            && !character.is_control())
}

/// Whether a text can stand without quotes and every YAML reader takes it for text.
pub(super) fn is_plain_text(text: &str) -> bool {
    let first_ok = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let rest_ok = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'@' | b'-'));
    let lower = text.to_ascii_lowercase();
    let is_word = matches!(
        &*lower,
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    first_ok && rest_ok && !is_word
}
