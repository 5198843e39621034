//! What the YAML parser finds, in the order in which it is to be read: an alias is replaced by what it stands for, the
//! entries of a merge stand among those of their mapping. How much that may become is bounded.
//!
//! It knows nothing of findings: what can't be read is told to the reader.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScanError, Span, StrInput};

/// How much may be read again because of aliases: events, and the bytes of their texts.
const MAX_REPEATED: usize = 8 << 20;
/// What an event counts besides its text.
const EVENT: usize = 16;

/// An event and where it is written.
pub(super) type Step<'a> = (Event<'a>, Span);

/// Why there is no next event.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It isn't YAML.
    Syntax(ScanError),
    /// Aliases that stand here multiply too much.
    Repeated,
    /// What is to be merged here is no mapping, or a list of something else.
    Merge,
}

/// The events of one text.
pub(super) struct Events<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Whether aliases are replaced; else they are handed on.
    follows: bool,
    /// What is to be read before the parser goes on.
    ahead: VecDeque<Step<'a>>,
    anchors: BTreeMap<usize, Anchored<'a>>,
    repeated: usize,
    first_repeated: Option<Span>,
}

/// A node that has a name, as part of the largest such node that it is in.
struct Anchored<'a> {
    steps: Rc<[Step<'a>]>,
    range: Range<usize>,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str, follows: bool) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            follows,
            ahead: VecDeque::new(),
            anchors: BTreeMap::new(),
            repeated: 0,
            first_repeated: None,
        }
    }

    /// The next event; the end of the stream again and again.
    pub(super) fn next(&mut self) -> Result<Step<'a>, Trouble> {
        loop {
            let step = match self.ahead.pop_front() {
                Some(step) => step,
                None => self.parse()?,
            };
            match step {
                (Event::Alias(anchor), span) if self.follows => self.repeat(anchor, span)?,
                step => return Ok(step),
            }
        }
    }

    /// Where the first alias stood.
    pub(super) fn first_repeated(&self) -> Option<Span> {
        self.first_repeated
    }

    fn parse(&mut self) -> Result<Step<'a>, Trouble> {
        let first = self.parse_one()?;
        if !self.follows || anchor(&first.0) == 0 {
            return Ok(first);
        }
        let steps = whole(first, || self.parse_one())?;
        self.keep(&steps);
        let mut steps = steps.into_iter();
        let first = steps.next();
        self.ahead.extend(steps);
        Ok(first.unwrap_or((Event::Nothing, Span::default())))
    }

    fn parse_one(&mut self) -> Result<Step<'a>, Trouble> {
        match self.parser.next_event() {
            Some(step) => step.map_err(Trouble::Syntax),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Keeps a node and all named ones in it.
    fn keep(&mut self, steps: &[Step<'a>]) {
        let steps: Rc<[Step<'a>]> = steps.into();
        let mut open = Vec::new();
        for (index, (event, _)) in steps.iter().enumerate() {
            let begun = match depth(event) {
                1 => {
                    open.push((index, anchor(event)));
                    continue;
                }
                -1 => open.pop(),
                _ => Some((index, anchor(event))),
            };
            if let Some((start, anchor @ 1..)) = begun {
                let steps = Rc::clone(&steps);
                let range = start..index + 1;
                self.anchors.insert(anchor, Anchored { steps, range });
            }
        }
    }

    /// Puts what an alias stands for ahead.
    fn repeat(&mut self, anchor: usize, span: Span) -> Result<(), Trouble> {
        self.first_repeated.get_or_insert(span);
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(Trouble::Repeated);
        };
        let steps = anchored.steps.get(anchored.range.clone());
        let steps = steps.unwrap_or_default();
        self.repeated += steps.iter().map(|(event, _)| size(event)).sum::<usize>();
        if self.repeated > MAX_REPEATED {
            return Err(Trouble::Repeated);
        }
        for step in steps.iter().rev() {
            self.ahead.push_front(step.clone());
        }
        Ok(())
    }

    /// Reads the value of a merge key and puts its entries among those that follow in the mapping. What stands
    /// there as text behind the merge key replaces the merged entry; that of anything else is found to be there twice.
    pub(super) fn merge(&mut self) -> Result<(), Trouble> {
        let value = self.node()?;
        let rest = self.rest_of_mapping()?;
        // Each merge reads on to the end of its mapping: many of them in one would take for ever.
        self.repeated += EVENT * rest.len();
        if self.repeated > MAX_REPEATED {
            return Err(Trouble::Repeated);
        }
        let replaced = entries(&rest)
            .filter(Entry::is_text)
            .filter_map(|entry| entry.key.clone())
            .collect();
        let merged = merged(&value, replaced).ok_or(Trouble::Merge)?;
        for step in merged.into_iter().chain(rest).rev() {
            self.ahead.push_front(step);
        }
        Ok(())
    }

    /// The next node, with everything in it.
    fn node(&mut self) -> Result<Vec<Step<'a>>, Trouble> {
        let first = self.next()?;
        whole(first, || self.next())
    }

    /// All up to the end of the mapping that is being read.
    fn rest_of_mapping(&mut self) -> Result<Vec<Step<'a>>, Trouble> {
        let mut steps = Vec::new();
        loop {
            let mut node = self.node()?;
            let is_end = node.first().is_none_or(|(event, _)| depth(event) < 0)
                || node.last().is_some_and(|(event, _)| is_over(event));
            steps.append(&mut node);
            if is_end {
                return Ok(steps);
            }
        }
    }
}

/// An entry of a mapping as it was read.
struct Entry<'s, 'a> {
    /// Its key, if that is a text.
    key: Option<String>,
    steps: &'s [Step<'a>],
}

impl Entry<'_, '_> {
    /// Whether its value is a text.
    fn is_text(&self) -> bool {
        self.steps.len() == 2
    }
}

/// The entries of a mapping of which `steps` are the inside.
fn entries<'s, 'a>(mut steps: &'s [Step<'a>]) -> impl Iterator<Item = Entry<'s, 'a>> {
    std::iter::from_fn(move || {
        let key_length = node_length(steps)?;
        let value_length = node_length(steps.get(key_length..)?)?;
        let (entry, rest) = steps.split_at_checked(key_length + value_length)?;
        steps = rest;
        let key = match entry.first() {
            Some((Event::Scalar(text, ..), _)) => Some(text.to_string()),
            _ => None,
        };
        Some(Entry { key, steps: entry })
    })
}

/// How many events the node has that begins here; nothing if none does.
fn node_length(steps: &[Step<'_>]) -> Option<usize> {
    let mut open = 0_usize;
    for (index, (event, _)) in steps.iter().enumerate() {
        open = open.checked_add_signed(depth(event))?;
        if open == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// The entries of a mapping, or of a list of mappings of which the first that has a key counts; without those that are
/// replaced.
fn merged<'a>(value: &[Step<'a>], replaced: BTreeSet<String>) -> Option<Vec<Step<'a>>> {
    let inside = value.get(1..value.len().checked_sub(1)?)?;
    let mut taken = replaced;
    let mut steps = Vec::new();
    match &value.first()?.0 {
        Event::MappingStart(..) => take(inside, &mut taken, &mut steps),
        Event::SequenceStart(..) => {
            let mut rest = inside;
            while let Some(length) = node_length(rest) {
                let (mapping, behind) = rest.split_at_checked(length)?;
                rest = behind;
                if !matches!(mapping.first()?.0, Event::MappingStart(..)) {
                    return None;
                }
                let inside = mapping.get(1..length.checked_sub(1)?)?;
                take(inside, &mut taken, &mut steps);
            }
        }
        _ => return None,
    }
    Some(steps)
}

/// Takes the entries of a mapping whose keys were not taken yet. A key that stands in it twice stays there twice.
fn take<'a>(inside: &[Step<'a>], taken: &mut BTreeSet<String>, steps: &mut Vec<Step<'a>>) {
    let mut here = Vec::new();
    for entry in entries(inside) {
        match entry.key {
            Some(key) if taken.contains(&key) => continue,
            key => here.extend(key),
        }
        steps.extend_from_slice(entry.steps);
    }
    taken.extend(here);
}

/// A node that begins with `first`; `next` brings what is in it.
fn whole<'a>(
    first: Step<'a>,
    mut next: impl FnMut() -> Result<Step<'a>, Trouble>,
) -> Result<Vec<Step<'a>>, Trouble> {
    let mut open = depth(&first.0);
    let mut steps = vec![first];
    while open > 0 {
        let step = next()?;
        open += depth(&step.0);
        let is_over = is_over(&step.0);
        steps.push(step);
        if is_over {
            break;
        }
    }
    Ok(steps)
}

fn is_over(event: &Event<'_>) -> bool {
    matches!(event, Event::DocumentEnd | Event::StreamEnd)
}

/// How much deeper an event leads.
fn depth(event: &Event<'_>) -> isize {
    match event {
        Event::SequenceStart(..) | Event::MappingStart(..) => 1,
        Event::SequenceEnd | Event::MappingEnd => -1,
        _ => 0,
    }
}

fn anchor(event: &Event<'_>) -> usize {
    match event {
        Event::Scalar(_, _, anchor, _)
        | Event::SequenceStart(anchor, _)
        | Event::MappingStart(anchor, _) => *anchor,
        _ => 0,
    }
}

/// What an event counts when it is read again.
fn size(event: &Event<'_>) -> usize {
    match event {
        Event::Scalar(text, ..) => EVENT + text.len(),
        _ => EVENT,
    }
}
