//! The layouts that kpromo's parser takes and ours doesn't, laid out so that ours does.
//!
//! Strictly, YAML 1.2 wants whatever stands in brackets or quotes further in than what holds it, blanks before a comment,
//! and no tab in certain places; libyaml and its relatives don't ask for that, and editors write closing brackets under
//! their key. A text that was refused is scanned here, blanks are put in where they say nothing, quotes around a text that
//! is one only to libyaml (`[-, a:]`), and it is parsed once more. What isn't plain at once (texts in blocks, what isn't
//! closed) is left alone: the text stays refused.

mod put_in;

pub(super) use self::put_in::Shifts;

/// The most bytes of a text that was laid out anew.
const MAX_LENGTH: usize = 64 << 20;

/// A text laid out anew.
#[derive(Debug)]
pub(super) struct Relaxed {
    pub(super) text: String,
    pub(super) shifts: Shifts,
    /// Without it, the text would say something else than it does to kpromo.
    pub(super) is_needed: bool,
}

/// The text can't be laid out anew for sure.
#[derive(Debug)]
pub(super) struct Unsure;

/// Lays a text out anew; nothing if that changes nothing.
pub(super) fn relax(text: &str) -> Result<Option<Relaxed>, Unsure> {
    let mut scan = Scan::new(text);
    while let Some(byte) = scan.byte().filter(|_| scan.root != Root::Over) {
        scan.step(byte).ok_or(Unsure)?;
    }
    if scan.depth > 0 {
        return Err(Unsure);
    }
    let is_changed = scan.copied > 0;
    Ok(is_changed.then(|| scan.finish()))
}

/// Where a colon stands right before what ends an entry in brackets: to YAML 1.2 it stands behind a key, to libyaml it is
/// the end of a text. In quotes and comments it is neither.
pub(super) fn odd_colon(text: &str) -> Option<usize> {
    let behind = |at: &usize| text.as_bytes().get(at + 1).copied();
    let colons = text.match_indices(':').map(|(at, _)| at);
    colons
        .into_iter()
        .find(|at| matches!(behind(at), Some(b',' | b']' | b'}')))
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

/// How far the document and its one value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// Only comments so far.
    Unseen,
    /// `---` stood there.
    Announced,
    InBrackets,
    /// It was in brackets, which are closed.
    Closed,
    Other,
    /// The rest is not read.
    Over,
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
    /// Where the text without quotes began.
    plain_start: usize,
    root: Root,
    is_needed: bool,
    /// How many columns to put in before a line that is within the outermost of them.
    indent: usize,
    out: String,
    /// How much of the text is in `out`.
    copied: usize,
    shifts: Vec<(u32, u32, u32)>,
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
            plain_start: 0,
            root: Root::Unseen,
            is_needed: false,
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
            is_needed: self.is_needed,
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

    /// Whether an entry in brackets ends `ahead` bytes further on.
    fn is_end_of_entry(&self, ahead: usize) -> bool {
        let byte = self.bytes.get(self.at + ahead);
        self.depth > 0 && matches!(byte, Some(b',' | b']' | b'}'))
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
        match (self.root, byte) {
            (Root::Unseen | Root::Announced, b'[' | b'{') => self.root = Root::InBrackets,
            (Root::Unseen | Root::Announced, _) => self.root = Root::Other,
            // It is the key of a mapping.
            (Root::Closed, b':') => return None,
            (Root::Closed, _) => return self.end_root(),
            _ => {}
        }
        let may_continue = std::mem::take(&mut self.may_continue);
        match (byte, self.state) {
            (b',', _) if self.depth > 0 => self.pass_to(State::Start),
            (b']' | b'}', _) if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 && self.root == Root::InBrackets {
                    self.root = Root::Closed;
                }
                self.pass_to(State::Ended);
            }
            (b':', State::Plain) if self.is_end_of_entry(1) => {
                self.is_needed = true;
                self.at += 1;
                self.put_in_quotes(self.plain_start)?;
            }
            (b'-', State::Start) if self.is_end_of_entry(1) => {
                let start = self.at;
                self.at += 1;
                self.put_in_quotes(start)?;
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
            (_, State::Start) => {
                self.plain_start = self.at;
                self.pass_to(State::Plain);
            }
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
        let is_end = self.byte() == Some(b'.');
        if self.byte() == Some(b'%') {
            self.pass_line();
        } else if self.root != Root::Unseen {
            self.end_document(is_end);
        } else if is_end {
            return None;
        } else {
            self.root = Root::Announced;
            self.at += 3;
        }
        self.state = State::Start;
        self.may_continue = false;
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
        self.at - self.line_start + self.shift() as usize
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
        self.shifts
            .push((self.line, 1, u32::try_from(indent).ok()?));
        Some(())
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
