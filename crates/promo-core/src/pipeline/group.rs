//! Images of one (identity, digest) together: work in progress from sign to publish. They share their evidence, and the
//! repositories where it shall stand. That it does stand anywhere, the phases' own types say.

use std::collections::{BTreeMap, BTreeSet};

use super::EvidenceScope;
use super::evidence_repository::EvidenceRepository;
use super::flow::{Item, Run};
use super::outcome::{self, Blocked, EdgeOutcome, EdgeResult};
use super::promote::PromotedImage;
use super::settings;
use super::standing::Mirrors;
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest, Repository};
use crate::plan::ImageWork;
use crate::ports::Phase;

/// The images of one (identity, digest), one for each source that it comes from.
#[derive(Debug)]
pub(super) struct ImageGroup {
    pub(super) images: Vec<PromotedImage>,
    pub(super) repositories: Vec<EvidenceRepository>,
    /// Where evidence may stand besides.
    pub(super) mirrors: Mirrors,
    /// The children of an index that are signed and attested as well.
    pub(super) children: Vec<Child>,
}

/// A child of an index, with the repositories where its evidence shall stand.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) descriptor: Descriptor,
    pub(super) repositories: Vec<EvidenceRepository>,
}

impl Item for ImageGroup {
    fn works(&self) -> Vec<ImageWork> {
        self.images.iter().flat_map(Item::works).collect()
    }
}

impl ImageGroup {
    /// The first of its promotions. There is always one: a group is made from its images, and one
    /// that lost all of them is dropped.
    pub(super) fn first(&self) -> Option<&PromotedImage> {
        self.images.first()
    }

    /// Ends its part in a phase that makes evidence: what has none is blocked, and observers are told.
    pub(super) fn conclude(
        self,
        run: &Run,
        phase: Phase,
        name: String,
        result: Result<(), Blocked>,
    ) -> (Option<Self>, Vec<EdgeOutcome>) {
        let (image, outcomes) = match result {
            Ok(()) => self.block_failed(&run.settings.evidence),
            Err(blocked) => (None, self.block(&blocked)),
        };
        let blocked = outcomes.iter().find_map(EdgeOutcome::blocked_by);
        let blocked = blocked.filter(|_| image.is_none());
        run.item_done(phase, name, blocked);
        (image, outcomes)
    }

    /// Blocks everything for one reason. Where the manifest had to be put first, the image is shown already.
    fn block(self, blocked: &Blocked) -> Vec<EdgeOutcome> {
        let mut outcomes = Vec::new();
        for image in &self.images {
            for destination in &image.destinations {
                let mut repositories = self.repositories.iter();
                let is_shown = repositories.any(|repository| {
                    repository.manifest_first && repository.name == destination.work.repository
                });
                let blocked = blocked.clone().incomplete(blocked.incomplete || is_shown);
                let result = EdgeResult::Blocked(blocked);
                let edges =
                    outcome::of_destination(&image.validated.work, &destination.work, &result);
                outcomes.extend(edges);
            }
        }
        outcomes
    }

    /// Why evidence does not stand in the first repository where it doesn't.
    fn first_blocked(&self) -> Option<Blocked> {
        let mut repositories = self.repositories.iter();
        repositories.find_map(|repository| repository.blocked.clone())
    }

    /// Blocks the destinations at which evidence does not stand.
    fn block_failed(mut self, scope: &EvidenceScope) -> (Option<Self>, Vec<EdgeOutcome>) {
        if let EvidenceScope::Canonical(_) = scope
            && let Some(blocked) = self.first_blocked()
        {
            return (None, self.block(&blocked));
        }
        let failed: BTreeMap<Repository, Blocked> = self
            .repositories
            .iter()
            .filter_map(|repository| {
                let blocked = repository.blocked.clone()?;
                let is_incomplete = blocked.incomplete || repository.manifest_first;
                Some((repository.name.clone(), blocked.incomplete(is_incomplete)))
            })
            .collect();
        let mut outcomes = Vec::new();
        for image in &mut self.images {
            for destination in std::mem::take(&mut image.destinations) {
                match failed.get(&destination.work.repository) {
                    None => image.destinations.push(destination),
                    Some(blocked) => outcomes.extend(outcome::of_destination(
                        &image.validated.work,
                        &destination.work,
                        &EdgeResult::Blocked(blocked.clone()),
                    )),
                }
            }
        }
        self.images.retain(|image| !image.destinations.is_empty());
        self.repositories
            .retain(|repository| repository.blocked.is_none());
        ((!self.images.is_empty()).then_some(self), outcomes)
    }
}

/// Images of one (identity, digest) together, with the repositories where their evidence shall stand.
pub(super) fn group(run: &Run, images: Vec<PromotedImage>) -> Vec<ImageGroup> {
    let mut groups: BTreeMap<(Identity, Digest), Vec<PromotedImage>> = BTreeMap::new();
    for image in images {
        let key = (image.work().identity.clone(), image.work().digest);
        groups.entry(key).or_default().push(image);
    }
    groups
        .into_values()
        .map(|images| {
            let (receiving, complete) = repositories(&run.settings.evidence, &images);
            let apart = apart(run, &images, &receiving);
            let receiving = receiving.into_iter().map(EvidenceRepository::new);
            let mut repositories: Vec<_> = receiving.collect();
            for repository in &mut repositories {
                let mut destinations = images.iter().flat_map(|image| &image.destinations);
                repository.manifest_first = destinations.any(|destination| {
                    destination.manifest_first && destination.work.repository == repository.name
                });
            }
            ImageGroup {
                images,
                repositories,
                mirrors: Mirrors { apart, complete },
                children: Vec::new(),
            }
        })
        .collect()
}

/// The other repositories that the images go to, on their own way through the phases.
fn apart(run: &Run, images: &[PromotedImage], receiving: &BTreeSet<Repository>) -> Vec<Repository> {
    let Some(first) = images.first() else {
        return Vec::new();
    };
    let work = first.work();
    let all = run.shared.repositories(&work.identity, work.digest);
    all.filter(|repository| !receiving.contains(*repository))
        .cloned()
        .collect()
}

/// Where evidence shall stand, and the mirrors that may have some already.
fn repositories(
    scope: &EvidenceScope,
    images: &[PromotedImage],
) -> (BTreeSet<Repository>, Vec<Repository>) {
    let destinations: BTreeSet<Repository> = images
        .iter()
        .flat_map(|image| &image.destinations)
        .map(|destination| destination.work.repository.clone())
        .collect();
    let complete: BTreeSet<Repository> = images
        .iter()
        .flat_map(|image| &image.work().complete_mirrors)
        .cloned()
        .collect();
    match scope {
        EvidenceScope::AllMirrors => (destinations, complete.into_iter().collect()),
        EvidenceScope::Canonical(host) => {
            let all: BTreeSet<Repository> = destinations.union(&complete).cloned().collect();
            let canonical = settings::canonical(host, &all).cloned();
            let mirrors = all
                .into_iter()
                .filter(|repository| Some(repository) != canonical.as_ref())
                .collect();
            (canonical.into_iter().collect(), mirrors)
        }
    }
}
