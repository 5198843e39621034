//! Digests without a tag: the digest alone doesn't say that an edge is published, its evidence does.
//!
//! An index brings its children before anything is signed, so a run that was killed leaves digests that
//! have none; so does a registry that wants the manifest before its evidence. A confirmed run that signs therefore
//! looks for the promotion attestation of each such digest, which is attached last of all. Where it is, the edge is
//! published; where it isn't, the edge is work. (docs/decisions/0014)

use std::collections::BTreeSet;
use std::sync::Arc;

use super::flow::Run;
use super::outcome::{self, Blocked, EdgeOutcome, EdgeResult};
use super::{EvidenceScope, Mode, SigningPorts, concurrent, settings};
use crate::oci::Repository;
use crate::plan::ImageWork;
use crate::ports::{Evidence, EvidenceKind, Failure, Phase};
use crate::trust::AboutImage;

/// Those of the images whose evidence doesn't stand at some destination, with these destinations; and what could not
/// be found out. Nothing is asked in a run that doesn't sign.
pub(super) async fn without_evidence(
    run: &Arc<Run>,
    images: Vec<ImageWork>,
) -> (Vec<ImageWork>, Vec<EdgeOutcome>) {
    if run.mode != Mode::Confirmed || run.signing.is_none() {
        return (Vec::new(), Vec::new());
    }
    let examined = concurrent::each_contained(
        run.settings.concurrency,
        images,
        ImageWork::clone,
        |image| examine(Arc::clone(run), image),
        |image, panic| {
            let blocked = Blocked::failed(Phase::Plan, &panic);
            (None, outcome::of_image(&image, &blocked))
        },
    )
    .await;
    let mut without_evidence = Vec::new();
    let mut outcomes = Vec::new();
    for (image, undecided) in examined {
        without_evidence.extend(image);
        outcomes.extend(undecided);
    }
    (without_evidence, outcomes)
}

async fn examine(run: Arc<Run>, mut image: ImageWork) -> (Option<ImageWork>, Vec<EdgeOutcome>) {
    let Some(signing) = &run.signing else {
        return (None, Vec::new());
    };
    let mut outcomes = Vec::new();
    // What was accepted at one mirror is known at the next.
    let mut known = Vec::new();
    if let EvidenceScope::Canonical(host) = &run.settings.evidence {
        let destinations = image.destinations.iter().map(|it| it.repository.clone());
        let all: BTreeSet<Repository> = destinations
            .chain(image.complete_mirrors.iter().cloned())
            .collect();
        let Some(repository) = settings::canonical(host, &all) else {
            return (None, outcomes);
        };
        return match has_evidence(&run, signing, &image, repository, &mut known).await {
            Ok(true) => (None, outcomes),
            Ok(false) => (Some(image), outcomes),
            Err(failure) => {
                let blocked = Blocked::failed(Phase::Plan, &failure);
                (None, outcome::of_image(&image, &blocked))
            }
        };
    }
    for destination in std::mem::take(&mut image.destinations) {
        match has_evidence(&run, signing, &image, &destination.repository, &mut known).await {
            Ok(true) => {}
            Ok(false) => image.destinations.push(destination),
            Err(failure) => {
                let blocked = EdgeResult::Blocked(Blocked::failed(Phase::Plan, &failure));
                outcomes.extend(outcome::of_destination(&image, &destination, &blocked));
            }
        }
    }
    ((!image.destinations.is_empty()).then_some(image), outcomes)
}

/// Whether the attestations that are attached last stand in a repository.
async fn has_evidence(
    run: &Run,
    signing: &SigningPorts,
    image: &ImageWork,
    repository: &Repository,
    known: &mut Vec<Evidence>,
) -> Result<bool, Failure> {
    for kind in signing.attester.kinds() {
        let EvidenceKind::Attestation { predicate_type } = &kind else {
            return Ok(false);
        };
        let store = &run.ports.evidence;
        let held = store
            .find_attestations(repository, &image.digest, predicate_type, known)
            .await?;
        let about = AboutImage {
            digest: &image.digest,
            identity: Some(&image.identity),
            now: run.ports.clock.now(),
        };
        let verification = signing.judge.verify(about, &held).await?;
        let mut accepted = verification.accepted.into_iter();
        match accepted.find(|accepted| accepted.kind == kind) {
            Some(accepted) if known.contains(&accepted.evidence) => {}
            Some(accepted) => known.push(accepted.evidence),
            None => return Ok(false),
        }
    }
    Ok(true)
}
