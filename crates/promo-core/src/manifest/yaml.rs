//! Reads YAML as a stream of nodes with their places, in one pass.
//!
//! A thin layer over the events: scalars are text in any style, and what could hide or multiply
//! entries (aliases, merges, tags, several documents) is found here. It knows nothing of promoter manifests.

mod findings;

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, ScalarStyle, Span};

use super::Position;
use super::events::{Events, Step, Trouble};
use super::finding::{FileFindings, quote};
use super::kinds::{DOCUMENTS, DUPLICATE_KEY, FURTHER_DOCUMENT, UNKNOWN_KEY, WRONG_TYPE};
use super::relaxed::Shifts;
use super::text::position;

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
    fn is_word_for_nothing(text: &str) -> bool {
        matches!(text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether YAML reads it as "nothing".
    pub(super) fn is_null(&self) -> bool {
        self.plain && Self::is_word_for_nothing(&self.text)
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

/// What stands next in a mapping.
enum Key<'a> {
    Entry(Scalar<'a>),
    /// So many mappings follow that are merged at this place.
    Merge(usize, Position),
}

/// What a text is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For what it says, as kpromo reads it: what an alias stands for is read in its place, tags of YAML and further
    /// documents are passed over, with a warning.
    Load,
    /// For how it is written: what isn't written where it counts is refused.
    Edit,
}

/// Reads the one document of a file.
pub(super) struct Reader<'a, 'f> {
    events: Events<'a>,
    purpose: Purpose,
    shifts: &'f Shifts,
    findings: &'f mut FileFindings,
    depth: usize,
    last: (Position, Position),
    /// A tag of YAML was passed over.
    has_tag: bool,
    /// Where the first merge key stands.
    merged_at: Option<Position>,
}

impl<'a, 'f> Reader<'a, 'f> {
    /// A reader of a text whose lines have been shifted so.
    pub(super) fn new(
        text: &'a str,
        shifts: &'f Shifts,
        purpose: Purpose,
        findings: &'f mut FileFindings,
    ) -> Self {
        Self {
            events: Events::new(text, purpose == Purpose::Load),
            purpose,
            shifts,
            findings,
            depth: 0,
            last: (position(1, 0), position(1, 0)),
            has_tag: false,
            merged_at: None,
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

    /// Reads up to the end of the document, behind which nothing should follow.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        if self.purpose == Purpose::Load {
            self.found_repeated();
            self.found_further();
            return Ok(());
        }
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    let message = "a second YAML document begins here".to_owned();
                    let place = self.place(span.start);
                    self.findings
                        .add(&DOCUMENTS, place, message, "one document per file");
                    return Err(Stop);
                }
            }
        }
    }

    /// Says where something stands behind the document, whatever it is.
    fn found_further(&mut self) {
        let place = loop {
            match self.events.next() {
                Ok((Event::StreamEnd, _)) | Err(Trouble::Repeated | Trouble::Merge) => return,
                Ok((Event::DocumentEnd | Event::Nothing, _)) => {}
                Ok((_, span)) => break span.start,
                Err(Trouble::Syntax(error)) => break *error.marker(),
            }
        };
        let message = "what stands from here on is not read".to_owned();
        let place = self.place(place);
        self.findings
            .add(&FURTHER_DOCUMENT, place, message, "one document per file");
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

    /// Reads the entries of a mapping that began. `each` gets a key and reads exactly one node. Entries that are merged
    /// come where the merge key stands.
    pub(super) fn entries(
        &mut self,
        mut each: impl FnMut(&mut Self, Scalar<'a>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.entries_of_one(&mut each)
    }

    fn entries_of_one(
        &mut self,
        each: &mut dyn FnMut(&mut Self, Scalar<'a>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while let Some(key) = self.key()? {
            match key {
                Key::Entry(key) => each(self, key)?,
                Key::Merge(mappings, place) => {
                    for _ in 0..mappings {
                        self.begin_merged(place)?;
                        self.entries_of_one(each)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the entries of a mapping whose keys are known. `each` gets the index of the key in `known`
    /// and reads exactly one node; unknown and duplicate keys are recorded and read past. A key that is merged and also
    /// stands there comes twice: kpromo takes both, one after the other.
    pub(super) fn fields(
        &mut self,
        known: &[&str],
        mut each: impl FnMut(&mut Self, usize, Position) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.fields_of_one(known, &mut each)
    }

    fn fields_of_one(
        &mut self,
        known: &[&str],
        each: &mut dyn FnMut(&mut Self, usize, Position) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut seen = 0_u32;
        while let Some(key) = self.key()? {
            let key = match key {
                Key::Entry(key) => key,
                Key::Merge(mappings, place) => {
                    for _ in 0..mappings {
                        self.begin_merged(place)?;
                        self.fields_of_one(known, each)?;
                    }
                    continue;
                }
            };
            let Some(index) = known.iter().position(|name| *name == key.text) else {
                let message = format!("the key {} is not known here", quote(&key.text));
                let expected = format!("one of {}", known.join(", "));
                self.findings
                    .add(&UNKNOWN_KEY, key.position, message, expected);
                self.skip_next()?;
                continue;
            };
            if seen & (1 << index) != 0 {
                self.duplicate(&key.text, key.position);
                self.skip_next()?;
                continue;
            }
            seen |= 1 << index;
            each(self, index, key.position)?;
        }
        Ok(())
    }

    /// The next key of the mapping that is being read; nothing at its end.
    fn key(&mut self) -> Result<Option<Key<'a>>, Stop> {
        while let Some(key) = self.next()? {
            match key {
                Node::Scalar(key) if key.plain && key.text == "<<" => {
                    let mappings = self.merge(key.position)?;
                    return Ok(Some(Key::Merge(mappings, key.position)));
                }
                Node::Scalar(key) => return Ok(Some(Key::Entry(key))),
                other => {
                    self.refuse(&other, "text as the key of a mapping")?;
                    self.skip_next()?;
                }
            }
        }
        Ok(None)
    }

    /// Records that a key stands twice in one mapping.
    pub(super) fn duplicate(&mut self, key: &str, position: Position) {
        let message = format!("the key {} stands here a second time", quote(key));
        self.findings
            .add(&DUPLICATE_KEY, position, message, "each key once");
    }

    /// Begins what a merge key at `place` asks for, and says how many mappings that is.
    fn merge(&mut self, place: Position) -> Result<usize, Stop> {
        if self.purpose == Purpose::Load {
            let mappings = self.events.merge();
            self.merged_at.get_or_insert(place);
            return mappings.map_err(|trouble| self.trouble(&trouble, place));
        }
        self.found_merge(place);
        self.skip_next().map(|()| 0)
    }

    fn begin_merged(&mut self, place: Position) -> Result<(), Stop> {
        match self.next()? {
            Some(Node::Map(_)) => Ok(()),
            _ => Err(self.trouble(&Trouble::Merge, place)),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Option<Node<'a>>, Stop> {
        let place = self.place(span.start);
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar {
                    text,
                    position: place,
                    plain: style == ScalarStyle::Plain,
                };
                (Node::Scalar(self.tagged(tag.as_deref(), scalar)), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.found_tag(tag.as_deref(), place);
                (Node::List(place), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.found_tag(tag.as_deref(), place);
                (Node::Map(place), anchor)
            }
            Event::Alias(_) => {
                self.found_anchor(place);
                return Ok(Some(Node::Refused));
            }
            _ => {
                self.depth = self.depth.saturating_sub(1);
                return Ok(None);
            }
        };
        if anchor > 0 && self.purpose == Purpose::Edit {
            self.found_anchor(place);
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

    fn event(&mut self) -> Result<Step<'a>, Stop> {
        match self.events.next() {
            Ok((event, span)) => {
                self.last = (self.place(span.start), self.place(span.end));
                Ok((event, span))
            }
            Err(trouble) => Err(self.trouble(&trouble, self.last.1)),
        }
    }

    /// The place in the text as it was written.
    fn place(&self, mark: Marker) -> Position {
        self.shifts.unshift(position(mark.line(), mark.col()))
    }
}
