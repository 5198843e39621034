//! Promote: brings blobs and children of indexes to the destinations. The image's own manifest is kept
//! in memory: publish puts it when the evidence stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join;

use super::beside;
use super::ended::PhaseStatus;
use super::error::codes;
use super::flow::{Flow, Item, Run};
use super::intent::Confirmed;
use super::outcome::{self, Blocked, BlockedClass, EdgeOutcome, EdgeResult};
use super::push_check::{self, Closed};
use super::validate::{Validated, ValidatedImage};
use crate::oci::{Descriptor, RawManifest, Repository};
use crate::plan::{DestinationWork, ImageWork};
use crate::ports::{CopiedContent, CopyRequest, DestinationContent, FailureKind, Phase};

/// Images whose content is at their destinations.
#[derive(Debug)]
pub struct Promoted {
    flow: Flow,
    passed: Vec<PromotedImage>,
}

/// Proof that all content of one image, except its own manifest, is at its destinations. Only this phase
/// makes it.
#[derive(Debug)]
pub struct PromotedImage {
    pub(super) validated: ValidatedImage,
    pub(super) manifest: RawManifest,
    pub(super) children: Vec<Descriptor>,
    pub(super) left_behind: Vec<Descriptor>,
    pub(super) destinations: Vec<PromotedDestination>,
}

/// One destination that has all content of an image.
#[derive(Debug)]
pub struct PromotedDestination {
    pub(super) work: DestinationWork,
    pub(super) content: DestinationContent,
    /// Whether the manifest had to be put by digest before what refers to it.
    pub(super) manifest_first: bool,
}

impl PromotedImage {
    /// What is to be done with it.
    pub fn work(&self) -> &ImageWork {
        &self.validated.work
    }

    /// Its own manifest, as the source has it.
    pub fn manifest(&self) -> &RawManifest {
        &self.manifest
    }

    /// The destinations that have its content.
    pub fn destinations(&self) -> &[PromotedDestination] {
        &self.destinations
    }
}

impl Item for PromotedImage {
    fn works(&self) -> Vec<ImageWork> {
        let going = self.destinations.iter();
        vec![ImageWork {
            destinations: going.map(|destination| destination.work.clone()).collect(),
            ..self.validated.work.clone()
        }]
    }
}

impl PromotedDestination {
    /// What is to be done there.
    pub fn work(&self) -> &DestinationWork {
        &self.work
    }

    /// How the content came there.
    pub fn content(&self) -> &DestinationContent {
        &self.content
    }
}

impl Validated<Confirmed> {
    /// Copies content to the destinations. Only of a run that is confirmed can this be asked.
    pub async fn promote(mut self) -> Promoted {
        let run = Arc::clone(self.run());
        let told = self.tell_beside();
        let promoted = async {
            let asked = push_check::ask(&run, self.passed().iter().map(ValidatedImage::work)).await;
            let closed = Arc::clone(&asked.closed);
            let promoted = self.promote_to_open(closed);
            let (promoted, ()) = join(promoted, asked.give_up(&run)).await;
            promoted
        };
        let (mut promoted, beside) = join(promoted, told).await;
        promoted.flow.beside.extend(beside);
        promoted
    }

    /// The same, where it is known which destinations are closed.
    pub(super) async fn promote_to_open(self, closed: Arc<Closed>) -> Promoted {
        let (mut flow, passed, Confirmed { .. }) = self.into_parts();
        let promoted: Vec<PromotedImage> = flow
            .carry_out(Phase::Promote, PhaseStatus::Done, passed, |run, image| {
                copy(run, Arc::clone(&closed), image)
            })
            .await;
        for image in &promoted {
            let layers = beside::layers(image.work(), &image.left_behind);
            flow.beside.extend(layers);
        }
        Promoted {
            flow,
            passed: promoted,
        }
    }
}

impl Promoted {
    /// The images whose content is at their destinations.
    pub fn passed(&self) -> &[PromotedImage] {
        &self.passed
    }

    /// What the next phase works on.
    pub(super) fn into_parts(self) -> (Flow, Vec<PromotedImage>) {
        (self.flow, self.passed)
    }
}

async fn copy(
    run: Arc<Run>,
    closed: Arc<Closed>,
    mut image: ValidatedImage,
) -> (Option<PromotedImage>, Vec<EdgeOutcome>) {
    let name = format!("{}@{}", image.work.identity, image.work.digest);
    let mut outcomes = leave_closed(&closed, &mut image.work);
    if image.work.destinations.is_empty() {
        let blocked = outcomes.iter().find_map(EdgeOutcome::blocked_by);
        run.item_done(Phase::Promote, name, blocked);
        return (None, outcomes);
    }
    match bring(&run, &image).await {
        Ok((content, first)) => {
            let promoted = arrived(image, content, &first, &mut outcomes);
            let blocked = outcomes.iter().find_map(EdgeOutcome::blocked_by);
            let blocked = blocked.filter(|_| promoted.is_none());
            run.item_done(Phase::Promote, name, blocked);
            (promoted, outcomes)
        }
        Err(blocked) => {
            run.item_done(Phase::Promote, name, Some(blocked.code));
            outcomes.extend(outcome::of_image(&image.work, &blocked));
            (None, outcomes)
        }
    }
}

/// Takes the destinations that are closed out of the work.
fn leave_closed(closed: &Closed, work: &mut ImageWork) -> Vec<EdgeOutcome> {
    if closed.is_empty() {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    let destinations = std::mem::take(&mut work.destinations);
    for destination in destinations {
        match closed.get(&destination.repository) {
            None => work.destinations.push(destination),
            Some(blocked) => {
                let result = EdgeResult::Blocked(blocked.clone());
                outcomes.extend(outcome::of_destination(work, &destination, &result));
            }
        }
    }
    outcomes
}

/// Brings the image's content and what is carried with it. Also returns the repositories that wanted its own manifest first.
async fn bring(
    run: &Run,
    image: &ValidatedImage,
) -> Result<(CopiedContent, BTreeSet<Repository>), Blocked> {
    let mut content = copy_content(run, &image.work).await?;
    let first = beside::carry(run, &image.work, &image.beside, &mut content).await?;
    Ok((content, first))
}

async fn copy_content(run: &Run, work: &ImageWork) -> Result<CopiedContent, Blocked> {
    if run.interrupt.is_raised() {
        return Err(Blocked::interrupted(Phase::Promote));
    }
    if let Some(content) = standing_content(run, work).await? {
        return Ok(content);
    }
    let unique: BTreeSet<_> = work
        .destinations
        .iter()
        .map(|destination| destination.repository.clone())
        .collect();
    let destinations = unique.into_iter().collect();
    let request = CopyRequest::new(work.source.clone(), work.digest, destinations)
        .with_manifest(run.manifests.of(&work.source, work.digest))
        .with_partners(run.partners.of(work));
    let content = run.ports.copier.copy(&request).await;
    let content = content.map_err(|failure| match failure.kind() {
        FailureKind::NotFound => Blocked {
            hints: failure.hints().to_vec(),
            ..Blocked::new(
                Phase::Promote,
                BlockedClass::Failed,
                codes::LOST,
                format!("gone from staging: {}", failure.chain()),
            )
        },
        _ => Blocked::failed(Phase::Promote, &failure),
    })?;
    if content.manifest.digest() != work.digest {
        // Checked here whatever the copier does: only what the promoter manifest names is signed and published.
        return Err(Blocked::new(
            Phase::Promote,
            BlockedClass::Refused,
            codes::OTHER_IMAGE,
            format!("the copier brought {}", content.manifest.digest()),
        ));
    }
    Ok(content)
}

/// The content of an image that stands everywhere: nothing is copied, and its manifest is read where it is, since
/// staging may not have it any more. Its children are needed only where they are signed as well.
async fn standing_content(run: &Run, work: &ImageWork) -> Result<Option<CopiedContent>, Blocked> {
    let first = work.destinations.first();
    let Some(first) = first.filter(|_| work.stands && !run.settings.recursive) else {
        return Ok(None);
    };
    let registry = &run.ports.registry;
    let manifest = registry
        .get_manifest(&first.repository, &work.digest.into())
        .await
        .map_err(|failure| Blocked::failed(Phase::Promote, &failure))?;
    let destinations = work.destinations.iter();
    Ok(manifest.map(|manifest| CopiedContent {
        manifest,
        children: Vec::new(),
        left_behind: Vec::new(),
        destinations: destinations
            .map(|it| (it.repository.clone(), Ok(DestinationContent::default())))
            .collect(),
    }))
}

/// Sorts the destinations into those that have the content and those that are blocked.
fn arrived(
    image: ValidatedImage,
    content: CopiedContent,
    first: &BTreeSet<Repository>,
    outcomes: &mut Vec<EdgeOutcome>,
) -> Option<PromotedImage> {
    let results: BTreeMap<Repository, _> = content.destinations.into_iter().collect();
    let mut destinations = Vec::new();
    for work in &image.work.destinations {
        let blocked = match results.get(&work.repository) {
            Some(Ok(content)) => {
                destinations.push(PromotedDestination {
                    work: work.clone(),
                    content: *content,
                    manifest_first: first.contains(&work.repository),
                });
                continue;
            }
            Some(Err(failure)) => {
                let is_shown = first.contains(&work.repository);
                Blocked::failed(Phase::Promote, failure).incomplete(is_shown)
            }
            None => Blocked::new(
                Phase::Promote,
                BlockedClass::Failed,
                codes::LOST,
                "the copier said nothing about this destination",
            ),
        };
        let result = EdgeResult::Blocked(blocked);
        outcomes.extend(outcome::of_destination(&image.work, work, &result));
    }
    (!destinations.is_empty()).then_some(PromotedImage {
        validated: image,
        manifest: content.manifest,
        children: content.children,
        left_behind: content.left_behind,
        destinations,
    })
}
