//! The plan within a run: what the phases after it work on.

use std::sync::Arc;

use super::error::RunError;
use super::flow::{Flow, PhaseStatus, Run};
use super::in_question;
use super::provenance::ProvenanceVerified;
use crate::plan::{ImageWork, Plan};
use crate::ports::Phase;
use crate::report::Report;

/// A run with its plan.
#[derive(Debug)]
pub struct Planned {
    flow: Flow,
    work: Vec<ImageWork>,
}

impl Planned {
    pub(super) async fn new(run: Arc<Run>, plan: Plan) -> Result<Self, RunError> {
        if plan.stopped_by().is_some() {
            let stopping = plan.edges().filter(|edge| edge.verdict().stops_all());
            return Err(RunError::FailFast {
                count: stopping.count() as u64,
            });
        }
        let left = plan.summary().verdicts.left();
        let mut work = plan.work();
        let (unproven, undecided) = in_question::unproven(&run, plan.digests_in_question()).await;
        work.extend(unproven);
        let mut flow = Flow::new(run, plan);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let left = left.saturating_add(undecided.len());
        flow.end(Phase::Plan, PhaseStatus::Done, work.len(), left);
        flow.outcomes.extend(undecided);
        Ok(Self { flow, work })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.flow.plan
    }

    /// What is to be done, image by image.
    pub fn work(&self) -> &[ImageWork] {
        &self.work
    }

    /// Verifies where the images come from.
    pub fn verify_provenance(self) -> ProvenanceVerified {
        ProvenanceVerified::verify(self.flow, self.work)
    }

    /// Ends the run with the plan.
    pub fn into_report(self) -> Report {
        self.flow.into_report()
    }
}
