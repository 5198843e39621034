//! Validate: judges the signatures that images have in staging, and keeps what of them is to be carried to
//! production. Last phase of a dry run. What is decided by what was found stands in `staging`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::StagingPolicy;
use super::beside;
use super::ended::{EndedRun, PhaseStatus};
use super::flow::{Flow, Item, Run};
use super::gate;
use super::intent::Intent;
use super::outcome::{self, Blocked, EdgeOutcome, EdgeResult};
use super::provenance::{ProvenanceVerified, ProvenanceVerifiedImage};
use super::staged::{StagingEvidence, StagingSignatures};
use super::staged_children::{self, StagedChild, StagedChildren};
use super::staging;
use crate::oci::{Descriptor, Digest, RegistryHost, Repository};
use crate::plan::{Beside, ImageWork};
use crate::ports::{Evidence, Failure, Phase};
use crate::trust::{AboutImage, Judge};

/// Images whose staging signatures are as the policy asks.
#[derive(Debug)]
pub struct Validated<I> {
    flow: Flow,
    passed: Vec<ValidatedImage>,
    /// Images of which what is beside them is still to be told.
    untold: Vec<(Repository, Digest)>,
    intent: I,
}

/// Proof that the staging signatures of one image are as the policy asks. Only this phase makes it.
#[derive(Debug)]
pub struct ValidatedImage {
    pub(super) work: ImageWork,
    pub(super) staging: Arc<StagingSignatures>,
    /// Children of an index whose evidence is carried.
    pub(super) children: Arc<[StagedChild]>,
    pub(super) beside: Arc<[Beside]>,
}

impl<I: Intent> ProvenanceVerified<I> {
    /// Judges the signatures that the images have in staging.
    pub async fn validate(self) -> Validated<I> {
        let (mut flow, passed, intent) = self.into_parts();
        let has_gates = !flow.run.ports.gates.is_empty();
        let status = match flow.run.settings.staging {
            StagingPolicy::Off if !has_gates => PhaseStatus::NotAskedFor,
            StagingPolicy::Off | StagingPolicy::IfPresent | StagingPolicy::Require => {
                PhaseStatus::Done
            }
        };
        let works = passed.iter().map(ProvenanceVerifiedImage::work);
        flow.run
            .reads
            .expect(works.filter(|work| beside::is_to_be_promoted(work)));
        let validated = flow.carry_out(Phase::Validate, status, passed, judge).await;
        let mut images = Vec::new();
        let mut untold = BTreeSet::new();
        for (image, children) in validated {
            if beside::can_wait(&flow.run) && beside::is_to_be_promoted(&image.work) {
                untold.insert((image.work.source.clone(), image.work.digest));
            }
            flow.beside.extend(image.beside.iter().cloned());
            flow.staging.extend(image.staging.told(&image.work));
            flow.staging.extend(children);
            images.push(image);
        }
        Validated {
            flow,
            passed: images,
            untold: untold.into_iter().collect(),
            intent,
        }
    }
}

impl<I: Intent> Validated<I> {
    /// The images that passed.
    pub fn passed(&self) -> &[ValidatedImage] {
        &self.passed
    }

    /// Ends the run here: what passed is ready to be promoted. Of a confirmed run it is not told what is beside images,
    /// unless some of that may be carried: it looks while it promotes.
    pub fn end(mut self) -> EndedRun {
        for image in &self.passed {
            for destination in &image.work.destinations {
                let ready = outcome::of_destination(&image.work, destination, &EdgeResult::Ready);
                self.flow.outcomes.extend(ready);
            }
        }
        self.flow.end_run()
    }

    /// The run.
    pub(super) fn run(&self) -> &Arc<Run> {
        &self.flow.run
    }

    /// A part of the same that goes its own way.
    pub(super) fn part(flow: Flow, passed: Vec<ValidatedImage>, intent: I) -> Self {
        Self {
            flow,
            passed,
            untold: Vec::new(),
            intent,
        }
    }

    /// Looks what is beside images of which that is still to be told: for the report, so it may go on while they are copied.
    pub(super) fn tell_beside(&mut self) -> impl Future<Output = Vec<Beside>> + use<I> {
        let (run, untold) = (Arc::clone(&self.flow.run), std::mem::take(&mut self.untold));
        async move { beside::tell(&run, untold).await }
    }

    /// What the next phase works on, and the proof that it may.
    pub(super) fn into_parts(self) -> (Flow, Vec<ValidatedImage>, I) {
        (self.flow, self.passed, self.intent)
    }
}

impl Item for ValidatedImage {
    fn works(&self) -> Vec<ImageWork> {
        vec![self.work.clone()]
    }
}

impl ValidatedImage {
    /// What is to be done with it.
    pub fn work(&self) -> &ImageWork {
        &self.work
    }

    /// What was found about it in staging.
    pub fn staging(&self) -> &StagingSignatures {
        &self.staging
    }

    /// The same image for each host that it goes to: what was validated holds for all of them.
    pub(super) fn by_host(self) -> BTreeMap<RegistryHost, Self> {
        let mut parts: BTreeMap<RegistryHost, Self> = BTreeMap::new();
        let Self {
            mut work,
            staging,
            children,
            beside,
        } = self;
        for destination in std::mem::take(&mut work.destinations) {
            let part = parts
                .entry(destination.repository.host())
                .or_insert_with(|| Self {
                    work: work.clone(),
                    staging: Arc::clone(&staging),
                    children: Arc::clone(&children),
                    beside: Arc::clone(&beside),
                });
            part.work.destinations.push(destination);
        }
        parts
    }

    /// The evidence that goes with it to production, as evidence about `subject`.
    pub(super) fn carried(
        &self,
        run: &Run,
        subject: &Descriptor,
    ) -> Result<Vec<Evidence>, Failure> {
        let Some(judge) = asked_judge(run) else {
            return Ok(Vec::new());
        };
        let accepted = self.staging.accepted.iter();
        accepted
            .map(|accepted| judge.carried(accepted, subject))
            .collect()
    }
}

/// An image that passed, and what the report tells about its children.
type Judged = (ValidatedImage, Vec<StagingEvidence>);

async fn judge(
    run: Arc<Run>,
    image: ProvenanceVerifiedImage,
) -> (Option<Judged>, Vec<EdgeOutcome>) {
    let work = image.into_work();
    let name = format!("{}@{}", work.source, work.digest);
    match judge_all(&run, &work).await {
        Ok((staging, children, beside)) => {
            run.item_done(Phase::Validate, name, None);
            let image = ValidatedImage {
                work,
                staging: Arc::new(staging),
                children: children.carried.into(),
                beside: beside.into(),
            };
            (Some((image, children.told)), Vec::new())
        }
        Err(blocked) => {
            run.item_done(Phase::Validate, name, Some(blocked.code));
            (None, outcome::of_image(&work, &blocked))
        }
    }
}

async fn judge_all(
    run: &Run,
    work: &ImageWork,
) -> Result<(StagingSignatures, StagedChildren, Vec<Beside>), Blocked> {
    let (staging, children) = staging_signatures(run, work).await?;
    gate::pass(run, work, &staging.accepted).await?;
    let beside = if beside::can_wait(run) {
        Vec::new()
    } else {
        beside::look(run, work).await?
    };
    Ok((staging, children, beside))
}

async fn staging_signatures(
    run: &Run,
    work: &ImageWork,
) -> Result<(StagingSignatures, StagedChildren), Blocked> {
    let Some(judge) = asked_judge(run) else {
        return Ok(Default::default());
    };
    if run.interrupt.is_raised() {
        return Err(Blocked::interrupted(Phase::Validate));
    }
    let mut staging = of_image(run, judge, work).await?;
    let children = staged_children::look(run, judge, work, &mut staging).await?;
    Ok((staging, children))
}

async fn of_image(
    run: &Run,
    judge: &Judge,
    work: &ImageWork,
) -> Result<StagingSignatures, Blocked> {
    let failed = |failure| Blocked::failed(Phase::Validate, &failure);
    let read = async {
        let store = &run.ports.evidence;
        let evidence = store.read_bounded(&work.source, &work.digest).await?;
        let about = AboutImage {
            digest: &work.digest,
            identity: None,
            now: run.started,
        };
        let verification = judge.verify(about, &evidence.set).await?;
        Ok((evidence, verification))
    };
    let read = run.reads.evidence.get(&work.source, work.digest, read);
    let (evidence, verification) = read.await.map_err(failed)?;
    staging::decide(run, judge.trust(), work, verification, &evidence)
}

fn asked_judge(run: &Run) -> Option<&Judge> {
    match run.settings.staging {
        StagingPolicy::Off => None,
        StagingPolicy::IfPresent | StagingPolicy::Require => run.ports.staging.as_ref(),
    }
}
