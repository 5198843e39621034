//! Reads YAML as a stream of nodes with their places, in one pass.
//!
//! A thin layer over the event parser: scalars are text in any style, and what could hide or multiply
//! entries (anchors, aliases, merges, tags, several documents) is found and refused here. It knows
//! nothing of promoter manifests.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::Position;
use super::finding::{FileFindings, clip, quote};
use super::kinds::{
    ANCHOR, DOCUMENTS, DUPLICATE_KEY, MERGE, NOT_UTF8, SYNTAX, TOO_DEEP, UNKNOWN_KEY, WRONG_TYPE,
    YAML_TAG,
};

/// How deeply lists and mappings may be nested.
const MAX_DEPTH: usize = 16;

/// The rest of the file can't be read; the finding that says why is recorded.
#[derive(Debug)]
pub(super) struct Stop;

/// A scalar: text as it stands, quotes and escapes resolved.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) position: Position,
    /// Written without quotes.
    pub(super) plain: bool,
}

impl Scalar<'_> {
    /// Whether YAML reads it as "nothing".
    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

/// A node, or the beginning of one: what is in a list or mapping follows.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Scalar(Scalar<'a>),
    List(Position),
    Map(Position),
    /// An alias; its finding is recorded.
    Refused,
}

/// Checks that bytes are text that YAML allows, and takes off a byte order mark.
pub(super) fn decode<'a>(bytes: &'a [u8], findings: &mut FileFindings) -> Option<&'a str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            findings.add(
                &NOT_UTF8,
                position_after(bytes.get(..error.valid_up_to()).unwrap_or_default()),
                "the bytes here are not UTF-8".to_owned(),
                "UTF-8 text",
            );
            return None;
        }
    };
    if let Some(at) = first_control(bytes) {
        findings.add(
            &SYNTAX,
            position_after(bytes.get(..at).unwrap_or_default()),
            "a control character stands here".to_owned(),
            "printable text",
        );
        return None;
    }
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Where the first control character is that YAML doesn't allow. The scanner takes a zero byte for the end of the file.
fn first_control(bytes: &[u8]) -> Option<usize> {
    const AT_ONCE: usize = 64;
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11 | 12 | 14..=31 | 127);
    // Looking at all bytes of a chunk, without a way out, is what processors do many at a time.
    let mut chunks = bytes.chunks(AT_ONCE);
    let bad =
        chunks.position(|chunk| chunk.iter().fold(false, |bad, byte| bad | is_control(byte)))?;
    let start = bad * AT_ONCE;
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().position(is_control).map(|at| start + at)
}

/// The place behind `bytes`, which are UTF-8.
fn position_after(bytes: &[u8]) -> Position {
    let line_start = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let last = bytes.get(line_start..).unwrap_or_default();
    let characters = last.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    position(lines, characters)
}

/// A place by its line, from 1, and its column, from 0.
fn position(line: usize, column: usize) -> Position {
    Position {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
    }
}

/// Reads the one document of a file.
pub(super) struct Reader<'a, 'f> {
    parser: Parser<'a, StrInput<'a>>,
    findings: &'f mut FileFindings,
    depth: usize,
    last: (Position, Position),
}

impl<'a, 'f> Reader<'a, 'f> {
    pub(super) fn new(text: &'a str, findings: &'f mut FileFindings) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            findings,
            depth: 0,
            last: (position(1, 0), position(1, 0)),
        }
    }

    /// Where what was read last begins, and the place behind it.
    pub(super) fn last(&self) -> (Position, Position) {
        self.last
    }

    pub(super) fn findings(&mut self) -> &mut FileFindings {
        self.findings
    }

    /// The first node of the document; nothing if the file has only comments and blanks.
    pub(super) fn root(&mut self) -> Result<Option<Node<'a>>, Stop> {
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (event, span) => return self.node(event, span),
            }
        }
    }

    /// Reads up to the end of the file, where nothing may follow the document.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    self.findings.add(
                        &DOCUMENTS,
                        position(span.start.line(), span.start.col()),
                        "a second YAML document begins here".to_owned(),
                        "one document per file",
                    );
                    return Err(Stop);
                }
            }
        }
    }

    /// The next node of the list or mapping that is being read; nothing at its end.
    pub(super) fn next(&mut self) -> Result<Option<Node<'a>>, Stop> {
        let (event, span) = self.event()?;
        self.node(event, span)
    }

    /// Reads past the rest of a node that began.
    pub(super) fn skip(&mut self, node: &Node<'_>) -> Result<(), Stop> {
        if !matches!(node, Node::List(_) | Node::Map(_)) {
            return Ok(());
        }
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                None => open -= 1,
                Some(Node::List(_) | Node::Map(_)) => open += 1,
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Reads past the next node.
    pub(super) fn skip_next(&mut self) -> Result<(), Stop> {
        match self.next()? {
            Some(node) => self.skip(&node),
            None => Ok(()),
        }
    }

    /// Records that `node` is not what is expected, and reads past it.
    pub(super) fn refuse(&mut self, node: &Node<'_>, expected: &str) -> Result<(), Stop> {
        let (position, message) = match node {
            Node::Scalar(scalar) if scalar.is_null() => {
                (scalar.position, "nothing stands here".to_owned())
            }
            Node::Scalar(scalar) => {
                let message = format!("the text {} stands here", quote(&scalar.text));
                (scalar.position, message)
            }
            Node::List(position) => (*position, "a list stands here".to_owned()),
            Node::Map(position) => (*position, "a mapping stands here".to_owned()),
            Node::Refused => return Ok(()),
        };
        self.findings.add(&WRONG_TYPE, position, message, expected);
        self.skip(node)
    }

    /// Reads the entries of a mapping that began. `each` gets a key and reads exactly one node.
    pub(super) fn entries(
        &mut self,
        mut each: impl FnMut(&mut Self, Scalar<'a>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while let Some(key) = self.next()? {
            match key {
                Node::Scalar(key) if key.plain && key.text == "<<" => {
                    self.findings.add(
                        &MERGE,
                        key.position,
                        "a merge key stands here".to_owned(),
                        "the entries themselves",
                    );
                    self.skip_next()?;
                }
                Node::Scalar(key) => each(self, key)?,
                other => {
                    self.refuse(&other, "text as the key of a mapping")?;
                    self.skip_next()?;
                }
            }
        }
        Ok(())
    }

    /// Reads the entries of a mapping whose keys are known. `each` gets the index of the key in `known`
    /// and reads exactly one node; unknown and duplicate keys are recorded and read past.
    pub(super) fn fields(
        &mut self,
        known: &[&str],
        mut each: impl FnMut(&mut Self, usize, Position) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut seen = 0_u32;
        self.entries(|reader, key| {
            let Some(index) = known.iter().position(|name| *name == key.text) else {
                let message = format!("the key {} is not known here", quote(&key.text));
                let expected = format!("one of {}", known.join(", "));
                reader
                    .findings
                    .add(&UNKNOWN_KEY, key.position, message, expected);
                return reader.skip_next();
            };
            if seen & (1 << index) != 0 {
                reader.duplicate(&key.text, key.position);
                return reader.skip_next();
            }
            seen |= 1 << index;
            each(reader, index, key.position)
        })
    }

    /// Records that a key stands twice in one mapping.
    pub(super) fn duplicate(&mut self, key: &str, position: Position) {
        let message = format!("the key {} stands here a second time", quote(key));
        self.findings
            .add(&DUPLICATE_KEY, position, message, "each key once");
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Option<Node<'a>>, Stop> {
        let place = position(span.start.line(), span.start.col());
        let (node, anchor, tagged) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar {
                    text,
                    position: place,
                    plain: style == ScalarStyle::Plain,
                };
                (Node::Scalar(scalar), anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => (Node::List(place), anchor, tag.is_some()),
            Event::MappingStart(anchor, tag) => (Node::Map(place), anchor, tag.is_some()),
            Event::Alias(_) => {
                self.found_anchor(place);
                return Ok(Some(Node::Refused));
            }
            _ => {
                self.depth = self.depth.saturating_sub(1);
                return Ok(None);
            }
        };
        if anchor > 0 {
            self.found_anchor(place);
        }
        if tagged {
            let message = "a YAML tag stands here".to_owned();
            self.findings
                .add(&YAML_TAG, place, message, "the value without a tag");
        }
        if matches!(node, Node::List(_) | Node::Map(_)) {
            self.enter(place)?;
        }
        Ok(Some(node))
    }

    fn enter(&mut self, place: Position) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        self.found_too_deep(place);
        Err(Stop)
    }

    fn found_too_deep(&mut self, place: Position) {
        let message = format!("lists and mappings are nested more than {MAX_DEPTH} deep");
        self.findings
            .add(&TOO_DEEP, place, message, "a promoter manifest");
    }

    fn found_anchor(&mut self, place: Position) {
        self.findings.add(
            &ANCHOR,
            place,
            "a YAML anchor or alias stands here".to_owned(),
            "the value itself",
        );
    }

    fn event(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let place = |mark: Marker| position(mark.line(), mark.col());
                self.last = (place(span.start), place(span.end));
                Ok((event, span))
            }
            Some(Err(error)) => {
                self.syntax(&error);
                Err(Stop)
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let place = position(error.marker().line(), error.marker().col());
        // The scanner refuses an alias whose anchor it has not seen.
        if error.info().contains("unknown anchor") {
            return self.found_anchor(place);
        }
        // It also refuses to go on in lists that are nested far deeper than we would.
        if error.info().contains("recursion limit") {
            return self.found_too_deep(place);
        }
        let message = format!("this is not YAML: {}", clip(error.info(), 200));
        self.findings
            .add(&SYNTAX, place, message, "well-formed YAML");
    }
}
