//! The verdicts and their codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a plan says about an edge. The order is that of reports: what is done, what is to be done, what
/// is blocked and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is published already.
    Present,
    /// It is to be copied, signed, attested and published.
    Promote,
    /// The digest is there, the tag is not.
    Finish,
    /// Wanted; no inventory was asked (offline).
    Wanted,
    /// Another entry asks for the same.
    Redundant,
    /// The source no longer has it.
    Lost,
    /// The tag points to another digest, and nobody allowed it to move.
    TagMove,
    /// Two entries give one tag to different digests.
    Conflict,
    /// It could not be found out what a registry holds.
    Undecided,
    /// A check refused it.
    Refused,
}

impl Verdict {
    /// All verdicts in their order.
    pub const ALL: [Self; 10] = [
        Self::Present,
        Self::Promote,
        Self::Finish,
        Self::Wanted,
        Self::Redundant,
        Self::Lost,
        Self::TagMove,
        Self::Conflict,
        Self::Undecided,
        Self::Refused,
    ];

    /// Its name, as in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Promote => "promote",
            Self::Finish => "finish",
            Self::Wanted => "wanted",
            Self::Redundant => "redundant",
            Self::Lost => "lost",
            Self::TagMove => "tag-move",
            Self::Conflict => "conflict",
            Self::Undecided => "undecided",
            Self::Refused => "refused",
        }
    }

    /// Whether a run has something to publish for it.
    pub const fn is_actionable(self) -> bool {
        matches!(self, Self::Promote | Self::Finish)
    }

    /// Whether something that somebody wanted stays undone.
    pub const fn is_blocked(self) -> bool {
        matches!(
            self,
            Self::Lost | Self::TagMove | Self::Conflict | Self::Undecided | Self::Refused
        )
    }

    /// Whether such an edge stops the whole plan under `fail_fast`, as kpromo stops: lost and redundant
    /// edges don't.
    pub const fn stops_all(self) -> bool {
        matches!(
            self,
            Self::TagMove | Self::Conflict | Self::Undecided | Self::Refused
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The codes of verdicts. A verdict that has several reasons has a code for each.
pub mod codes {
    crate::codes! {
        PRESENT "PROMO-P001" "the edge is published already"
        PROMOTE "PROMO-P002" "the edge is to be promoted"
        ALLOWED_MOVE "PROMO-P003" "the tag moves, as the list of tag moves allows"
        FINISH "PROMO-P004" "the digest is there, the tag is not"
        WANTED "PROMO-P005" "wanted, no inventory was asked"
        REDUNDANT "PROMO-P006" "another entry asks for the same"
        LOST "PROMO-P007" "the source no longer has the digest"
        TAG_MOVE "PROMO-P008" "the tag points to another digest"
        CONFLICT "PROMO-P009" "two entries give one tag to different digests"
        DESTINATION_UNREADABLE "PROMO-P010" "the destination could not be read"
        TAG_UNKNOWN "PROMO-P011" "the inventory doesn't know the tag of the destination"
        DIGEST_UNKNOWN "PROMO-P012" "the inventory doesn't know the digest of the destination"
        SOURCE_UNREADABLE "PROMO-P013" "the source could not be read"
        SOURCE_UNKNOWN "PROMO-P014" "the inventory doesn't know the digest of the source"
        REFUSED "PROMO-P015" "the edge is not what the saved plan saw"
        OBJECTED "PROMO-P016" "a check of the plan objects to the edge"
    }
}
