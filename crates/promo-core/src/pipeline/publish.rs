//! Publish: puts the top manifests, by tag or by digest. From here on images can be pulled.
//!
//! It goes on after an interruption: everything that reaches it has its evidence in place.

use std::sync::Arc;

use super::attest::Attested;
use super::concurrent;
use super::error::codes;
use super::flow::{Flow, PhaseStatus, Run};
use super::outcome::{self, EdgeOutcome, EdgeResult, Left, LeftClass};
use crate::Code;
use crate::oci::{Digest, DigestAlgorithm, ManifestReference, RawManifest, Repository, Tag};
use crate::plan::{DestinationWork, ImageWork, WantedTag};
use crate::ports::{Failure, Phase, Repetition};
use crate::report::Report;

/// A run that did all it could.
#[derive(Debug)]
pub struct Published {
    flow: Flow,
}

/// One destination of one image, ready to be published.
struct Publication {
    image: Arc<ImageWork>,
    manifest: RawManifest,
    destination: DestinationWork,
    manifest_first: bool,
}

impl Publication {
    fn published(&self) -> EdgeResult {
        EdgeResult::Published {
            manifest_first: self.manifest_first,
        }
    }
}

impl Published {
    pub(super) async fn publish(before: Attested) -> Self {
        let Attested { mut flow, passed } = before;
        let mut publications = Vec::new();
        for image in passed.into_iter().flat_map(|image| image.signed.images) {
            let work = Arc::new(image.validated.work);
            for destination in image.destinations {
                publications.push(Publication {
                    image: Arc::clone(&work),
                    manifest: image.manifest.clone(),
                    manifest_first: destination.manifest_first,
                    destination: destination.work,
                });
            }
        }
        flow.begin(Phase::Publish, publications.len());
        let run = Arc::clone(&flow.run);
        let outcomes = concurrent::each_contained(
            run.settings.concurrency,
            publications,
            |publication| {
                (
                    Arc::clone(&publication.image),
                    publication.destination.clone(),
                )
            },
            |publication| publish(Arc::clone(&run), publication),
            |(image, destination), panic| {
                let result = EdgeResult::Left(failed(panic));
                outcome::of_destination(&image, &destination, &result)
            },
        )
        .await;
        let outcomes: Vec<EdgeOutcome> = outcomes.into_iter().flatten().collect();
        let left = outcomes
            .iter()
            .filter(|outcome| matches!(outcome.result, EdgeResult::Left(_)))
            .count();
        flow.end(
            Phase::Publish,
            PhaseStatus::Done,
            outcomes.len() - left,
            left,
        );
        flow.outcomes.extend(outcomes);
        Self { flow }
    }

    /// The report of the run.
    pub fn into_report(self) -> Report {
        self.flow.into_report()
    }
}

async fn publish(run: Arc<Run>, publication: Publication) -> Vec<EdgeOutcome> {
    let mut outcomes = Vec::new();
    for wanted in &publication.destination.tags {
        let result = publish_tag(&run, &publication, wanted).await;
        outcomes.push(outcome(&run, &publication, Some(&wanted.tag), result));
    }
    if publication.destination.tagless {
        let result = publish_digest(&run, &publication).await;
        outcomes.push(outcome(&run, &publication, None, result));
    }
    outcomes
}

fn outcome(
    run: &Run,
    publication: &Publication,
    tag: Option<&Tag>,
    result: Result<EdgeResult, Left>,
) -> EdgeOutcome {
    let image = &publication.image;
    let result = result.unwrap_or_else(EdgeResult::Left);
    let left = match &result {
        EdgeResult::Left(left) => Some(left.code),
        _ => None,
    };
    let repository = &publication.destination.repository;
    let name = match tag {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{}", image.digest),
    };
    run.item_done(Phase::Publish, name, left);
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
/// move; registries offer no conditional PUT that holds, so this window remains. It must not grow by pauses: before a
/// PUT is repeated, the question is asked again.
async fn publish_tag(
    run: &Run,
    publication: &Publication,
    wanted: &WantedTag,
) -> Result<EdgeResult, Left> {
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
        if !has_canonical_digest(&publication.manifest) {
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

/// Whether the tag points to the image already. Where it points elsewhere than the plan saw, it is left.
async fn look(
    run: &Run,
    publication: &Publication,
    wanted: &WantedTag,
    reference: &ManifestReference,
) -> Result<bool, Left> {
    let repository = &publication.destination.repository;
    let is_first = wanted.expected.is_none();
    let points_to = shown(run, repository, reference, is_first).await?;
    if let Some(digest) = points_to {
        if is_ours(run, publication, reference, digest).await? {
            return Ok(true);
        }
        if Some(digest) != wanted.expected {
            let message = format!("the tag points to {digest} now");
            return Err(left(codes::TAG_MOVED, message));
        }
    } else if let Some(expected) = wanted.expected {
        let message = format!("the tag is gone; the plan saw it point to {expected}");
        return Err(left(codes::TAG_MOVED, message));
    }
    Ok(false)
}

async fn publish_digest(run: &Run, publication: &Publication) -> Result<EdgeResult, Left> {
    if publication.destination.digest_present {
        return Ok(EdgeResult::AlreadyThere);
    }
    if publication.manifest_first {
        return Ok(publication.published());
    }
    put_by_digest(run, publication).await
}

/// Puts the image by its digest. By SHA-256, a tag brings it along; of a digest by another algorithm registries know
/// nothing unless it is put by that, and evidence speaks of that digest.
async fn put_by_digest(run: &Run, publication: &Publication) -> Result<EdgeResult, Left> {
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
    publication: &Publication,
    reference: &ManifestReference,
    shown: Digest,
) -> Result<bool, Left> {
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
    publication: &Publication,
    reference: &ManifestReference,
) -> Result<bool, Failure> {
    let repository = &publication.destination.repository;
    let registry = &run.ports.registry;
    let answer = registry.put_manifest(repository, reference, &publication.manifest);
    Ok(answer.await?.digest_confirmed)
}

/// Looks at what the registry kept, unless its answer told.
async fn confirm(
    run: &Run,
    publication: &Publication,
    reference: &ManifestReference,
    confirmed: bool,
) -> Result<EdgeResult, Left> {
    let repository = &publication.destination.repository;
    let published = publication.published();
    if confirmed {
        return Ok(published);
    }
    let mut found = shown(run, repository, reference, false).await?;
    if found.is_none() {
        found = shown(run, repository, reference, true).await?;
    }
    match found {
        Some(digest) if is_ours(run, publication, reference, digest).await? => Ok(published),
        Some(digest) => {
            let message = format!("the registry shows {digest} there");
            Err(left(codes::NOT_CONFIRMED, message))
        }
        None => {
            let message = "the registry shows nothing there";
            Err(left(codes::NOT_CONFIRMED, message))
        }
    }
}

/// The digest that a registry shows. By HEAD some show nothing of what is there, so it takes a GET to believe that
/// there is nothing.
async fn shown(
    run: &Run,
    repository: &Repository,
    reference: &ManifestReference,
    by_get: bool,
) -> Result<Option<Digest>, Left> {
    let registry = &run.ports.registry;
    if by_get {
        let manifest = registry.get_manifest(repository, reference).await;
        let manifest = manifest.map_err(failed)?;
        return Ok(manifest.map(|manifest| manifest.digest()));
    }
    let head = registry.head_manifest(repository, reference).await;
    Ok(head.map_err(failed)?.map(|head| head.digest))
}

fn left(code: Code, message: impl Into<String>) -> Left {
    Left::new(Phase::Publish, LeftClass::Failed, code, message)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to `map_err`, which passes by value"
)]
fn failed(failure: Failure) -> Left {
    Left::failed(Phase::Publish, &failure)
}
