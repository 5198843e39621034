//! What the YAML parser finds, in the order in which it is to be read: an alias is replaced by what it stands for, the
//! mappings of a merge key stand in the order that kpromo reads them in. How much that may become is bounded.
//!
//! It knows nothing of findings: what can't be read is told to the reader.

use std::collections::{BTreeMap, VecDeque};
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

    /// Begins with the value of a merge key: the mappings that stand next are to be read as part of the one that is being
    /// read. Of a list the first that has a key counts, so the last is read first. Returns how many there are.
    pub(super) fn merge(&mut self) -> Result<usize, Trouble> {
        let first = self.next()?;
        match &first.0 {
            Event::MappingStart(..) => {
                self.ahead.push_front(first);
                Ok(1)
            }
            Event::SequenceStart(..) => {
                let steps = whole(first, || self.next())?;
                // Lists in lists are read again and again.
                self.repeated += EVENT * steps.len();
                if self.repeated > MAX_REPEATED {
                    return Err(Trouble::Repeated);
                }
                self.reverse(&steps).ok_or(Trouble::Merge)
            }
            _ => Err(Trouble::Merge),
        }
    }

    /// Puts the mappings of a list ahead, the last of them first.
    fn reverse(&mut self, list: &[Step<'a>]) -> Option<usize> {
        let mut rest = list.get(1..list.len().checked_sub(1)?)?;
        let mut count = 0;
        while let Some((first, _)) = rest.first() {
            let length = node_length(rest)?;
            let (mapping, behind) = rest.split_at_checked(length)?;
            if !matches!(first, Event::MappingStart(..)) {
                return None;
            }
            for step in mapping.iter().rev() {
                self.ahead.push_front(step.clone());
            }
            rest = behind;
            count += 1;
        }
        Some(count)
    }
}

/// How many events the node has that begins here; nothing if it doesn't end.
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
