//! Which evidence about a subject stands anywhere, and what stands nowhere and is made: once per (identity, digest),
//! whoever wants it first. Used by `placing`, which then brings it to where it is missing.
//!
//! What stands at any mirror and verifies as ours is reused, byte for byte. Mirrors that are still on their way through
//! earlier phases are looked at as well, but not waited for when they are slow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};

use super::SigningPorts;
use super::error::codes;
use super::evidence_repository::{EvidenceRepository, Target};
use super::flow::Run;
use super::outcome::{Blocked, BlockedClass};
use super::shared_evidence::Subject;
use crate::oci::Repository;
use crate::ports::{AcceptedEvidence, Evidence, EvidenceKind, EvidenceSet, Failure, Phase};
use crate::trust::AboutImage;

/// How long is waited for mirrors that go through the phases apart to say what stands there. A piece that stands at a
/// mirror which is slower than that may be made once more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where evidence may stand besides the repositories that shall receive it.
#[derive(Debug, Default)]
pub(super) struct Mirrors {
    /// Those that are to receive it as well, on their own way through the phases.
    pub(super) apart: Vec<Repository>,
    /// Those where nothing is missing.
    pub(super) complete: Vec<Repository>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) phase: Phase,
    pub(super) target: Target<'a>,
    pub(super) mirrors: &'a Mirrors,
    pub(super) kinds: &'a [EvidenceKind],
}

/// A piece of each kind: what stands, else what is made. Finds out what the repositories hold on the way; those that
/// can't say it are blocked. `Err` concerns all of them.
pub(super) async fn found_or_made<F, Fut>(
    run: &Run,
    signing: &SigningPorts,
    asked: Asked<'_>,
    repositories: &mut [EvidenceRepository],
    make: F,
) -> Result<Vec<AcceptedEvidence>, Blocked>
where
    F: FnOnce(Vec<EvidenceKind>) -> Fut,
    Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
{
    let looking = Looking {
        run,
        signing,
        asked,
        subject: &asked.target.subject(run),
    };
    let surveys = repositories.iter_mut().map(|it| looking.survey(it));
    join_all(surveys).await;
    let mut standing = looking.subject.standing.lock().await;
    if let Some(blocked) = &standing.failed {
        return Err(blocked.clone());
    }
    let mut pieces = Pieces {
        kinds: asked.kinds,
        pieces: Vec::new(),
    };
    pieces.add(&standing.pieces);
    for repository in repositories.iter().filter(|it| it.blocked.is_none()) {
        pieces.add(&looking.subject.at(&repository.name).held());
    }
    looking.look_apart(&mut pieces).await;
    looking.look_at_complete_mirrors(&mut pieces).await;
    match looking.make(pieces.missing(), make).await {
        Ok(made) => pieces.add(&made),
        Err(blocked) => {
            standing.failed = Some(blocked.clone());
            return Err(blocked);
        }
    }
    let new = |it: &&AcceptedEvidence| !standing.pieces.iter().any(|known| known.kind == it.kind);
    let new: Vec<_> = pieces.pieces.iter().filter(new).cloned().collect();
    standing.pieces.extend(new);
    Ok(pieces.pieces)
}

/// A piece of each kind, as far as they are found.
struct Pieces<'a> {
    kinds: &'a [EvidenceKind],
    pieces: Vec<AcceptedEvidence>,
}

impl Pieces<'_> {
    fn missing(&self) -> Vec<EvidenceKind> {
        let is_found = |kind: &EvidenceKind| self.pieces.iter().any(|piece| piece.kind == *kind);
        let missing = self.kinds.iter().filter(|kind| !is_found(kind));
        missing.cloned().collect()
    }

    fn is_complete(&self) -> bool {
        self.pieces.len() == self.kinds.len()
    }

    /// The first piece of each kind that is missing.
    fn add(&mut self, found: &[AcceptedEvidence]) {
        for kind in self.missing() {
            let piece = found.iter().find(|piece| piece.kind == kind);
            self.pieces.extend(piece.cloned());
        }
    }
}

/// What looking for evidence takes.
struct Looking<'a> {
    run: &'a Run,
    signing: &'a SigningPorts,
    asked: Asked<'a>,
    subject: &'a Subject,
}

impl Looking<'_> {
    /// Finds out what a repository holds of ours; one that can't say it is blocked.
    async fn survey(&self, repository: &mut EvidenceRepository) {
        if repository.blocked.is_none()
            && let Err(failure) = self.ours_at(&repository.name).await
        {
            repository.blocked = Some(Blocked::failed(self.asked.phase, &failure));
        }
    }

    /// What a repository holds of ours: read once, by whoever asks first.
    async fn ours_at(&self, repository: &Repository) -> Result<Vec<AcceptedEvidence>, Failure> {
        let found = self.subject.at(repository);
        if let Some(ours) = found.ours() {
            return ours;
        }
        let _busy = found.busy.lock().await;
        if let Some(ours) = found.ours() {
            return ours;
        }
        let digest = &self.asked.target.descriptor.digest;
        let (store, forms) = (&self.run.ports.evidence, self.signing.forms());
        let ours = match store.read(repository, digest, forms).await {
            Ok(held) => self.verify(&held).await,
            Err(failure) => Err(failure),
        };
        found.set(ours.clone());
        ours
    }

    async fn verify(&self, held: &EvidenceSet) -> Result<Vec<AcceptedEvidence>, Failure> {
        let target = self.asked.target;
        let about = AboutImage {
            digest: &target.descriptor.digest,
            identity: Some(target.identity),
            now: self.run.ports.clock.now(),
        };
        Ok(self.signing.judge.verify(about, held).await?.accepted)
    }

    /// Looks for what is missing at all mirrors that go their own way; those that are slow are left out from then on.
    async fn look_apart(&self, pieces: &mut Pieces<'_>) {
        let apart = self.asked.mirrors.apart.iter();
        let apart: Vec<&Repository> = apart
            .filter(|repository| !self.run.shared.is_late(repository))
            .collect();
        if pieces.is_complete() || apart.is_empty() {
            return;
        }
        let looking = join_all(apart.iter().map(|repository| self.ours_at(repository)));
        let patience = self.run.ports.sleep.sleep(PATIENCE);
        let in_time = matches!(select(looking, patience).await, Either::Left(_));
        for repository in apart {
            match self.subject.at(repository).ours() {
                Some(ours) => pieces.add(&ours.unwrap_or_default()),
                None if !in_time => self.run.shared.set_late(repository),
                None => {}
            }
        }
    }

    /// Looks for what is missing at the mirrors where nothing is, one after the other.
    async fn look_at_complete_mirrors(&self, pieces: &mut Pieces<'_>) {
        for mirror in &self.asked.mirrors.complete {
            if pieces.is_complete() {
                return;
            }
            // What a mirror can't tell is made anew.
            let ours = self.ours_at(mirror).await.unwrap_or_default();
            pieces.add(&ours);
        }
    }

    async fn make<F, Fut>(
        &self,
        missing: Vec<EvidenceKind>,
        make: F,
    ) -> Result<Vec<AcceptedEvidence>, Blocked>
    where
        F: FnOnce(Vec<EvidenceKind>) -> Fut,
        Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
    {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let phase = self.asked.phase;
        let failed = |failure: Failure| Blocked::failed(phase, &failure);
        let evidence = make(missing.clone()).await.map_err(failed)?;
        let held = EvidenceSet {
            evidence,
            passed_over: Vec::new(),
        };
        // What can't be verified is no evidence, whoever made it.
        let accepted = self.verify(&held).await.map_err(failed)?;
        let kinds_made: BTreeSet<_> = accepted.iter().map(|made| &made.kind).collect();
        if missing.iter().any(|kind| !kinds_made.contains(kind)) {
            let message = "the verifier does not accept the evidence that was just made";
            return Err(Blocked::new(
                phase,
                BlockedClass::Refused,
                codes::EVIDENCE_MISSING,
                message,
            ));
        }
        Ok(accepted)
    }
}

impl Target<'_> {
    /// What the run knows about its evidence.
    pub(super) fn subject(&self, run: &Run) -> Arc<Subject> {
        run.shared.of(self.identity, self.descriptor.digest)
    }
}
