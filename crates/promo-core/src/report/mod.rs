//! The report: what a run did, as data. It is made of what the pipeline hands over at the end of a run, and tables, JSON,
//! the exit code and Python's object are views of it.

mod document;
mod hosts;

use jiff::Timestamp;
use serde::Serialize;

pub use document::{BlockedEdge, ReportSettings, Totals};
pub use hosts::{HostTraffic, RequestCounts};

use crate::manifest::{Finding, Severity};
use crate::pipeline::{
    Beside, BlockedClass, EdgeOutcome, EdgeResult, EndedRun, PhaseReport, StagingEvidence,
};

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// `promo.report/v1`.
    pub schema: &'static str,
    /// When the run began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What the run was asked.
    pub settings: ReportSettings,
    /// Whether it was asked to stop before its end.
    pub interrupted: bool,
    /// The phases in their order.
    pub phases: Vec<PhaseReport>,
    /// How many edges ended how.
    pub totals: Totals,
    /// The edges that the run worked on, ordered by identity, digest, destination and tag.
    pub edges: Vec<EdgeOutcome>,
    /// What staging has beside the images that the run worked on, and layers that were not copied; ordered.
    pub beside: Vec<Beside>,
    /// What was found in staging about the images that passed validate, where there is something to tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staging: Vec<StagingEvidence>,
    /// The edges that the plan blocked, in its order.
    #[serde(rename = "left")]
    pub blocked: Vec<BlockedEdge>,
    /// Bad entries of the promoter manifests, and warnings.
    pub findings: Vec<Finding>,
    /// What was exchanged with each host that was asked, ordered by its name; empty where nobody kept an account. Like
    /// `started` and `ended` it tells of this run and not of what was wanted: who came first of two that need the same
    /// token or blob can change a count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostTraffic>,
}

/// How a run ended as a whole: the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// It was interrupted before all was done.
    Interrupted,
    /// A registry refused access.
    Access,
    /// Evidence or a policy refused an edge.
    Refused,
    /// Nothing could be done, though there was something to do.
    Nothing,
    /// Some edges were blocked; the rest is done or had nothing to do.
    Partial,
    /// All is done, or there was nothing to do.
    Done,
}

impl Report {
    /// The schema of the document.
    pub const SCHEMA: &'static str = "promo.report/v1";

    /// The report of a run.
    pub fn new(run: EndedRun) -> Self {
        let blocked = document::blocked_edges(&run.plan);
        Self {
            schema: Self::SCHEMA,
            started: run.started,
            ended: run.ended,
            totals: Totals::count(&run.plan, &run.edges, blocked.len()),
            findings: run.plan.findings().to_vec(),
            settings: ReportSettings {
                mode: run.mode,
                signs: run.signs,
                staging_signatures: run.staging_signatures,
                provenance: run.provenance,
                builder_id: run.builder_id,
            },
            interrupted: run.interrupted,
            phases: run.phases,
            edges: run.edges,
            beside: run.beside,
            staging: run.staging,
            blocked,
            hosts: Vec::new(),
        }
    }

    /// How the run ended as a whole.
    pub fn outcome(&self) -> RunOutcome {
        let has = |class| self.blocked_classes().any(|found| found == class);
        let invalid = self
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Invalid);
        let blocked = invalid || self.blocked_classes().next().is_some();
        let done = self.totals.published
            + self.totals.already_there
            + self.totals.ready
            + self.totals.present
            > 0;
        if has(BlockedClass::Interrupted) {
            RunOutcome::Interrupted
        } else if has(BlockedClass::Access) {
            RunOutcome::Access
        } else if has(BlockedClass::Refused) {
            RunOutcome::Refused
        } else if blocked && !done {
            RunOutcome::Nothing
        } else if blocked {
            RunOutcome::Partial
        } else {
            RunOutcome::Done
        }
    }

    /// The classes of everything that was blocked.
    fn blocked_classes(&self) -> impl Iterator<Item = BlockedClass> {
        let worked_on = self.edges.iter().filter_map(|edge| match &edge.result {
            EdgeResult::Blocked(blocked) => Some(blocked.class),
            _ => None,
        });
        worked_on.chain(self.blocked.iter().map(|blocked| blocked.class))
    }
}
