//! The shape of a saved plan, `promo.plan/v1`, and of its summary.

use serde::{Deserialize, Serialize};

use super::super::{Beside, Cost, MutableTags, TagMoves, Verdict};
use crate::manifest::Severity;
use crate::oci::{Digest, RegistryPath, Repository, Tag};
use crate::ports::ImageSize;

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Document {
    pub(super) schema: String,
    pub(super) inputs: Inputs,
    pub(super) options: Options,
    pub(super) offline: bool,
    pub(super) summary: Numbers,
    /// What it takes where nothing stands at the destinations yet, if its images were measured.
    pub(super) cost: Option<Cost>,
    /// What staging has beside the images that are to be promoted, if somebody looked. Whoever carries the plan out looks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<Vec<Beside>>,
    /// Groups of which every edge is published, which are not listed.
    pub(super) unchanged: Unchanged,
    /// Lists of destination registries, which groups refer to by index.
    pub(super) destination_sets: Vec<Vec<RegistryPath>>,
    pub(super) groups: Vec<Group>,
    pub(super) findings: Vec<SavedFinding>,
}

/// `promo.plan-summary/v1`: what a plan says about itself, without what it lists.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct SummaryDocument {
    pub(super) schema: &'static str,
    pub(super) inputs: Inputs,
    pub(super) offline: bool,
    pub(super) summary: Numbers,
    pub(super) cost: Option<Cost>,
    pub(super) findings: Vec<SavedFinding>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    pub(super) tree: Option<Digest>,
    pub(super) commit: Option<String>,
    pub(super) inventory_read: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    pub(super) identities: Vec<IdentityName>,
    pub(super) tag_moves: TagMoves,
    #[serde(default, skip_serializing_if = "MutableTags::is_empty")]
    pub(super) mutable_tags: MutableTags,
    pub(super) fail_fast: bool,
    pub(super) complete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct IdentityName {
    pub(super) registry: RegistryPath,
    pub(super) name: RegistryPath,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Numbers {
    pub(super) edges: u64,
    pub(super) tagless: u64,
    pub(super) images: u64,
    pub(super) digests: u64,
    pub(super) repositories: u64,
    pub(super) invalid: u64,
    pub(super) verdicts: Counts,
}

/// Edges by verdict, all verdicts in their order.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) present: u64,
    pub(super) promote: u64,
    pub(super) finish: u64,
    pub(super) wanted: u64,
    pub(super) redundant: u64,
    pub(super) lost: u64,
    pub(super) tag_move: u64,
    pub(super) conflict: u64,
    pub(super) undecided: u64,
    pub(super) refused: u64,
    pub(super) invalid: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Unchanged {
    pub(super) groups: u64,
    pub(super) edges: u64,
}

/// One digest of an image, as one entry asks for it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Group {
    pub(super) source: Repository,
    pub(super) image: String,
    pub(super) digest: Digest,
    /// None: by digest only.
    pub(super) tags: Vec<Tag>,
    /// Which of `destinationSets`.
    pub(super) destinations: usize,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    /// How large the image is, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<ImageSize>,
    /// What holds for all edges that are not among the exceptions; nothing if they are not selected.
    pub(super) usual: Option<Judgement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) exceptions: Vec<SavedException>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedException {
    pub(super) destination: RegistryPath,
    pub(super) tag: Option<Tag>,
    /// Nothing if it is not selected.
    pub(super) judgement: Option<Judgement>,
}

/// A verdict and why.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) code: String,
    pub(super) reason: String,
    /// Where the tag points, of tags that move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Digest>,
    /// Whether the digest is there, of tags that may move.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) digest_present: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedFinding {
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) severity: Severity,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) expected: String,
}
