//! The canonical layout of promoter manifests, with comments kept.
//!
//! The layout is that of registry snapshots: `- name: N`, `  dmap:`, `    "sha256:…": ["t1", "t2"]`. The
//! order of entries is their author's and stays: comments speak of what stands around them. Bad
//! entries stay, too.

use super::document::{Document, Leaf, Value, is_plain_text, quoted};
use super::kinds::NO_LAYOUT;
use super::{FilePath, Finding, LoadError, Position};

/// Formats the text of a promoter manifest or an images file. Formatting twice changes nothing more,
/// and the result says what the text said. A byte order mark and CRLF become plain.
///
/// ```
/// let text = "# why\n-   {name: 'pause', dmap: {}}  # not yet\n";
/// let formatted = promo_core::manifest::format("images.yaml", text.as_bytes()).unwrap();
/// assert_eq!(formatted, "# why\n- name: pause\n  dmap: {} # not yet\n");
/// ```
///
/// # Errors
/// [`LoadError::Refused`] if the text is not YAML or has what promoter manifests may not have (anchors,
/// merges, tags of YAML, several documents).
pub fn format(name: &str, bytes: &[u8]) -> Result<String, LoadError> {
    let document = Document::read(name, bytes)?;
    let mut units = Vec::new();
    if let Some(root) = &document.root {
        lay_out(root, 0, String::new(), &mut units);
    }
    let scalars = document.root.as_ref().map(quoted_spans).unwrap_or_default();
    let comments = comments(document.lines.text, &scalars);
    let formatted = write(&units, &comments);
    confirm(name, &document, &formatted)?;
    Ok(formatted)
}

/// Checks that the result says what the text says.
fn confirm(name: &str, document: &Document<'_>, formatted: &str) -> Result<(), LoadError> {
    let again = Document::read(name, formatted.as_bytes())?;
    let is_same = match (&document.root, &again.root) {
        (Some(old), Some(new)) => old.says_same(new),
        (old, new) => old.is_none() && new.is_none(),
    };
    if is_same {
        return Ok(());
    }
    Err(LoadError::Refused(vec![Finding::new(
        &NO_LAYOUT,
        &FilePath::new(name),
        None,
        "the text has no canonical layout".to_owned(),
        "the layout of a promoter manifest",
    )]))
}

/// One line of the result, and the part of the source that it stands for.
#[derive(Debug)]
struct Unit {
    indent: usize,
    line: String,
    start: Position,
    end: Position,
}

/// Lays out a value at an indent. `prefix` is what stands before its first line: the dash of a list.
fn lay_out(value: &Value, indent: usize, prefix: String, units: &mut Vec<Unit>) {
    match value {
        Value::Map { entries, .. } if !entries.is_empty() => {
            let inner = indent + prefix.len();
            let mut prefix = Some(prefix);
            for (key, value) in entries {
                // The dash stands before the first key only.
                let dash = prefix.take();
                let at = if dash.is_some() { indent } else { inner };
                let head = format!("{}{}:", dash.unwrap_or_default(), key_text(key));
                lay_out_entry(head, key, value, at, inner, units);
            }
        }
        Value::List { items, .. } if is_block_list(items) => {
            for item in items {
                lay_out(item, indent, format!("{prefix}- "), units);
            }
        }
        _ => {
            let (start, end) = (value.start(), value.end());
            let line = format!("{prefix}{}", flow(value));
            units.push(Unit {
                indent,
                line,
                start,
                end,
            });
        }
    }
}

fn lay_out_entry(
    head: String,
    key: &Leaf,
    value: &Value,
    indent: usize,
    inner: usize,
    units: &mut Vec<Unit>,
) {
    let is_block = match value {
        Value::Map { entries, .. } => !entries.is_empty(),
        Value::List { items, .. } => is_block_list(items),
        Value::Text(_) => false,
    };
    if is_block {
        units.push(Unit {
            indent,
            line: head,
            start: key.start,
            end: key.end,
        });
        let deeper = if matches!(value, Value::Map { .. }) {
            inner + 2
        } else {
            inner
        };
        lay_out(value, deeper, String::new(), units);
        return;
    }
    let (line, end) = if value.is_null() {
        (head, key.end)
    } else {
        (format!("{head} {}", flow(value)), value.end())
    };
    units.push(Unit {
        indent,
        line,
        start: key.start,
        end,
    });
}

/// Lists of mappings have a line for each key; others stand on one line.
fn is_block_list(items: &[Value]) -> bool {
    let is_map = |item: &Value| matches!(item, Value::Map { entries, .. } if !entries.is_empty());
    !items.is_empty() && items.iter().all(is_map)
}

fn key_text(key: &Leaf) -> String {
    if key.is_null {
        "null".to_owned()
    } else if is_plain_text(&key.text) {
        key.text.clone()
    } else {
        quoted(&key.text)
    }
}

/// A value on one line. Texts in a list are tags, which are always in quotes.
fn flow(value: &Value) -> String {
    match value {
        Value::Text(text) => scalar(text),
        Value::List { items, .. } => {
            let items: Vec<String> = items.iter().map(item).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map { entries, .. } => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", key_text(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn item(value: &Value) -> String {
    match value {
        Value::Text(text) if !text.is_null => quoted(&text.text),
        other => flow(other),
    }
}

fn scalar(text: &Leaf) -> String {
    if text.is_null {
        return "null".to_owned();
    }
    // `true` without quotes is a boolean, with quotes it is a text.
    let is_boolean = text.plain && matches!(&*text.text, "true" | "false");
    if is_boolean || is_plain_text(&text.text) || is_word(text) {
        text.text.clone()
    } else {
        quoted(&text.text)
    }
}

/// A word that stood there without quotes and can stay so, such as `off`.
fn is_word(text: &Leaf) -> bool {
    text.plain && !text.text.is_empty() && text.text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A comment of the source.
#[derive(Debug)]
struct Comment<'a> {
    text: &'a str,
    start: Position,
    /// Nothing else stands on its line.
    is_alone: bool,
}

/// Where scalars stand in which `#` does not begin a comment.
fn quoted_spans(root: &Value) -> Vec<(Position, Position)> {
    let mut spans = Vec::new();
    collect_spans(root, &mut spans);
    spans.sort_unstable();
    spans
}

fn collect_spans(value: &Value, spans: &mut Vec<(Position, Position)>) {
    let mut add = |text: &Leaf| {
        if !text.plain {
            spans.push((text.start, text.end));
        }
    };
    match value {
        Value::Text(text) => add(text),
        Value::List { items, .. } => items.iter().for_each(|item| collect_spans(item, spans)),
        Value::Map { entries, .. } => {
            for (key, _) in entries {
                add(key);
            }
            for (_, value) in entries {
                collect_spans(value, spans);
            }
        }
    }
}

/// The comments of a text, in order.
fn comments<'a>(text: &'a str, spans: &[(Position, Position)]) -> Vec<Comment<'a>> {
    let mut comments = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut before = ' ';
        for (column, (at, character)) in (1..).zip(content.char_indices()) {
            let start = Position { line, column };
            let is_start = character == '#' && before.is_whitespace() && !is_in(spans, start);
            before = character;
            if !is_start {
                continue;
            }
            let (head, comment) = content.split_at(at);
            comments.push(Comment {
                text: comment.trim_end(),
                start,
                is_alone: head.trim().is_empty(),
            });
            break;
        }
    }
    comments
}

fn is_in(spans: &[(Position, Position)], place: Position) -> bool {
    let after = spans.partition_point(|(start, _)| *start <= place);
    after
        .checked_sub(1)
        .and_then(|last| spans.get(last))
        .is_some_and(|(_, end)| place < *end)
}

/// Writes the lines with the comments between and behind them. Where the source had blank lines, one
/// stays.
fn write(units: &[Unit], comments: &[Comment<'_>]) -> String {
    let mut output = Output::default();
    let mut comments = comments.iter().peekable();
    for (index, unit) in units.iter().enumerate() {
        let next = units.get(index + 1).map(|next| next.start);
        let mut trailing = None;
        let is_mine = |comment: &Comment<'_>| {
            next.is_none_or(|next| comment.start < next)
                && (comment.start < unit.end
                    || (comment.start.line == unit.end.line && !comment.is_alone))
        };
        while let Some(comment) = comments.next_if(|comment| is_mine(comment)) {
            let is_behind = comment.start >= unit.end && comment.start.line == unit.end.line;
            if is_behind && trailing.is_none() {
                trailing = Some(comment.text);
            } else if comment.start > unit.start {
                // It stood within what is one line now.
                output.inner(unit.indent, comment.text);
            } else {
                output.line(
                    unit.indent,
                    comment.text,
                    comment.start.line,
                    comment.start.line,
                );
            }
        }
        output.line(unit.indent, &unit.line, unit.start.line, unit.end.line);
        if let Some(comment) = trailing {
            output.append(comment);
        }
    }
    for comment in comments {
        output.line(0, comment.text, comment.start.line, comment.start.line);
    }
    output.text
}

/// The result so far, and up to which line of the source it has come.
#[derive(Debug, Default)]
struct Output {
    text: String,
    line: u32,
}

impl Output {
    /// Writes a line that stood at `first` to `last` of the source.
    fn line(&mut self, indent: usize, text: &str, first: u32, last: u32) {
        if !self.text.is_empty() && first > self.line + 1 {
            self.text.push('\n');
        }
        self.inner(indent, text);
        self.line = self.line.max(last);
    }

    /// Writes a line for which no line of the source is counted.
    fn inner(&mut self, indent: usize, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Writes a comment behind the last line.
    fn append(&mut self, comment: &str) {
        self.text.pop();
        self.text.push(' ');
        self.text.push_str(comment);
        self.text.push('\n');
    }
}
