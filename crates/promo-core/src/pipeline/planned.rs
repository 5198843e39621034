//! The plan within a run: what the phases after it work on.

use super::ended::{EndedRun, PhaseStatus};
use super::error::RunError;
use super::flow::Flow;
use super::in_question;
use super::intent::{Intent, Mode};
use super::read_for_copying::read_for_copying;
use super::read_inventory::read_inventory;
use super::settings::RunSettings;
use super::setup::Ready;
use crate::inventory::WantedInventory;
use crate::manifest::ManifestSet;
use crate::plan::{self, EdgeKey, ImageWork, Plan, PlanOptions, Planner};
use crate::ports::{Event, Phase};

/// A run with its plan.
#[derive(Debug)]
pub struct Planned<I> {
    flow: Flow,
    work: Vec<ImageWork>,
    intent: I,
}

impl<I: Intent> Ready<I> {
    /// Reads the inventory and plans: destinations first, then only those sources that the
    /// destinations don't already answer for. A confirmed run reads the manifests there, and keeps them for copying.
    pub async fn plan(self, set: &ManifestSet) -> Result<Planned<I>, RunError> {
        let plan = self.plan_now(set, &self.run.settings.plan).await;
        Planned::new(self, plan).await
    }

    /// Adopts a plan that was made earlier: plans anew what it was to carry out, and keeps what both would do. A plan
    /// file is no authority; registries are asked about nothing that it doesn't name. Also returns the edges
    /// that it was to carry out and that no manifest wants any longer.
    pub async fn adopt(
        self,
        set: &ManifestSet,
        saved: &Plan,
    ) -> Result<(Planned<I>, Vec<EdgeKey>), RunError> {
        let mut options = self.run.settings.plan.clone();
        options.selection = options.selection.among(plan::actionable(saved));
        let now = self.plan_now(set, &options).await;
        let rechecked = plan::recheck(saved, &now);
        let planned = Planned::new(self, rechecked.plan).await?;
        Ok((planned, rechecked.unwanted))
    }

    async fn plan_now(&self, set: &ManifestSet, options: &PlanOptions) -> Plan {
        let planner = Planner::new(set, options);
        let began = |wanted: &WantedInventory| {
            self.run.observe(&Event::PhaseBegan {
                phase: Phase::Plan,
                items: wanted.repositories.len() as u64,
            });
        };
        let (ports, at_once) = (&self.run.ports, self.run.settings.concurrency);
        let inventory = match I::MODE {
            Mode::DryRun => read_inventory(&planner, &*ports.inventory, began).await,
            Mode::Confirmed => {
                read_for_copying(&planner, ports, at_once, &self.run.manifests, began).await
            }
        };
        planner.plan(Some(&inventory))
    }
}

impl<I: Intent> Planned<I> {
    async fn new(ready: Ready<I>, plan: Plan) -> Result<Self, RunError> {
        let Ready { run, intent } = ready;
        if plan.stopped_by().is_some() {
            let stopping = plan.edges().filter(|edge| edge.verdict().stops_all());
            return Err(RunError::FailFast {
                count: stopping.count() as u64,
            });
        }
        let blocked = plan.summary().verdicts.blocked();
        let mut work = plan.work();
        let (without_evidence, undecided) =
            in_question::without_evidence(&run, plan.digests_in_question()).await;
        work.extend(without_evidence);
        let mut flow = Flow::new(run, plan);
        let blocked = usize::try_from(blocked).unwrap_or(usize::MAX);
        let blocked = blocked.saturating_add(undecided.len());
        flow.end(Phase::Plan, PhaseStatus::Done, work.len(), blocked);
        flow.outcomes.extend(undecided);
        Ok(Self { flow, work, intent })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.flow.plan
    }

    /// What is to be done, image by image.
    pub fn work(&self) -> &[ImageWork] {
        &self.work
    }

    /// The settings of the run.
    pub(super) fn settings(&self) -> &RunSettings {
        &self.flow.run.settings
    }

    /// A part of the same that goes its own way.
    pub(super) fn part(flow: Flow, work: Vec<ImageWork>, intent: I) -> Self {
        Self { flow, work, intent }
    }

    /// What the next phase works on.
    pub(super) fn into_parts(self) -> (Flow, Vec<ImageWork>, I) {
        (self.flow, self.work, self.intent)
    }

    /// Ends the run with the plan.
    pub fn end(self) -> EndedRun {
        self.flow.end_run()
    }
}
