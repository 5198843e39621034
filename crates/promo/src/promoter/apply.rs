//! Carrying out a saved plan: what it and the promoter manifests both want, with all checks.

use promo_core::manifest::ManifestSet;
use promo_core::oci::Digest;
use promo_core::pipeline::{self, Intent, Planned, Ready};
use promo_core::plan::{EdgeKey, SavedPlan};
use promo_core::report::Report;
use serde::Serialize;

use super::Promoter;
use super::promote::{Extent, PromoteRequest};
use crate::ending::Ending;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::planning;

/// `promo.apply/v1`: what became of a saved plan.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    schema: &'static str,
    /// The digest of the tree that the plan was made from.
    pub planned_tree: Option<Digest>,
    /// The digest of the tree that was applied.
    pub tree: Option<Digest>,
    /// What the plan was to carry out and no promoter manifest wants any longer. It was not carried out.
    pub unwanted: Vec<EdgeKey>,
    /// The report of the run.
    pub report: Report,
}

impl Applied {
    /// The end of the run; what is no longer wanted was refused.
    pub fn ending(&self) -> Ending {
        match Ending::of_report(&self.report) {
            ending @ (Ending::Interrupted | Ending::Usage | Ending::Authentication) => ending,
            _ if !self.unwanted.is_empty() => Ending::Refused,
            ending => ending,
        }
    }
}

impl Promoter {
    /// Runs the pipeline over what is left of a saved plan: plans anew, and keeps what both would do. A plan is no
    /// authority.
    ///
    /// # Errors
    ///
    /// As [`Self::promote`]; `PROMO-X031` if the promoter manifests want nothing of the plan, `PROMO-X032` if they don't
    /// want all of it and one edge that is blocked stops all.
    pub async fn apply(&self, saved: &SavedPlan, request: &PromoteRequest) -> Result<Applied> {
        let scope = &self.settings.scope;
        // Which commit it is of, git is asked once: for the settings of the run, which put it into attestations.
        let (set, inputs) = planning::load(scope.tree()?, &Git::find(&[]))?;
        let settings = self.run_settings(self.options(request.complete)?);
        let interrupt = request.interrupt.clone();
        let before = self.hosts();
        let (mut report, unwanted) = match request.extent {
            Extent::DryRun => {
                let ready = self.ready(settings, self.dry_run().await?, interrupt)?;
                let (planned, unwanted) = left_of(ready, &set, saved).await?;
                (Report::new(pipeline::look(planned).await), unwanted)
            }
            Extent::Confirmed => {
                let ready = self.ready(settings, self.confirmed().await?, interrupt)?;
                let (planned, unwanted) = left_of(ready, &set, saved).await?;
                (Report::new(pipeline::carry_out(planned).await), unwanted)
            }
        };
        report.hosts = self.account.since(&before);
        Ok(Applied {
            schema: "promo.apply/v1",
            planned_tree: saved.inputs.tree,
            tree: inputs.tree,
            unwanted,
            report,
        })
    }
}

/// What of a saved plan is wanted still, and what isn't.
async fn left_of<I: Intent>(
    ready: Ready<I>,
    set: &ManifestSet,
    saved: &SavedPlan,
) -> Result<(Planned<I>, Vec<EdgeKey>)> {
    let all_or_nothing = ready.settings().plan.fail_fast;
    let (planned, unwanted) = ready.adopt(set, &saved.plan).await?;
    if let Some(first) = unwanted.first() {
        let first = Box::new(first.clone());
        if planned.plan().summary().verdicts.edges() == 0 {
            return Err(Error::OtherTree { first });
        }
        if all_or_nothing {
            return Err(Error::Unwanted { first });
        }
    }
    Ok((planned, unwanted))
}
