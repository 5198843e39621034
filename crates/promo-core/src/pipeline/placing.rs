//! Brings evidence to where it is missing: used by sign and attest, on one image at a time.
//!
//! Evidence is made once per (identity, digest). What stands at any mirror and verifies as ours is reused,
//! byte for byte; only what stands nowhere is made anew.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use futures_util::lock::Mutex;

use super::ProofPorts;
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
pub(super) struct Place {
    pub(super) repository: Repository,
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

impl Place {
    pub(super) fn new(repository: Repository) -> Self {
        Self {
            repository,
            ours: None,
            blocked: None,
            manifest_first: false,
            claims: Vec::new(),
        }
    }

    /// Records that these pieces about `subject` stand, unless the place was blocked.
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

/// Makes evidence of `kinds` about `target` stand at every place, and what is carried, too. Places where
/// that fails say why in `blocked`. `Err` concerns all of them.
pub(super) async fn bring<F, Fut>(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    places: &mut [Place],
    mirrors: &[Repository],
    kinds: &[EvidenceKind],
    make: F,
) -> Result<(), Blocked>
where
    F: FnOnce(Vec<EvidenceKind>) -> Fut,
    Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
{
    let Some(proof) = &run.signing else {
        return Ok(());
    };
    let mut shared = match target.shared {
        Some(shared) => Some(shared.lock().await),
        None => None,
    };
    join_all(
        places
            .iter_mut()
            .map(|place| survey(run, proof, phase, target, place)),
    )
    .await;
    let mut standing: Vec<AcceptedEvidence> = kinds
        .iter()
        .filter_map(|kind| first_of(kind, shared.as_deref(), places))
        .collect();
    look_at_mirrors(run, proof, phase, target, mirrors, kinds, &mut standing).await;
    let made = make_missing(proof, phase, target, &standing, kinds, make).await?;
    let all: Vec<AcceptedEvidence> = standing.into_iter().chain(made).collect();
    if let Some(shared) = &mut shared {
        let known: Vec<EvidenceKind> = shared.iter().map(|it| it.kind.clone()).collect();
        shared.extend(all.iter().filter(|it| !known.contains(&it.kind)).cloned());
    }
    join_all(places.iter_mut().map(|place| {
        let lacking: Vec<_> = all
            .iter()
            .filter(|evidence| place.holds(&evidence.kind).is_none())
            .cloned()
            .collect();
        complete(run, phase, target, place, lacking)
    }))
    .await;
    for place in places {
        let held = kinds.iter().filter_map(|kind| place.holds(kind));
        let held: Vec<Evidence> = held.map(|held| held.evidence.clone()).collect();
        place.claim(target.descriptor, held);
    }
    Ok(())
}

/// Attaches evidence that comes from staging.
pub(super) async fn carry(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    places: &mut [Place],
    carried: &[Evidence],
) {
    if carried.is_empty() {
        return;
    }
    join_all(
        places
            .iter_mut()
            .map(|place| attach(run, phase, target, place, carried)),
    )
    .await;
    for place in places {
        place.claim(target.descriptor, carried.iter().cloned());
    }
}

/// Finds out what a place holds of ours, once.
async fn survey(
    run: &Run,
    proof: &ProofPorts,
    phase: Phase,
    target: Target<'_>,
    place: &mut Place,
) {
    if place.ours.is_some() || place.blocked.is_some() {
        return;
    }
    match ours_at(run, proof, target, &place.repository).await {
        Ok(ours) => place.ours = Some(ours),
        Err(failure) => place.blocked = Some(Blocked::failed(phase, &failure)),
    }
}

async fn ours_at(
    run: &Run,
    proof: &ProofPorts,
    target: Target<'_>,
    repository: &Repository,
) -> Result<Vec<AcceptedEvidence>, Failure> {
    let digest = &target.descriptor.digest;
    let held = run.ports.evidence.read(repository, digest).await?;
    verify(proof, target, &held).await
}

async fn verify(
    proof: &ProofPorts,
    target: Target<'_>,
    held: &EvidenceSet,
) -> Result<Vec<AcceptedEvidence>, Failure> {
    let digest = &target.descriptor.digest;
    let verification = proof
        .verifier
        .verify(digest, Some(target.identity), held)
        .await?;
    Ok(verification.accepted)
}

/// The piece of a kind that this run brings already, else the first that stands at a place.
fn first_of(
    kind: &EvidenceKind,
    shared: Option<&Vec<AcceptedEvidence>>,
    places: &[Place],
) -> Option<AcceptedEvidence> {
    let known = shared.into_iter().flatten().find(|it| it.kind == *kind);
    let at_a_place = || places.iter().find_map(|place| place.holds(kind));
    known.or_else(at_a_place).cloned()
}

/// Looks for what stands at no place at the other mirrors, which are read only if something is missing.
async fn look_at_mirrors(
    run: &Run,
    proof: &ProofPorts,
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
        let mut place = Place::new(mirror.clone());
        survey(run, proof, phase, target, &mut place).await;
        for kind in kinds {
            if !found.iter().any(|evidence| evidence.kind == *kind) {
                found.extend(place.holds(kind).cloned());
            }
        }
    }
}

async fn make_missing<F, Fut>(
    proof: &ProofPorts,
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
    // What can't be verified is not proof, whoever made it.
    let accepted = verify(proof, target, &held).await.map_err(failed)?;
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

/// Attaches what a place lacks.
async fn complete(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    place: &mut Place,
    lacking: Vec<AcceptedEvidence>,
) {
    if lacking.is_empty() {
        return;
    }
    let evidence: Vec<_> = lacking.iter().map(|e| e.evidence.clone()).collect();
    attach(run, phase, target, place, &evidence).await;
    if place.blocked.is_none() {
        place.ours.get_or_insert_default().extend(lacking);
    }
}

/// Attaches evidence: what refers to the image first, then what stands under shared tags.
pub(super) async fn attach(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    place: &mut Place,
    evidence: &[Evidence],
) {
    let (referrers, layers): (Vec<Evidence>, Vec<Evidence>) = evidence
        .iter()
        .cloned()
        .partition(|evidence| matches!(evidence, Evidence::Referrer { .. }));
    for pieces in [referrers, layers] {
        if pieces.is_empty() || place.blocked.is_some() {
            continue;
        }
        if let Err(failure) = attach_or_put_subject(run, target, place, &pieces).await {
            place.blocked = Some(Blocked::failed(phase, &failure).incomplete(place.manifest_first));
        }
    }
}

/// Attaches pieces; where the registry refuses referrers whose subject isn't there, the subject is put first.
async fn attach_or_put_subject(
    run: &Run,
    target: Target<'_>,
    place: &mut Place,
    pieces: &[Evidence],
) -> Result<(), Failure> {
    let store = &run.ports.evidence;
    let Place {
        repository,
        manifest_first,
        ..
    } = place;
    let repository: &Repository = repository;
    let attach = || async {
        let attached = store.attach(repository, target.descriptor, pieces);
        attached.await.map(drop)
    };
    let is_referrer = |piece: &Evidence| matches!(piece, Evidence::Referrer { .. });
    match target.manifest {
        Some(manifest) if pieces.iter().all(is_referrer) => {
            or_put_subject(run, repository, manifest, manifest_first, attach).await
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
        // It may have been about to pass.
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
