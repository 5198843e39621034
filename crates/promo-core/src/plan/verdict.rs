//! The verdicts and their codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a plan says about an edge. The order is that of reports: what is done, what is to be done, what
/// is left and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is published already.
    Present,
    /// It is to be copied, proven and published.
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
    /// A bad entry of a promoter manifest. It is counted from the findings; no edge has this verdict.
    Invalid,
}

impl Verdict {
    /// All verdicts in their order.
    pub const ALL: [Self; 11] = [
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
        Self::Invalid,
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
            Self::Invalid => "invalid",
        }
    }

    /// Whether a run has something to publish for it.
    pub const fn is_actionable(self) -> bool {
        matches!(self, Self::Promote | Self::Finish)
    }

    /// Whether it leaves something undone that somebody wanted.
    pub const fn is_left(self) -> bool {
        matches!(
            self,
            Self::Lost
                | Self::TagMove
                | Self::Conflict
                | Self::Undecided
                | Self::Refused
                | Self::Invalid
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
    use crate::Code;

    /// `present`.
    pub const PRESENT: Code = Code::new("PROMO-P001");
    /// `promote`.
    pub const PROMOTE: Code = Code::new("PROMO-P002");
    /// `promote`: the tag moves, as the list of tag moves allows.
    pub const ALLOWED_MOVE: Code = Code::new("PROMO-P003");
    /// `finish`.
    pub const FINISH: Code = Code::new("PROMO-P004");
    /// `wanted`.
    pub const WANTED: Code = Code::new("PROMO-P005");
    /// `redundant`.
    pub const REDUNDANT: Code = Code::new("PROMO-P006");
    /// `lost`.
    pub const LOST: Code = Code::new("PROMO-P007");
    /// `tag-move`.
    pub const TAG_MOVE: Code = Code::new("PROMO-P008");
    /// `conflict`.
    pub const CONFLICT: Code = Code::new("PROMO-P009");
    /// `undecided`: the destination could not be read.
    pub const DESTINATION_UNREADABLE: Code = Code::new("PROMO-P010");
    /// `undecided`: the inventory doesn't know the tag of the destination.
    pub const TAG_UNKNOWN: Code = Code::new("PROMO-P011");
    /// `undecided`: the inventory doesn't know whether the destination has the digest.
    pub const DIGEST_UNKNOWN: Code = Code::new("PROMO-P012");
    /// `undecided`: the source could not be read.
    pub const SOURCE_UNREADABLE: Code = Code::new("PROMO-P013");
    /// `undecided`: the inventory doesn't know whether the source has the digest.
    pub const SOURCE_UNKNOWN: Code = Code::new("PROMO-P014");

    /// `refused`: the edge is not what the saved plan saw.
    pub const REFUSED: Code = Code::new("PROMO-P015");

    /// `refused`: a check of the plan objects to the edge.
    pub const OBJECTED: Code = Code::new("PROMO-P016");

    /// All of them with what they mean, for the reference pages.
    pub const ALL: &[(Code, &str)] = &[
        (PRESENT, "the edge is published already"),
        (PROMOTE, "the edge is to be promoted"),
        (
            ALLOWED_MOVE,
            "the tag moves, as the list of tag moves allows",
        ),
        (FINISH, "the digest is there, the tag is not"),
        (WANTED, "wanted, no inventory was asked"),
        (REDUNDANT, "another entry asks for the same"),
        (LOST, "the source no longer has the digest"),
        (TAG_MOVE, "the tag points to another digest"),
        (CONFLICT, "two entries give one tag to different digests"),
        (DESTINATION_UNREADABLE, "the destination could not be read"),
        (
            TAG_UNKNOWN,
            "the inventory doesn't know the tag of the destination",
        ),
        (
            DIGEST_UNKNOWN,
            "the inventory doesn't know the digest of the destination",
        ),
        (SOURCE_UNREADABLE, "the source could not be read"),
        (
            SOURCE_UNKNOWN,
            "the inventory doesn't know the digest of the source",
        ),
        (REFUSED, "the edge is not what the saved plan saw"),
        (OBJECTED, "a check of the plan objects to the edge"),
    ];
}
