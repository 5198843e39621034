//! What every phase's value carries along: settings and ports, the plan, and what was blocked so far.

use std::sync::Arc;

use jiff::Timestamp;

use super::concurrent;
use super::ended::{EndedRun, PhaseReport, PhaseStatus};
use super::outcome::{self, Blocked, EdgeOutcome};
use super::partners::Partners;
use super::shared_evidence::SharedEvidence;
use super::source_manifests::SourceManifests;
use super::source_reads::SourceReads;
use super::staged::{JudgedChildren, StagingEvidence};
use super::{Interrupt, Mode, Ports, RunSettings, SigningPorts};
use crate::Code;
use crate::plan::{Beside, ImageWork, Plan};
use crate::ports::{Event, Failure, Observer, Phase};

/// Settings, ports and start of a run; the same for all its phases.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) settings: RunSettings,
    pub(super) ports: Ports,
    pub(super) mode: Mode,
    /// What signs, or in a dry run would sign.
    pub(super) signing: Option<SigningPorts>,
    pub(super) interrupt: Interrupt,
    pub(super) started: Timestamp,
    /// The manifests that the plan read at the sources.
    pub(super) manifests: Arc<SourceManifests>,
    pub(super) judged_children: JudgedChildren,
    /// What is read of staging once for several images.
    pub(super) reads: SourceReads,
    /// The evidence that images and mirrors share.
    pub(super) shared: Arc<SharedEvidence>,
    /// Where mirrors that go their own way bring the same content.
    pub(super) partners: Arc<Partners>,
}

/// What a phase works on.
pub(super) trait Item {
    /// The edges that it stands for, in case the work on it panics.
    fn works(&self) -> Vec<ImageWork>;
}

/// What travels from phase to phase.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) run: Arc<Run>,
    pub(super) plan: Arc<Plan>,
    pub(super) outcomes: Vec<EdgeOutcome>,
    pub(super) beside: Vec<Beside>,
    /// What was found in staging about those images that passed validate.
    pub(super) staging: Vec<StagingEvidence>,
    phases: Vec<PhaseReport>,
}

impl Flow {
    /// The flow of a run that has its plan: setup, which observers have seen, is over.
    pub(super) fn new(run: Arc<Run>, plan: Plan) -> Self {
        let setup = PhaseReport {
            phase: Phase::Setup,
            status: PhaseStatus::Done,
            passed: 1,
            blocked: 0,
        };
        Self {
            run,
            plan: Arc::new(plan),
            outcomes: Vec::new(),
            beside: Vec::new(),
            staging: Vec::new(),
            phases: vec![setup],
        }
    }

    /// A flow beside this one, for a part of the images, by a run of its own settings and ports.
    pub(super) fn apart(&self, run: Arc<Run>) -> Self {
        Self {
            run,
            plan: Arc::clone(&self.plan),
            outcomes: Vec::new(),
            beside: Vec::new(),
            staging: Vec::new(),
            phases: Vec::new(),
        }
    }

    /// Takes in what became of a flow beside this one. Phases are told by whoever knows them all.
    pub(super) fn take_in(&mut self, other: Self) -> Vec<PhaseReport> {
        self.outcomes.extend(other.outcomes);
        self.beside.extend(other.beside);
        self.staging.extend(other.staging);
        other.phases
    }

    /// Records what became of a phase that observers have seen.
    pub(super) fn record(&mut self, phase: PhaseReport) {
        self.phases.push(phase);
    }

    pub(super) fn begin(&self, phase: Phase, items: usize) {
        let items = items as u64;
        self.run.observe(&Event::PhaseBegan { phase, items });
    }

    /// Records how a phase ended. Observers don't hear of phases that were not asked for: nothing happened.
    pub(super) fn end(&mut self, phase: Phase, status: PhaseStatus, passed: usize, blocked: usize) {
        let (passed, blocked) = (passed as u64, blocked as u64);
        self.phases.push(PhaseReport {
            phase,
            status,
            passed,
            blocked,
        });
        if status == PhaseStatus::Done {
            self.run.observe(&Event::PhaseEnded {
                phase,
                passed,
                blocked,
            });
        }
    }

    /// Carries a phase out: works on all items, keeps what passed, and records the outcomes of what was blocked.
    pub(super) async fn carry_out<T, P, F, Fut>(
        &mut self,
        phase: Phase,
        status: PhaseStatus,
        items: Vec<T>,
        work: F,
    ) -> Vec<P>
    where
        T: Item,
        F: Fn(Arc<Run>, T) -> Fut,
        Fut: Future<Output = (Option<P>, Vec<EdgeOutcome>)>,
    {
        if status == PhaseStatus::Done {
            self.begin(phase, items.len());
        }
        let concurrency = self.run.settings.concurrency;
        let results = concurrent::each_contained(
            concurrency,
            items,
            Item::works,
            |item| work(Arc::clone(&self.run), item),
            |works, panic| (None, self.run.lost(phase, &works, &panic)),
        )
        .await;
        let mut passed = Vec::new();
        let mut blocked = 0;
        for (item, outcomes) in results {
            blocked += usize::from(item.is_none());
            passed.extend(item);
            self.outcomes.extend(outcomes);
        }
        self.end(phase, status, passed.len(), blocked);
        passed
    }

    /// Ends the run here, with all it knows in order.
    pub(super) fn end_run(mut self) -> EndedRun {
        for phase in Phase::ALL {
            if !self.phases.iter().any(|report| report.phase == phase) {
                self.phases.push(PhaseReport {
                    phase,
                    status: PhaseStatus::NotReached,
                    passed: 0,
                    blocked: 0,
                });
            }
        }
        self.phases.sort_by_key(|report| report.phase);
        self.outcomes.sort_by(|a, b| {
            (&a.identity, a.digest, &a.destination, &a.tag, &a.source).cmp(&(
                &b.identity,
                b.digest,
                &b.destination,
                &b.tag,
                &b.source,
            ))
        });
        self.beside.sort_unstable();
        self.beside.dedup();
        self.staging.sort_by_key(StagingEvidence::order);
        self.staging.dedup();
        let run = &self.run;
        EndedRun {
            mode: run.mode,
            signs: run.signing.is_some(),
            staging_signatures: run.settings.staging,
            provenance: run.settings.provenance,
            builder_id: run.settings.builder_id.clone(),
            started: run.started,
            ended: run.ports.clock.now(),
            interrupted: run.interrupt.is_raised(),
            plan: Arc::unwrap_or_clone(self.plan),
            phases: self.phases,
            edges: self.outcomes,
            beside: self.beside,
            staging: self.staging,
        }
    }
}

impl Run {
    /// The same run, for a part of its images that goes its own way.
    pub(super) fn apart(
        &self,
        observer: Arc<dyn Observer>,
        shared: Arc<SharedEvidence>,
        partners: Arc<Partners>,
    ) -> Self {
        Self {
            settings: self.settings.clone(),
            ports: Ports {
                observer,
                ..self.ports.clone()
            },
            mode: self.mode,
            signing: self.signing.clone(),
            interrupt: self.interrupt.clone(),
            started: self.started,
            manifests: Arc::clone(&self.manifests),
            judged_children: JudgedChildren::default(),
            reads: SourceReads::default(),
            shared,
            partners,
        }
    }

    /// Whether the phases that make evidence are asked for.
    pub(super) fn evidence_status(&self) -> PhaseStatus {
        match self.signing {
            Some(_) => PhaseStatus::Done,
            None => PhaseStatus::NotAskedFor,
        }
    }

    /// The outcomes of an item whose work panicked.
    fn lost(&self, phase: Phase, works: &[ImageWork], panic: &Failure) -> Vec<EdgeOutcome> {
        let blocked = Blocked::failed(phase, panic);
        if let Some(work) = works.first() {
            let name = format!("{}@{}", work.identity, work.digest);
            self.item_done(phase, name, Some(blocked.code));
        }
        let outcomes = works.iter().map(|work| outcome::of_image(work, &blocked));
        outcomes.flatten().collect()
    }

    pub(super) fn observe(&self, event: &Event) {
        self.ports.observer.observe(event);
    }

    pub(super) fn item_done(&self, phase: Phase, item: String, blocked: Option<Code>) {
        self.observe(&Event::ItemDone {
            phase,
            item,
            blocked,
        });
    }
}
