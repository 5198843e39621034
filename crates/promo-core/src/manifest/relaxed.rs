//! The layouts that kpromo's parser takes and ours doesn't, laid out so that ours does.
//!
//! Strictly, YAML 1.2 wants whatever stands in brackets or quotes further in than what holds it, blanks before a comment,
//! and no tab in certain places; libyaml and its relatives don't ask for that, and editors write closing brackets under
//! their key. A text that was refused is scanned here, blanks are put in where they say nothing, and it is parsed
//! once more. What isn't plain at once (texts in blocks, what isn't closed) is left alone: the text stays refused.

use super::Position;

/// The most bytes of a text that was laid out anew.
const MAX_LENGTH: usize = 64 << 20;

/// A text laid out anew.
#[derive(Debug)]
pub(super) struct Relaxed {
    pub(super) text: String,
    pub(super) shifts: Shifts,
}

/// How many columns were put in at the beginning of which lines, ordered by line.
#[derive(Debug, Default)]
pub(super) struct Shifts(Vec<(u32, u32)>);

impl Shifts {
    /// The place in the text as it was written.
    pub(super) fn unshift(&self, place: Position) -> Position {
        let Ok(index) = self.0.binary_search_by_key(&place.line, |(line, _)| *line) else {
            return place;
        };
        let columns = self.0.get(index).map_or(0, |(_, columns)| *columns);
        let column = place.column.saturating_sub(columns).max(1);
        Position { column, ..place }
    }
}

/// Lays a text out anew; nothing if that can't be done for sure, or changes nothing.
pub(super) fn relax(text: &str) -> Option<Relaxed> {
    let mut scan = Scan::new(text);
    while let Some(byte) = scan.byte() {
        scan.step(byte)?;
    }
    let is_changed = scan.copied > 0;
    (is_changed && scan.depth == 0).then(|| scan.finish())
}

/// What may stand next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value or key may begin.
    Start,
    /// Within a text without quotes.
    Plain,
    /// Something in quotes or brackets has ended.
    Ended,
}

#[derive(Debug)]
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    /// Only blanks stand before this place on its line.
    is_first: bool,
    /// The line before this one ended within a text without quotes, which may go on here.
    may_continue: bool,
    state: State,
    /// How many brackets and braces are open.
    depth: usize,
    /// How many columns to put in before a line that is within the outermost of them.
    indent: usize,
    out: String,
    /// How much of the text is in `out`.
    copied: usize,
    shifts: Vec<(u32, u32)>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: 1,
            line_start: 0,
            is_first: true,
            may_continue: false,
            state: State::Start,
            depth: 0,
            indent: 0,
            out: String::new(),
            copied: 0,
            shifts: Vec::new(),
        }
    }

    fn finish(mut self) -> Relaxed {
        self.copy_to(self.text.len());
        Relaxed {
            text: self.out,
            shifts: Shifts(self.shifts),
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether nothing, a blank or the end of the line stands `ahead` bytes further on.
    fn is_blank(&self, ahead: usize) -> bool {
        let byte = self.bytes.get(self.at + ahead);
        byte.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    }

    fn is_flow_end(&self, ahead: usize) -> bool {
        let byte = self.bytes.get(self.at + ahead);
        self.depth > 0 && byte.is_some_and(|byte| matches!(byte, b',' | b'[' | b']' | b'{' | b'}'))
    }

    fn step(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'\n' => self.end_line()?,
            // Alone it ends a line to YAML, and not to us.
            b'\r' if self.bytes.get(self.at + 1) != Some(&b'\n') => return None,
            b' ' | b'\r' => self.at += 1,
            b'\t' => self.tab()?,
            b'#' if self.begins_comment() => self.comment()?,
            _ => {
                self.token(byte)?;
                self.is_first = false;
            }
        }
        Some(())
    }

    fn token(&mut self, byte: u8) -> Option<()> {
        if self.at == self.line_start && self.is_marker() {
            return self.marker();
        }
        let may_continue = std::mem::take(&mut self.may_continue);
        match (byte, self.state) {
            (b',', _) if self.depth > 0 => self.pass_to(State::Start),
            (b']' | b'}', _) if self.depth > 0 => {
                self.depth -= 1;
                self.pass_to(State::Ended);
            }
            (b':', _) if self.ends_key() => self.pass_to(State::Start),
            (b'[' | b'{', State::Start) if !may_continue => self.open(),
            (b'[' | b'{', State::Start) => return None,
            (b'[' | b'{', State::Plain) if self.depth > 0 => return None,
            (b'"' | b'\'', State::Start) => self.quoted(byte, may_continue)?,
            (b'|' | b'>', State::Start) if self.depth == 0 => return None,
            (b'-' | b'?', State::Start) if self.is_blank(1) => self.at += 1,
            (b'&' | b'*' | b'!', State::Start) if !may_continue => {
                while !self.is_blank(0) && !self.is_flow_end(0) {
                    self.at += 1;
                }
            }
            (_, State::Start) => self.pass_to(State::Plain),
            _ => self.at += 1,
        }
        Some(())
    }

    fn pass_to(&mut self, state: State) {
        self.state = state;
        self.at += 1;
    }

    /// Whether the colon here stands behind a key. In brackets one behind quotes needs no blank.
    fn ends_key(&self) -> bool {
        self.is_blank(1) || self.is_flow_end(1) || (self.depth > 0 && self.state == State::Ended)
    }

    fn is_marker(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.starts_with(b"%")
            || (rest.starts_with(b"---") || rest.starts_with(b"...")) && self.is_blank(3)
    }

    /// A directive, or the beginning or end of a document.
    fn marker(&mut self) -> Option<()> {
        let is_directive = self.byte() == Some(b'%');
        self.state = State::Start;
        self.may_continue = false;
        if is_directive {
            self.pass_line();
        } else {
            self.at += 3;
        }
        (self.depth == 0).then_some(())
    }

    fn open(&mut self) {
        if self.depth == 0 {
            self.indent = self.column() + 1;
        }
        self.depth += 1;
        self.state = State::Start;
        self.at += 1;
    }

    /// The column, at least: a character may have several bytes.
    fn column(&self) -> usize {
        let shift = self.shifts.last().filter(|(line, _)| *line == self.line);
        self.at - self.line_start + shift.map_or(0, |(_, columns)| *columns as usize)
    }

    /// Passes a text in quotes, which may have several lines.
    fn quoted(&mut self, quote: u8, may_continue: bool) -> Option<()> {
        let first_line = self.line;
        let indent = match self.depth {
            0 => self.column() + 1,
            _ => self.indent,
        };
        self.at += 1;
        loop {
            let byte = self.byte()?;
            self.at += 1;
            match byte {
                b'\n' => self.begin_line(indent)?,
                b'\r' if self.byte() != Some(b'\n') => return None,
                b'\\' if quote == b'"' && self.byte() != Some(b'\n') => self.at += 1,
                _ if byte == quote && quote == b'\'' && self.byte() == Some(b'\'') => self.at += 1,
                _ if byte == quote => break,
                _ => {}
            }
        }
        self.state = State::Ended;
        // What looks like a text in quotes may be the rest of one without: not if it is a key.
        let is_key = self.line == first_line && self.byte() == Some(b':') && self.is_blank(1);
        (!may_continue || is_key).then_some(())
    }

    fn end_line(&mut self) -> Option<()> {
        self.at += 1;
        if self.depth > 0 {
            return self.begin_line(self.indent);
        }
        self.may_continue |= self.state == State::Plain;
        self.state = State::Start;
        self.begin_line(0)
    }

    /// Begins a line, with so many columns put in.
    fn begin_line(&mut self, indent: usize) -> Option<()> {
        self.line = self.line.checked_add(1)?;
        self.line_start = self.at;
        self.is_first = true;
        let is_empty = self.byte().is_none_or(|byte| matches!(byte, b'\r' | b'\n'));
        if indent == 0 || is_empty {
            return Some(());
        }
        if self.is_marker() {
            return None;
        }
        self.put_in(indent)?;
        self.shifts.push((self.line, u32::try_from(indent).ok()?));
        Some(())
    }

    /// Puts blanks in here.
    fn put_in(&mut self, blanks: usize) -> Option<()> {
        self.copy_to(self.at);
        if self.out.len() + self.text.len() + blanks > MAX_LENGTH {
            return None;
        }
        self.out.extend(std::iter::repeat_n(' ', blanks));
        Some(())
    }

    fn copy_to(&mut self, end: usize) {
        let part = self.text.get(self.copied..end).unwrap_or_default();
        self.out.push_str(part);
        self.copied = end;
    }

    /// A tab is a blank, but not where it would indent.
    fn tab(&mut self) -> Option<()> {
        if self.depth > 0 || !self.is_first {
            self.put_in(1)?;
            self.copied = self.at + 1;
        }
        self.at += 1;
        Some(())
    }

    fn begins_comment(&self) -> bool {
        self.is_blank_before() || self.state != State::Plain
    }

    fn comment(&mut self) -> Option<()> {
        if !self.is_blank_before() {
            self.put_in(1)?;
        }
        self.pass_line();
        Some(())
    }

    fn is_blank_before(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.bytes.get(at));
        before.is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n'))
    }

    fn pass_line(&mut self) {
        while self.byte().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }
}
