//! Brings evidence to where it is missing: used by sign and attest, on one image at a time. Which evidence that is, and
//! who makes it, stands in `standing`.

use futures_util::future::{join, join_all};

use super::evidence_repository::{EvidenceRepository, Target};
use super::flow::Run;
use super::outcome::Blocked;
use super::refusal::{self, Refusal};
use super::standing::{self, Asked};
use crate::oci::{RawManifest, Repository};
use crate::ports::{AcceptedEvidence, Evidence, EvidenceKind, Failure, Phase};

/// Makes evidence of the kinds that are asked for stand in every repository. Repositories where
/// that fails say why in `blocked`. `Err` concerns all of them.
pub(super) async fn bring<F, Fut>(
    run: &Run,
    asked: Asked<'_>,
    repositories: &mut [EvidenceRepository],
    make: F,
) -> Result<(), Blocked>
where
    F: FnOnce(Vec<EvidenceKind>) -> Fut,
    Fut: Future<Output = Result<Vec<Evidence>, Failure>>,
{
    let Some(signing) = &run.signing else {
        return Ok(());
    };
    let pieces = standing::found_or_made(run, signing, asked, repositories, make).await?;
    let completing = repositories
        .iter_mut()
        .map(|repository| complete(run, asked, repository, &pieces));
    join_all(completing).await;
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

/// Attaches what a repository lacks, unless another image of the run did, which has this one among its children; and claims
/// what it holds then.
async fn complete(
    run: &Run,
    asked: Asked<'_>,
    repository: &mut EvidenceRepository,
    pieces: &[AcceptedEvidence],
) {
    if repository.blocked.is_some() {
        return;
    }
    let found = asked.target.subject(run).at(&repository.name);
    let _busy = found.busy.lock().await;
    let held = found.held();
    let lacking = pieces
        .iter()
        .filter(|piece| held.iter().all(|held| held.kind != piece.kind));
    let lacking: Vec<AcceptedEvidence> = lacking.cloned().collect();
    if !lacking.is_empty() {
        let evidence: Vec<_> = lacking.iter().map(|it| it.evidence.clone()).collect();
        attach(run, asked.phase, asked.target, repository, &evidence).await;
        if repository.blocked.is_some() {
            return;
        }
        found.add(&lacking);
    }
    let all = || held.iter().chain(&lacking);
    let of_kind = |kind: &EvidenceKind| all().find(|piece| piece.kind == *kind);
    let claimed = asked.kinds.iter().filter_map(of_kind);
    let claimed: Vec<Evidence> = claimed.map(|piece| piece.evidence.clone()).collect();
    repository.claim(asked.target.descriptor, claimed);
}

/// Attaches evidence: what refers to the image and what stands under shared tags, side by side.
pub(super) async fn attach(
    run: &Run,
    phase: Phase,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
    evidence: &[Evidence],
) {
    if repository.blocked.is_some() {
        return;
    }
    let (referrers, layers): (Vec<Evidence>, Vec<Evidence>) = evidence
        .iter()
        .cloned()
        .partition(|evidence| matches!(evidence, Evidence::Referrer { .. }));
    let EvidenceRepository {
        name,
        manifest_first,
        ..
    } = repository;
    let name: &Repository = name;
    let (referrers, layers) = join(
        attach_referrers(run, target, name, manifest_first, &referrers),
        attach_pieces(run, target, name, &layers),
    )
    .await;
    if let Err(failure) = referrers.and(layers) {
        repository.blocked =
            Some(Blocked::failed(phase, &failure).incomplete(repository.manifest_first));
    }
}

/// Attaches what refers to the image; where the registry refuses referrers whose subject isn't there, the subject is put
/// first.
async fn attach_referrers(
    run: &Run,
    target: Target<'_>,
    repository: &Repository,
    manifest_first: &mut bool,
    referrers: &[Evidence],
) -> Result<(), Failure> {
    let attach = || attach_pieces(run, target, repository, referrers);
    match target.manifest {
        Some(manifest) => or_put_subject(run, repository, manifest, manifest_first, attach).await,
        None => attach().await,
    }
}

async fn attach_pieces(
    run: &Run,
    target: Target<'_>,
    repository: &Repository,
    pieces: &[Evidence],
) -> Result<(), Failure> {
    if pieces.is_empty() {
        return Ok(());
    }
    let store = &run.ports.evidence;
    let attached = store.attach(repository, target.descriptor, pieces);
    attached.await.map(drop)
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
