//! Setup: shows that the run can do what it is asked, before anything is read or written.
//!
//! Whether the destinations let us push is asked later, at the start of promote and only of hosts that
//! have work: a run with nothing to do sends no write.

use std::sync::Arc;

use super::error::RunError;
use super::flow::Run;
use super::planned::Planned;
use super::staged_children::JudgedChildren;
use super::{Interrupt, Mode, Ports, RunSettings, StagingPolicy};
use crate::manifest::ManifestSet;
use crate::plan::{self, EdgeKey, Plan, PlanOptions};
use crate::ports::{Event, Phase};

/// A run that is ready to plan.
#[derive(Debug)]
pub struct Ready {
    run: Arc<Run>,
}

impl Ready {
    /// Checks settings and ports: a confirmed run has a signer that works, or was told to go without; judging
    /// staging has keys to judge by; the registry port offers what copying needs.
    pub async fn setup(
        settings: RunSettings,
        ports: Ports,
        interrupt: Interrupt,
    ) -> Result<Self, RunError> {
        let mut ports = ports.contained();
        if settings.no_sign {
            ports.proof = None;
        }
        ports.observer.observe(&Event::PhaseBegan {
            phase: Phase::Setup,
            items: 1,
        });
        check(&settings, &ports).await?;
        ports.observer.observe(&Event::PhaseEnded {
            phase: Phase::Setup,
            passed: 1,
            left: 0,
        });
        let started = ports.clock.now();
        Ok(Self {
            run: Arc::new(Run {
                settings,
                ports,
                interrupt,
                started,
                judged_children: JudgedChildren::default(),
            }),
        })
    }

    /// Reads the inventory and plans: destinations first, then only those sources that the
    /// destinations don't already answer for.
    pub async fn plan(self, set: &ManifestSet) -> Result<Planned, RunError> {
        let plan = self.plan_now(set, &self.run.settings.plan).await;
        Planned::new(self.run, plan).await
    }

    /// Adopts a plan that was made earlier: plans anew what it was to carry out, and keeps what both would do. A plan
    /// file is no authority; registries are asked about nothing that it doesn't name. Also returns the edges
    /// that it was to carry out and that no manifest wants any longer.
    pub async fn adopt(
        self,
        set: &ManifestSet,
        saved: &Plan,
    ) -> Result<(Planned, Vec<EdgeKey>), RunError> {
        let mut options = self.run.settings.plan.clone();
        options.selection = options.selection.among(plan::actionable(saved));
        let now = self.plan_now(set, &options).await;
        let rechecked = plan::recheck(saved, &now);
        let planned = Planned::new(self.run, rechecked.plan).await?;
        Ok((planned, rechecked.unwanted))
    }

    async fn plan_now(&self, set: &ManifestSet, options: &PlanOptions) -> Plan {
        let reader = &self.run.ports.inventory;
        let wanted = plan::wanted_destinations(set, options);
        self.run.observe(&Event::PhaseBegan {
            phase: Phase::Plan,
            items: wanted.repositories.len() as u64,
        });
        let mut inventory = reader.read(&wanted).await;
        let wanted = plan::wanted_sources(set, &inventory, options);
        inventory.merge(reader.read(&wanted).await);
        plan::plan(set, Some(&inventory), options)
    }
}

async fn check(settings: &RunSettings, ports: &Ports) -> Result<(), RunError> {
    if settings.staging != StagingPolicy::Off && ports.staging.is_none() {
        return Err(RunError::NoStagingVerifier);
    }
    let capabilities = ports.registry.capabilities();
    if !capabilities.mount_session {
        return Err(RunError::MissingCapability(
            "the upload session of a refused mount",
        ));
    }
    if !capabilities.caps {
        return Err(RunError::MissingCapability("caps on what it reads"));
    }
    if settings.no_sign {
        return Ok(());
    }
    match &ports.proof {
        Some(proof) => {
            proof.signer.check().await.map_err(RunError::Signer)?;
            proof.attester.check().await.map_err(RunError::Attester)
        }
        None if settings.mode == Mode::Confirmed => Err(RunError::NoSigner),
        None => Ok(()),
    }
}
