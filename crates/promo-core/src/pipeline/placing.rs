//! Brings evidence to where it is missing: used by sign and attest, on one image at a time.
//!
//! Evidence is made once per (identity, digest). What stands at any mirror and verifies as ours is reused,
//! byte for byte; only what stands nowhere is made anew.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use futures_util::lock::Mutex;

use super::SigningPorts;
use super::error::codes;
use super::flow::Run;
use super::outcome::{Blocked, BlockedClass};
use super::refusal::{self, Refusal};
use crate::identity::Identity;
use crate::oci::{Descriptor, RawManifest, Repository};
use crate::ports::{AcceptedEvidence, Evidence, EvidenceKind, EvidenceSet, Failure, Phase};

/// The image that evidence is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) identity: &'a Identity,
    pub(super) descriptor: &'a Descriptor,
    /// Its manifest, if it isn't in the registries yet: it is put first where that is asked for.
    pub(super) manifest: Option<&'a RawManifest>,
    /// What this run has made or found for it, where it is part of several images.
    pub(super) shared: Option<&'a Shared>,
}

/// The evidence about one digest that several images of a run bring: what one of them made, the others take.
pub(super) type Shared = Mutex<Vec<AcceptedEvidence>>;

/// A repository that shall hold evidence.
#[derive(Debug)]
pub(super) struct EvidenceRepository {
    pub(super) name: Repository,
    /// What was found or attached that verifies as ours; nothing if nobody looked yet.
    ours: Option<Vec<AcceptedEvidence>>,
    /// Why the evidence does not stand here.
    pub(super) blocked: Option<Blocked>,
    /// Whether the manifest had to be put before its evidence.
    pub(super) manifest_first: bool,
    /// What is claimed to stand here, and is looked at again before anything is published.
    pub(super) claims: Vec<Claim>,
}

/// A piece of evidence that was found or attached, and what it is about: the image, or a child of it.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) subject: Descriptor,
    pub(super) evidence: Evidence,
}

impl EvidenceRepository {
    pub(super) fn new(name: Repository) -> Self {
        Self {
            name,
            ours: None,
            blocked: None,
            manifest_first: false,
            claims: Vec::new(),
        }
    }

    /// Records that these pieces about `subject` stand, unless the repository was blocked.
    fn claim(&mut self, subject: &Descriptor, evidence: impl IntoIterator<Item = Evidence>) {
        if self.blocked.is_none() {
            self.claims
                .extend(evidence.into_iter().map(|evidence| Claim {
                    subject: subject.clone(),
                    evidence,
                }));
        }
    }

    fn holds(&self, kind: &EvidenceKind) -> Option<&AcceptedEvidence> {
        self.ours.iter().flatten().find(|ours| ours.kind == *kind)
    }
}

/// Makes evidence of `kinds` about `target` stand in every repository. Repositories where
/// that fails say why in `blocked`. `Err` concerns all of them.
pub(super) async fn bring<F, Fut>(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    mirrors: &[Repository],
    kinds: &[EvidenceKind],
    make: F,
) -> Result<(), Blocked>
where
    F: FnOnce(Vec<EvidenceKind>) -> Fut,
    Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
{
    let Some(signing) = &run.signing else {
        return Ok(());
    };
    let mut shared = match target.shared {
        Some(shared) => Some(shared.lock().await),
        None => None,
    };
    join_all(
        repositories
            .iter_mut()
            .map(|repository| survey(run, signing, phase, target, repository)),
    )
    .await;
    let mut standing: Vec<AcceptedEvidence> = kinds
        .iter()
        .filter_map(|kind| first_of(kind, shared.as_deref(), repositories))
        .collect();
    look_at_mirrors(run, signing, phase, target, mirrors, kinds, &mut standing).await;
    let made = make_missing(signing, phase, target, &standing, kinds, make).await?;
    let all: Vec<AcceptedEvidence> = standing.into_iter().chain(made).collect();
    if let Some(shared) = &mut shared {
        let known: Vec<EvidenceKind> = shared.iter().map(|it| it.kind.clone()).collect();
        shared.extend(all.iter().filter(|it| !known.contains(&it.kind)).cloned());
    }
    join_all(repositories.iter_mut().map(|repository| {
        let lacking: Vec<_> = all
            .iter()
            .filter(|evidence| repository.holds(&evidence.kind).is_none())
            .cloned()
            .collect();
        complete(run, phase, target, repository, lacking)
    }))
    .await;
    for repository in repositories {
        let held = kinds.iter().filter_map(|kind| repository.holds(kind));
        let held: Vec<Evidence> = held.map(|held| held.evidence.clone()).collect();
        repository.claim(target.descriptor, held);
    }
    Ok(())
}

/// Attaches evidence that comes from staging.
pub(super) async fn carry(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    carried: &[Evidence],
) {
    if carried.is_empty() {
        return;
    }
    join_all(
        repositories
            .iter_mut()
            .map(|repository| attach(run, phase, target, repository, carried)),
    )
    .await;
    for repository in repositories {
        repository.claim(target.descriptor, carried.iter().cloned());
    }
}

/// Finds out what a repository holds of ours, once.
async fn survey(
    run: &Run,
    signing: &SigningPorts,
    phase: Phase,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
) {
    if repository.ours.is_some() || repository.blocked.is_some() {
        return;
    }
    match ours_at(run, signing, target, &repository.name).await {
        Ok(ours) => repository.ours = Some(ours),
        Err(failure) => repository.blocked = Some(Blocked::failed(phase, &failure)),
    }
}

async fn ours_at(
    run: &Run,
    signing: &SigningPorts,
    target: Target<'_>,
    repository: &Repository,
) -> Result<Vec<AcceptedEvidence>, Failure> {
    let digest = &target.descriptor.digest;
    let held = run.ports.evidence.read(repository, digest).await?;
    verify(signing, target, &held).await
}

async fn verify(
    signing: &SigningPorts,
    target: Target<'_>,
    held: &EvidenceSet,
) -> Result<Vec<AcceptedEvidence>, Failure> {
    let digest = &target.descriptor.digest;
    let verification = signing
        .verifier
        .verify(digest, Some(target.identity), held)
        .await?;
    Ok(verification.accepted)
}

/// The piece of a kind that this run brings already, else the first that stands in a repository.
fn first_of(
    kind: &EvidenceKind,
    shared: Option<&Vec<AcceptedEvidence>>,
    repositories: &[EvidenceRepository],
) -> Option<AcceptedEvidence> {
    let known = shared.into_iter().flatten().find(|it| it.kind == *kind);
    let in_a_repository = || {
        repositories
            .iter()
            .find_map(|repository| repository.holds(kind))
    };
    known.or_else(in_a_repository).cloned()
}

/// Looks for what stands in none of the repositories at the other mirrors, which are read only if something is missing.
async fn look_at_mirrors(
    run: &Run,
    signing: &SigningPorts,
    phase: Phase,
    target: Target<'_>,
    mirrors: &[Repository],
    kinds: &[EvidenceKind],
    found: &mut Vec<AcceptedEvidence>,
) {
    for mirror in mirrors {
        if found.len() == kinds.len() {
            break;
        }
        let mut repository = EvidenceRepository::new(mirror.clone());
        survey(run, signing, phase, target, &mut repository).await;
        for kind in kinds {
            if !found.iter().any(|evidence| evidence.kind == *kind) {
                found.extend(repository.holds(kind).cloned());
            }
        }
    }
}

async fn make_missing<F, Fut>(
    signing: &SigningPorts,
    phase: Phase,
    target: Target<'_>,
    standing: &[AcceptedEvidence],
    kinds: &[EvidenceKind],
    make: F,
) -> Result<Vec<AcceptedEvidence>, Blocked>
where
    F: FnOnce(Vec<EvidenceKind>) -> Fut,
    Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
{
    let missing: Vec<EvidenceKind> = kinds
        .iter()
        .filter(|kind| !standing.iter().any(|evidence| evidence.kind == **kind))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |failure: Failure| Blocked::failed(phase, &failure);
    let evidence = make(missing.clone()).await.map_err(failed)?;
    let held = EvidenceSet {
        evidence,
        passed_over: Vec::new(),
    };
    // What can't be verified is no evidence, whoever made it.
    let accepted = verify(signing, target, &held).await.map_err(failed)?;
    let kinds_made: BTreeSet<_> = accepted.iter().map(|made| made.kind.clone()).collect();
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

/// Attaches what a repository lacks.
async fn complete(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
    lacking: Vec<AcceptedEvidence>,
) {
    if lacking.is_empty() {
        return;
    }
    let evidence: Vec<_> = lacking.iter().map(|e| e.evidence.clone()).collect();
    attach(run, phase, target, repository, &evidence).await;
    if repository.blocked.is_none() {
        repository.ours.get_or_insert_default().extend(lacking);
    }
}

/// Attaches evidence: what refers to the image first, then what stands under shared tags.
pub(super) async fn attach(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
    evidence: &[Evidence],
) {
    let (referrers, layers): (Vec<Evidence>, Vec<Evidence>) = evidence
        .iter()
        .cloned()
        .partition(|evidence| matches!(evidence, Evidence::Referrer { .. }));
    for pieces in [referrers, layers] {
        if pieces.is_empty() || repository.blocked.is_some() {
            continue;
        }
        if let Err(failure) = attach_or_put_subject(run, target, repository, &pieces).await {
            repository.blocked =
                Some(Blocked::failed(phase, &failure).incomplete(repository.manifest_first));
        }
    }
}

/// Attaches pieces; where the registry refuses referrers whose subject isn't there, the subject is put first.
async fn attach_or_put_subject(
    run: &Run,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
    pieces: &[Evidence],
) -> Result<(), Failure> {
    let store = &run.ports.evidence;
    let EvidenceRepository {
        name,
        manifest_first,
        ..
    } = repository;
    let name: &Repository = name;
    let attach = || async {
        let attached = store.attach(name, target.descriptor, pieces);
        attached.await.map(drop)
    };
    let is_referrer = |piece: &Evidence| matches!(piece, Evidence::Referrer { .. });
    match target.manifest {
        Some(manifest) if pieces.iter().all(is_referrer) => {
            or_put_subject(run, name, manifest, manifest_first, attach).await
        }
        _ => attach().await,
    }
}

/// Puts what refers to an image; where the registry refuses it because its subject isn't there, the subject is put
/// first, once, and `manifest_first` tells so.
pub(super) async fn or_put_subject<F, Fut>(
    run: &Run,
    repository: &Repository,
    subject: &RawManifest,
    manifest_first: &mut bool,
    put: F,
) -> Result<(), Failure>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let meaning = |result: &Result<(), Failure>| match result {
        Err(failure) if !*manifest_first => refusal::meaning(failure),
        _ => Refusal::Other,
    };
    let mut result = put().await;
    if matches!(meaning(&result), Refusal::Unclear | Refusal::OfTheList) {
        // What kept the registry from taking it may be over by now.
        result = put().await;
    }
    if matches!(meaning(&result), Refusal::OfTheList | Refusal::Other) {
        return result;
    }
    let reference = subject.digest().into();
    let registry = &run.ports.registry;
    registry
        .put_manifest(repository, &reference, subject)
        .await?;
    *manifest_first = true;
    put().await
}
