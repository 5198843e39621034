//! Publish: puts the top manifests, by tag or by digest. From here on images can be pulled.
//!
//! It goes on after an interruption: everything that reaches it has its evidence in place, and publish looks at it
//! once more before it puts anything.

use std::sync::Arc;

use futures_util::future::join_all;

use super::EvidenceScope;
use super::attest::{Attested, AttestedImage};
use super::concurrent;
use super::ended::{EndedRun, PhaseStatus};
use super::error::codes;
use super::evidence_repository::EvidenceRepository;
use super::flow::{Flow, Run};
use super::group::ImageGroup;
use super::look_again::{LookedAt, look_again};
use super::outcome::{self, Blocked, BlockedClass, EdgeOutcome, EdgeResult};
use super::shown::shown;
use crate::Code;
use crate::identity::Identity;
use crate::oci::{Digest, DigestAlgorithm, ManifestReference, RawManifest, Tag};
use crate::plan::{DestinationWork, ImageWork, WantedTag};
use crate::ports::{Failure, Phase, Repetition};

/// A run that did all it could.
#[derive(Debug)]
pub struct Published {
    flow: Flow,
}

/// A repository that holds evidence, with everything that may be published as soon as that was looked at.
struct Waiting {
    repository: EvidenceRepository,
    identity: Identity,
    manifest: RawManifest,
    destinations: Vec<(Arc<ImageWork>, DestinationWork)>,
}

/// One destination of one image, ready to be published: its evidence was looked at last of all.
struct Publication<'a> {
    image: &'a ImageWork,
    manifest: &'a RawManifest,
    destination: &'a DestinationWork,
    proof: &'a LookedAt,
}

impl Publication<'_> {
    fn manifest_first(&self) -> bool {
        self.proof.manifest_first(&self.destination.repository)
    }

    fn published(&self) -> EdgeResult {
        EdgeResult::Published {
            manifest_first: self.manifest_first(),
        }
    }
}

impl Attested {
    /// Puts manifests and tags.
    pub async fn publish(self) -> Published {
        let (mut flow, passed) = self.into_parts();
        let run = Arc::clone(&flow.run);
        let waiting: Vec<Waiting> = passed
            .into_iter()
            .flat_map(|image| waiting(&run.settings.evidence, image))
            .collect();
        let destinations = waiting.iter().map(|it| it.destinations.len()).sum();
        flow.begin(Phase::Publish, destinations);
        let outcomes = concurrent::each_contained(
            run.settings.concurrency,
            waiting,
            |waiting| waiting.destinations.clone(),
            |waiting| publish(Arc::clone(&run), waiting),
            |destinations, panic| {
                let result = EdgeResult::Blocked(failed(panic));
                let outcomes = destinations.iter().flat_map(|(image, destination)| {
                    outcome::of_destination(image, destination, &result)
                });
                outcomes.collect()
            },
        )
        .await;
        let outcomes: Vec<EdgeOutcome> = outcomes.into_iter().flatten().collect();
        let blocked = outcomes
            .iter()
            .filter(|outcome| matches!(outcome.result, EdgeResult::Blocked(_)))
            .count();
        flow.end(
            Phase::Publish,
            PhaseStatus::Done,
            outcomes.len() - blocked,
            blocked,
        );
        flow.outcomes.extend(outcomes);
        Published { flow }
    }
}

impl Published {
    /// What several mirrors did, each apart, joined.
    pub(super) fn joined(flow: Flow) -> Self {
        Self { flow }
    }

    /// What a mirror did.
    pub(super) fn into_flow(self) -> Flow {
        self.flow
    }

    /// Ends the run, after its last phase.
    pub fn end(self) -> EndedRun {
        self.flow.end_run()
    }
}

/// What waits for the evidence in which repository: a destination for that in its own, or all of them for that in the
/// one repository that receives evidence.
fn waiting(scope: &EvidenceScope, image: AttestedImage) -> Vec<Waiting> {
    let group: ImageGroup = image.into_group();
    let images = group.images;
    let Some(first) = images.first() else {
        return Vec::new();
    };
    let mut waiting: Vec<Waiting> = group
        .repositories
        .into_iter()
        .map(|repository| Waiting {
            repository,
            identity: first.work().identity.clone(),
            manifest: first.manifest.clone(),
            destinations: Vec::new(),
        })
        .collect();
    for image in images {
        let work = Arc::new(image.validated.work);
        for destination in image.destinations {
            // Each destination has one: sign made the list of repositories from the destinations.
            let waits_for = waiting.iter_mut().find(|waiting| match scope {
                EvidenceScope::AllMirrors => waiting.repository.name == destination.work.repository,
                EvidenceScope::Canonical(_) => true,
            });
            debug_assert!(waits_for.is_some(), "no evidence: {:?}", destination.work);
            if let Some(Waiting { destinations, .. }) = waits_for {
                destinations.push((Arc::clone(&work), destination.work));
            }
        }
    }
    waiting
}

async fn publish(run: Arc<Run>, waiting: Waiting) -> Vec<EdgeOutcome> {
    let Waiting {
        repository,
        identity,
        manifest,
        destinations,
    } = waiting;
    let proof = look_again(&run, &identity, &manifest, repository).await;
    let each = destinations.iter().map(|(image, destination)| {
        let (run, proof, manifest) = (&*run, &proof, &manifest);
        async move {
            match proof {
                Ok(proof) => {
                    let publication = Publication {
                        image,
                        manifest,
                        destination,
                        proof,
                    };
                    publish_destination(run, &publication).await
                }
                Err(blocked) => block(run, image, destination, blocked),
            }
        }
    });
    let outcomes: Vec<Vec<EdgeOutcome>> = join_all(each).await;
    outcomes.into_iter().flatten().collect()
}

async fn publish_destination(run: &Run, publication: &Publication<'_>) -> Vec<EdgeOutcome> {
    let Publication {
        image, destination, ..
    } = *publication;
    let mut outcomes = Vec::new();
    for wanted in &destination.tags {
        let result = publish_tag(run, publication, wanted).await;
        let tag = Some(&wanted.tag);
        outcomes.push(outcome(run, image, destination, tag, result));
    }
    if destination.tagless {
        let result = publish_digest(run, publication).await;
        outcomes.push(outcome(run, image, destination, None, result));
    }
    outcomes
}

/// Blocks a destination whose evidence doesn't stand.
fn block(
    run: &Run,
    image: &ImageWork,
    destination: &DestinationWork,
    blocked: &Blocked,
) -> Vec<EdgeOutcome> {
    let tags = destination.tags.iter().map(|wanted| Some(&wanted.tag));
    tags.chain(destination.tagless.then_some(None))
        .map(|tag| outcome(run, image, destination, tag, Err(blocked.clone())))
        .collect()
}

fn outcome(
    run: &Run,
    image: &ImageWork,
    destination: &DestinationWork,
    tag: Option<&Tag>,
    result: Result<EdgeResult, Blocked>,
) -> EdgeOutcome {
    let result = result.unwrap_or_else(EdgeResult::Blocked);
    let blocked = match &result {
        EdgeResult::Blocked(blocked) => Some(blocked.code),
        _ => None,
    };
    let repository = &destination.repository;
    let name = match tag {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{}", image.digest),
    };
    run.item_done(Phase::Publish, name, blocked);
    EdgeOutcome {
        identity: image.identity.clone(),
        digest: image.digest,
        source: image.source.clone(),
        destination: repository.clone(),
        tag: tag.cloned(),
        result,
    }
}

/// One question, then the PUT, then a look at what the registry kept. Between question and PUT the tag could
/// move; registries offer no conditional PUT that holds, so this window remains. A pause would make it longer, so the question is
/// asked again before a PUT is repeated, and the evidence looked at.
async fn publish_tag(
    run: &Run,
    publication: &Publication<'_>,
    wanted: &WantedTag,
) -> Result<EdgeResult, Blocked> {
    let reference = ManifestReference::Tag(wanted.tag.clone());
    let mut repetition = Repetition::default();
    loop {
        if look(run, publication, wanted, &reference).await? {
            return Ok(if repetition.is_repeated() {
                publication.published()
            } else {
                EdgeResult::AlreadyThere
            });
        }
        if repetition.is_repeated() {
            publication.proof.still_stands(run).await?;
        }
        if !has_canonical_digest(publication.manifest) {
            put_by_digest(run, publication).await?;
        }
        match put(run, publication, &reference).await {
            Ok(confirmed) => return confirm(run, publication, &reference, confirmed).await,
            Err(failure) => {
                if !repetition.again(&failure, Some(&*run.ports.sleep)).await {
                    return Err(failed(failure));
                }
            }
        }
    }
}

/// Whether the tag points to the image already. Where it points elsewhere than the plan saw, it is blocked.
async fn look(
    run: &Run,
    publication: &Publication<'_>,
    wanted: &WantedTag,
    reference: &ManifestReference,
) -> Result<bool, Blocked> {
    let repository = &publication.destination.repository;
    let is_first = wanted.expected.is_none();
    let points_to = shown(run, repository, reference, is_first)
        .await
        .map_err(failed)?;
    if let Some(digest) = points_to {
        if is_ours(run, publication, reference, digest).await? {
            return Ok(true);
        }
        if Some(digest) != wanted.expected {
            let message = format!("the tag points to {digest} now");
            return Err(blocked(codes::TAG_MOVED, message));
        }
    } else if let Some(expected) = wanted.expected {
        let message = format!("the tag is gone; the plan saw it point to {expected}");
        return Err(blocked(codes::TAG_MOVED, message));
    }
    Ok(false)
}

async fn publish_digest(run: &Run, publication: &Publication<'_>) -> Result<EdgeResult, Blocked> {
    if publication.destination.digest_present {
        return Ok(EdgeResult::AlreadyThere);
    }
    if publication.manifest_first() {
        return Ok(publication.published());
    }
    put_by_digest(run, publication).await
}

/// Puts the image by its digest. By SHA-256, a tag brings it along; of a digest by another algorithm registries know
/// nothing unless it is put by that, and evidence speaks of that digest.
async fn put_by_digest(run: &Run, publication: &Publication<'_>) -> Result<EdgeResult, Blocked> {
    let reference = publication.manifest.digest().into();
    let confirmed = put(run, publication, &reference).await.map_err(failed)?;
    confirm(run, publication, &reference, confirmed).await
}

fn has_canonical_digest(manifest: &RawManifest) -> bool {
    manifest.digest().algorithm() == DigestAlgorithm::Sha256
}

/// Whether what the registry shows is the image. Where it shows a digest by another algorithm, the bytes decide.
async fn is_ours(
    run: &Run,
    publication: &Publication<'_>,
    reference: &ManifestReference,
    shown: Digest,
) -> Result<bool, Blocked> {
    let ours = publication.manifest.digest();
    if shown.algorithm() == ours.algorithm() {
        return Ok(shown == ours);
    }
    let registry = &run.ports.registry;
    let repository = &publication.destination.repository;
    let standing = registry.get_manifest(repository, reference).await;
    let standing = standing.map_err(failed)?;
    Ok(standing.is_some_and(|standing| ours.matches(standing.bytes())))
}

/// Puts the image; whether the registry's answer names its digest.
async fn put(
    run: &Run,
    publication: &Publication<'_>,
    reference: &ManifestReference,
) -> Result<bool, Failure> {
    let repository = &publication.destination.repository;
    let registry = &run.ports.registry;
    let answer = registry.put_manifest(repository, reference, publication.manifest);
    Ok(answer.await?.digest_confirmed)
}

/// Looks at what the registry kept, unless its answer told.
async fn confirm(
    run: &Run,
    publication: &Publication<'_>,
    reference: &ManifestReference,
    confirmed: bool,
) -> Result<EdgeResult, Blocked> {
    let repository = &publication.destination.repository;
    let published = publication.published();
    if confirmed {
        return Ok(published);
    }
    let mut found = shown(run, repository, reference, false)
        .await
        .map_err(failed)?;
    if found.is_none() {
        found = shown(run, repository, reference, true)
            .await
            .map_err(failed)?;
    }
    match found {
        Some(digest) if is_ours(run, publication, reference, digest).await? => Ok(published),
        Some(digest) => {
            let message = format!("the registry shows {digest} there");
            Err(blocked(codes::NOT_CONFIRMED, message))
        }
        None => {
            let message = "the registry shows nothing there";
            Err(blocked(codes::NOT_CONFIRMED, message))
        }
    }
}

fn blocked(code: Code, message: impl Into<String>) -> Blocked {
    Blocked::new(Phase::Publish, BlockedClass::Failed, code, message)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to `map_err`, which passes by value"
)]
fn failed(failure: Failure) -> Blocked {
    Blocked::failed(Phase::Publish, &failure)
}
