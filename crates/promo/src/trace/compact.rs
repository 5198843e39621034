//! A trace as it is held once it was read: spans of requests with small numbers in place of names, so that a hundred
//! thousand of them take little.

use std::collections::BTreeMap;

use promo_core::ports::RequestClass;

/// Which host of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HostNumber(u32);

/// A request, or the body that came after one. Times are microseconds since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) host: HostNumber,
    /// None of a class that isn't known here.
    pub(super) class: Option<RequestClass>,
    /// When it began to wait.
    pub(super) asked: u64,
    /// When it went out.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) outcome: Outcome,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered.
    Status(u16),
    /// No answer came.
    Lost,
    /// It is a body, and came to its end.
    Whole,
    /// It is a body, and didn't.
    BrokeOff,
}

impl Outcome {
    /// Whether somebody who looks for trouble should see it.
    pub(super) fn is_trouble(self) -> bool {
        match self {
            Self::Status(status) => status == 429 || status >= 500,
            Self::Lost | Self::BrokeOff => true,
            Self::Whole => false,
        }
    }

    pub(super) fn is_body(self) -> bool {
        matches!(self, Self::Whole | Self::BrokeOff)
    }
}

/// Something that happened at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) host: HostNumber,
    pub(super) at: u64,
    pub(super) kind: MarkKind,
}

/// What it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MarkKind {
    /// A request is going to be repeated.
    Retry,
    /// The host asked for less.
    Throttled,
    /// Requests wait for it.
    Awaited,
    /// It is given up.
    GivenUp,
    /// It answers again.
    Back,
}

/// The names of hosts.
#[derive(Debug, Default)]
pub(super) struct Hosts(BTreeMap<String, HostNumber>);

impl Hosts {
    pub(super) fn number(&mut self, name: &str) -> HostNumber {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let number = HostNumber(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.insert(name.to_owned(), number);
        number
    }

    /// All of them, ordered by name.
    pub(super) fn ordered(&self) -> impl Iterator<Item = (&str, HostNumber)> {
        self.0.iter().map(|(name, number)| (name.as_str(), *number))
    }
}
