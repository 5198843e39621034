//! What a run hands over at its end: its plan, how its phases and edges ended, and what was found on the way. The report
//! is made of it, elsewhere (`report`); nothing is decided here.

use jiff::Timestamp;
use serde::Serialize;

use super::outcome::EdgeOutcome;
use super::staged::StagingEvidence;
use super::{Mode, ProvenancePolicy, StagingPolicy};
use crate::plan::{Beside, Plan};
use crate::ports::Phase;

/// A run that has ended, after its last phase or before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EndedRun {
    /// How far it was to go.
    pub mode: Mode,
    /// Whether what it publishes has evidence.
    pub signs: bool,
    /// What was asked of signatures in staging.
    pub staging_signatures: StagingPolicy,
    /// What was asked about provenance.
    pub provenance: ProvenancePolicy,
    /// Who promoted.
    pub builder_id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it was asked to stop before its end.
    pub interrupted: bool,
    /// What it was to carry out.
    pub plan: Plan,
    /// All phases in their order.
    pub phases: Vec<PhaseReport>,
    /// The edges that it worked on, ordered by identity, digest, destination and tag.
    pub edges: Vec<EdgeOutcome>,
    /// What staging has beside the images that it worked on, and layers that were not copied; ordered.
    pub beside: Vec<Beside>,
    /// What was found in staging about the images that passed validate, where there is something to tell.
    pub staging: Vec<StagingEvidence>,
}

/// What became of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PhaseStatus {
    /// It was carried out.
    Done,
    /// The settings don't ask for it.
    NotAskedFor,
    /// The run ended before it.
    NotReached,
}

/// A phase in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PhaseReport {
    /// Which phase.
    pub phase: Phase,
    /// What became of it.
    pub status: PhaseStatus,
    /// Items that passed it (images; edges in publish).
    pub passed: u64,
    /// Items that it blocked.
    #[serde(rename = "left")]
    pub blocked: u64,
}
