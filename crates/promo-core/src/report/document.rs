//! The parts of the report that are views of other values.

use serde::Serialize;

use crate::Code;
use crate::oci::{Digest, Repository, Tag};
use crate::pipeline::{
    BlockedClass, EdgeOutcome, EdgeResult, Mode, ProvenancePolicy, StagingPolicy,
};
use crate::plan::{Plan, PlannedEdge, Verdict};
use crate::ports::FailureKind;

/// What the run was asked, as far as it matters for reading the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReportSettings {
    /// How far it went.
    pub mode: Mode,
    /// Whether what it publishes has evidence: false with `--no-sign`.
    pub signs: bool,
    /// What was asked of signatures in staging.
    pub staging_signatures: StagingPolicy,
    /// What was asked about provenance.
    pub provenance: ProvenancePolicy,
    /// Who promoted.
    pub builder_id: String,
}

/// How many edges ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// Edges that are wanted.
    pub edges: u64,
    /// Published before the run.
    pub present: u64,
    /// Published by the run.
    pub published: u64,
    /// Found published when the run came to it.
    pub already_there: u64,
    /// Ready to be published, in a dry run.
    pub ready: u64,
    /// Blocked by the plan or by a phase.
    #[serde(rename = "left")]
    pub blocked: u64,
}

/// An edge that the plan blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PlannedLeft")
)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BlockedEdge {
    /// The verdict.
    pub verdict: Verdict,
    /// Its code.
    pub code: Code,
    /// Why, for a person.
    pub message: String,
    /// What to do, one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// What kind of reason.
    pub class: BlockedClass,
    /// Where it would come from.
    pub source: Repository,
    /// The image.
    pub digest: Digest,
    /// Where it would go.
    pub destination: Repository,
    /// Under which tag; none for an edge by digest.
    pub tag: Option<Tag>,
}

pub(super) fn blocked_edges(plan: &Plan) -> Vec<BlockedEdge> {
    plan.edges()
        .filter(|edge| edge.verdict().is_blocked())
        .map(|edge| BlockedEdge {
            verdict: edge.verdict(),
            code: edge.code(),
            message: edge.reason(),
            hints: edge.hints().to_vec(),
            class: class_of(&edge),
            source: edge.source().clone(),
            digest: edge.digest(),
            destination: edge.destination().clone(),
            tag: edge.tag().cloned(),
        })
        .collect()
}

fn class_of(edge: &PlannedEdge<'_>) -> BlockedClass {
    match edge.failure_kind() {
        Some(FailureKind::Unauthenticated | FailureKind::Forbidden) => BlockedClass::Access,
        Some(FailureKind::DigestMismatch) => BlockedClass::Refused,
        _ if edge.verdict() == Verdict::Refused => BlockedClass::Refused,
        _ => BlockedClass::Failed,
    }
}

impl Totals {
    pub(super) fn count(plan: &Plan, edges: &[EdgeOutcome], blocked_edges: usize) -> Self {
        let summary = plan.summary();
        let mut totals = Self {
            edges: summary.edges,
            present: summary.verdicts.get(Verdict::Present),
            blocked: blocked_edges as u64,
            ..Self::default()
        };
        for edge in edges {
            match edge.result {
                EdgeResult::Ready => totals.ready += 1,
                EdgeResult::Published { .. } => totals.published += 1,
                EdgeResult::AlreadyThere => totals.already_there += 1,
                EdgeResult::Blocked(_) => totals.blocked += 1,
            }
        }
        totals
    }
}
