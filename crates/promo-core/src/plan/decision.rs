//! Decisions in a few bytes, and how a plan keeps them: one for all edges of an entry, and exceptions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::flat_manifests::Slot;
use super::index::count;
use super::{Verdict, codes};
use crate::Code;
use crate::ports::FailureKind;

/// What was decided about an edge. Digests and causes are indexes into lists of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Decision {
    /// Not asked for: the edge is not part of the plan.
    Unselected,
    Present,
    Promote,
    /// An allowed move of a tag.
    Move {
        from: u32,
        digest_present: bool,
    },
    Finish,
    Wanted,
    /// The slot that is kept.
    Redundant(Slot),
    Lost,
    TagMove {
        from: u32,
    },
    Conflict(u32),
    Undecided(Doubt),
    /// What a saved plan or a check said, by its index.
    Stated {
        verdict: Verdict,
        statement: u32,
    },
}

/// A verdict whose reason is given as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) code: Code,
    pub(super) reason: String,
}

/// Why an edge could not be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Doubt {
    DestinationUnreadable { cause: u32 },
    TagUnknown,
    DigestUnknown,
    SourceUnreadable { cause: u32 },
    SourceUnknown,
}

/// Why a repository could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Cause {
    pub(super) kind: Option<FailureKind>,
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) hints: Vec<String>,
}

impl Decision {
    /// The verdict; none if the edge is not part of the plan.
    pub(super) fn verdict(self) -> Option<Verdict> {
        Some(match self {
            Self::Unselected => return None,
            Self::Present => Verdict::Present,
            Self::Promote | Self::Move { .. } => Verdict::Promote,
            Self::Finish => Verdict::Finish,
            Self::Wanted => Verdict::Wanted,
            Self::Redundant(_) => Verdict::Redundant,
            Self::Lost => Verdict::Lost,
            Self::TagMove { .. } => Verdict::TagMove,
            Self::Conflict(_) => Verdict::Conflict,
            Self::Undecided(_) => Verdict::Undecided,
            Self::Stated { verdict, .. } => verdict,
        })
    }

    /// The code of the verdict and its reason; none if it is stated.
    pub(super) fn code(self) -> Option<Code> {
        Some(match self {
            Self::Unselected | Self::Wanted => codes::WANTED,
            Self::Present => codes::PRESENT,
            Self::Promote => codes::PROMOTE,
            Self::Move { .. } => codes::ALLOWED_MOVE,
            Self::Finish => codes::FINISH,
            Self::Redundant(_) => codes::REDUNDANT,
            Self::Lost => codes::LOST,
            Self::TagMove { .. } => codes::TAG_MOVE,
            Self::Conflict(_) => codes::CONFLICT,
            Self::Undecided(doubt) => doubt.code(),
            Self::Stated { .. } => return None,
        })
    }

    /// Whether the destination is known to hold the digest.
    pub(super) fn digest_present(self) -> bool {
        matches!(
            self,
            Self::Present
                | Self::Finish
                | Self::Move {
                    digest_present: true,
                    ..
                }
        )
    }
}

impl Doubt {
    fn code(self) -> Code {
        match self {
            Self::DestinationUnreadable { .. } => codes::DESTINATION_UNREADABLE,
            Self::TagUnknown => codes::TAG_UNKNOWN,
            Self::DigestUnknown => codes::DIGEST_UNKNOWN,
            Self::SourceUnreadable { .. } => codes::SOURCE_UNREADABLE,
            Self::SourceUnknown => codes::SOURCE_UNKNOWN,
        }
    }
}

/// The decisions about all edges, entry by entry.
#[derive(Debug, Clone, Default)]
pub(super) struct Decisions {
    entries: Vec<EntryDecisions>,
    /// Of one entry after the other, each ordered by slot and destination.
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, Copy)]
struct EntryDecisions {
    usual: Decision,
    end: u32,
}

/// An edge that was decided otherwise than most of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Exception {
    pub(super) slot: u32,
    pub(super) destination: u32,
    pub(super) decision: Decision,
}

impl Decisions {
    /// Adds the decisions of the next entry: one for all, and the exceptions from it in their order.
    pub(super) fn push(
        &mut self,
        usual: Decision,
        exceptions: impl IntoIterator<Item = Exception>,
    ) {
        let others = exceptions.into_iter().filter(|e| e.decision != usual);
        self.exceptions.extend(others);
        self.entries.push(EntryDecisions {
            usual,
            end: count(self.exceptions.len()),
        });
    }

    /// Adds the decisions of the next entry, given edge by edge in the order of slot and destination.
    pub(super) fn push_each(&mut self, edges: &[Exception]) {
        let usual = most_common(edges);
        self.push(usual, edges.iter().copied());
    }

    /// What most edges of an entry have in common, and the exceptions from it.
    pub(super) fn of_entry(&self, entry: usize) -> (Decision, &[Exception]) {
        let start = entry
            .checked_sub(1)
            .and_then(|before| self.entries.get(before))
            .map_or(0, |before| before.end as usize);
        match self.entries.get(entry) {
            Some(decided) => {
                let range = start..decided.end as usize;
                (
                    decided.usual,
                    self.exceptions.get(range).unwrap_or_default(),
                )
            }
            None => (Decision::Unselected, &[]),
        }
    }
}

/// The decision that most edges share; of equally many, the first in the order of decisions.
fn most_common(edges: &[Exception]) -> Decision {
    let Some(first) = edges.first() else {
        return Decision::Unselected;
    };
    if edges.iter().all(|edge| edge.decision == first.decision) {
        return first.decision;
    }
    let mut counts: BTreeMap<Decision, u32> = BTreeMap::new();
    for edge in edges {
        *counts.entry(edge.decision).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(decision, edges)| (*edges, Reverse(*decision)))
        .map_or(Decision::Unselected, |(decision, _)| decision)
}
