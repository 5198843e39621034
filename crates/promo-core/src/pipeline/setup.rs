//! Setup: shows that the run can do what it is asked, before anything is read or written.
//!
//! Whether the destinations let us push is asked later, at the start of promote and only of hosts that
//! have work: a run with nothing to do sends no write.

use std::sync::Arc;

use super::error::RunError;
use super::flow::Run;
use super::intent::Intent;
use super::source_reads::SourceReads;
use super::staged::JudgedChildren;
use super::{Interrupt, Ports, RunSettings, StagingPolicy};
use crate::ports::{Event, Phase};

/// A run that is ready to plan.
#[derive(Debug)]
pub struct Ready<I> {
    pub(super) run: Arc<Run>,
    pub(super) intent: I,
}

impl<I: Intent> Ready<I> {
    /// Checks settings and ports: judging staging has keys to judge by; the registry port offers what copying needs.
    /// That the signer works, `intent` has shown.
    ///
    /// # Errors
    ///
    /// `PROMO-C002`, `PROMO-C005`.
    pub fn setup(
        settings: RunSettings,
        ports: Ports,
        intent: I,
        interrupt: Interrupt,
    ) -> Result<Self, RunError> {
        let ports = ports.contained();
        ports.observer.observe(&Event::PhaseBegan {
            phase: Phase::Setup,
            items: 1,
        });
        check(&settings, &ports)?;
        ports.observer.observe(&Event::PhaseEnded {
            phase: Phase::Setup,
            passed: 1,
            blocked: 0,
        });
        let started = ports.clock.now();
        let run = Run {
            settings,
            ports,
            mode: I::MODE,
            signing: intent.signing().cloned(),
            interrupt,
            started,
            manifests: Arc::default(),
            judged_children: JudgedChildren::default(),
            reads: SourceReads::default(),
            shared: Arc::default(),
            partners: Arc::default(),
        };
        Ok(Self {
            run: Arc::new(run),
            intent,
        })
    }

    /// The settings.
    pub fn settings(&self) -> &RunSettings {
        &self.run.settings
    }
}

fn check(settings: &RunSettings, ports: &Ports) -> Result<(), RunError> {
    if settings.staging != StagingPolicy::Off && ports.staging.is_none() {
        return Err(RunError::NoStagingJudge);
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
    Ok(())
}
