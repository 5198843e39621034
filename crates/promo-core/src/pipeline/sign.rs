//! Sign: makes signatures stand at every destination, before the image itself is there.
//!
//! From here on images of one (identity, digest) go together: they share their evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::EvidenceScope;
use super::attest::Attested;
use super::children::{self, Child, SharedEvidence};
use super::flow::{Flow, Item, Run};
use super::outcome::{self, EdgeOutcome, EdgeResult, Left};
use super::placing::{self, Place, Target};
use super::promote::{Promoted, PromotedImage};
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest, RegistryHost, Repository};
use crate::plan::ImageWork;
use crate::ports::{Evidence, EvidenceKind, Failure, Phase, SignatureFormat, Subject};

/// Images whose signatures stand.
#[derive(Debug)]
pub struct Signed {
    pub(super) flow: Flow,
    pub(super) passed: Vec<SignedImage>,
}

/// Proof that the signatures of one (identity, digest) stand at all its remaining destinations, or
/// that the run was told to go without. Only this phase makes it.
#[derive(Debug)]
pub struct SignedImage {
    pub(super) images: Vec<PromotedImage>,
    pub(super) places: Vec<Place>,
    pub(super) mirrors: Vec<Repository>,
    /// The children of an index that are signed and attested as well.
    pub(super) children: Vec<Child>,
    pub(super) shared: SharedEvidence,
}

impl Signed {
    pub(super) async fn sign(before: Promoted) -> Self {
        let Promoted { mut flow, passed } = before;
        let mut groups = group(&flow.run.settings.evidence, passed);
        if flow.run.settings.recursive {
            children::share(&mut groups);
        }
        let status = flow.run.proof_status();
        let signed = flow.carry_out(Phase::Sign, status, groups, sign).await;
        Self {
            flow,
            passed: signed,
        }
    }

    /// The images whose signatures stand.
    pub fn passed(&self) -> &[SignedImage] {
        &self.passed
    }

    /// Attests their promotion.
    pub async fn attest(self) -> Attested {
        Attested::attest(self).await
    }
}

impl Item for SignedImage {
    fn works(&self) -> Vec<ImageWork> {
        self.images.iter().flat_map(Item::works).collect()
    }
}

impl SignedImage {
    /// The promotions of this image: one for each source it comes from.
    pub fn images(&self) -> &[PromotedImage] {
        &self.images
    }

    /// The first of its promotions. There is always one: a group is made from its images, and one
    /// that lost all of them is dropped.
    pub(super) fn first(&self) -> Option<&PromotedImage> {
        self.images.first()
    }

    /// Ends its part in a phase that makes proof: what has none is left, and observers are told.
    pub(super) fn conclude(
        self,
        run: &Run,
        phase: Phase,
        name: String,
        result: Result<(), Left>,
    ) -> (Option<Self>, Vec<EdgeOutcome>) {
        let (image, outcomes) = match result {
            Ok(()) => self.leave_failed(&run.settings.evidence),
            Err(left) => (None, self.leave(&left)),
        };
        let left = outcomes.iter().find_map(|outcome| match &outcome.result {
            EdgeResult::Left(left) => Some(left.code),
            _ => None,
        });
        run.item_done(phase, name, left);
        (image, outcomes)
    }

    /// Leaves everything for one reason. Where the manifest had to be put first, the image is shown already.
    fn leave(self, left: &Left) -> Vec<EdgeOutcome> {
        let mut outcomes = Vec::new();
        for image in &self.images {
            for destination in &image.destinations {
                let mut places = self.places.iter();
                let is_shown = places.any(|place| {
                    place.manifest_first && place.repository == destination.work.repository
                });
                let left = left.clone().incomplete(left.incomplete || is_shown);
                let result = EdgeResult::Left(left);
                let edges =
                    outcome::of_destination(&image.validated.work, &destination.work, &result);
                outcomes.extend(edges);
            }
        }
        outcomes
    }

    /// Leaves the destinations at which evidence does not stand.
    fn leave_failed(mut self, scope: &EvidenceScope) -> (Option<Self>, Vec<EdgeOutcome>) {
        if let EvidenceScope::Canonical(_) = scope
            && let Some(left) = self.places.iter().find_map(|place| place.left.clone())
        {
            return (None, self.leave(&left));
        }
        let failed: BTreeMap<Repository, Left> = self
            .places
            .iter()
            .filter_map(|place| {
                let left = place.left.clone()?;
                let is_incomplete = left.incomplete || place.manifest_first;
                Some((place.repository.clone(), left.incomplete(is_incomplete)))
            })
            .collect();
        let mut outcomes = Vec::new();
        for image in &mut self.images {
            for destination in std::mem::take(&mut image.destinations) {
                match failed.get(&destination.work.repository) {
                    None => image.destinations.push(destination),
                    Some(left) => outcomes.extend(outcome::of_destination(
                        &image.validated.work,
                        &destination.work,
                        &EdgeResult::Left(left.clone()),
                    )),
                }
            }
        }
        self.images.retain(|image| !image.destinations.is_empty());
        self.places.retain(|place| place.left.is_none());
        ((!self.images.is_empty()).then_some(self), outcomes)
    }
}

/// Images of one (identity, digest) together, with the places where their evidence shall stand.
fn group(scope: &EvidenceScope, images: Vec<PromotedImage>) -> Vec<SignedImage> {
    let mut groups: BTreeMap<(Identity, Digest), Vec<PromotedImage>> = BTreeMap::new();
    for image in images {
        let key = (image.work().identity.clone(), image.work().digest);
        groups.entry(key).or_default().push(image);
    }
    groups
        .into_values()
        .map(|images| {
            let (places, mirrors) = places(scope, &images);
            let mut places: Vec<Place> = places.into_iter().map(Place::new).collect();
            for place in &mut places {
                let mut destinations = images.iter().flat_map(|image| &image.destinations);
                place.manifest_first = destinations.any(|destination| {
                    destination.manifest_first && destination.work.repository == place.repository
                });
            }
            SignedImage {
                images,
                places,
                mirrors,
                children: Vec::new(),
                shared: SharedEvidence::default(),
            }
        })
        .collect()
}

/// Where evidence shall stand, and the mirrors that may have some already.
fn places(
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
            let canonical = canonical(host, &all).cloned();
            let mirrors = all
                .into_iter()
                .filter(|repository| Some(repository) != canonical.as_ref())
                .collect();
            (canonical.into_iter().collect(), mirrors)
        }
    }
}

/// The one place of evidence among all destinations of an image.
pub(super) fn canonical<'a>(
    host: &RegistryHost,
    all: &'a BTreeSet<Repository>,
) -> Option<&'a Repository> {
    all.iter()
        .find(|repository| repository.host_str() == host.as_str())
        .or(all.first())
}

async fn sign(run: Arc<Run>, mut image: SignedImage) -> (Option<SignedImage>, Vec<EdgeOutcome>) {
    let Some(first) = image.first() else {
        return (None, Vec::new());
    };
    let name = format!("{}@{}", first.work().identity, first.work().digest);
    let result = if run.interrupt.is_raised() {
        Err(Left::interrupted(Phase::Sign))
    } else {
        sign_all(&run, &mut image).await
    };
    image.conclude(&run, Phase::Sign, name, result)
}

/// Signs the image and, where that is asked for, its children.
async fn sign_all(run: &Run, image: &mut SignedImage) -> Result<(), Left> {
    let Some(first) = image.first() else {
        return Ok(());
    };
    let (identity, manifest) = (first.work().identity.clone(), first.manifest.clone());
    let descriptor = manifest.descriptor();
    let shared = image.shared.clone();
    let target = Target {
        identity: &identity,
        descriptor: &descriptor,
        manifest: Some(&manifest),
        shared: shared.of(&identity, descriptor.digest),
    };
    let carried = carried(run, &image.images, &descriptor)
        .map_err(|failure| Left::failed(Phase::Sign, &failure))?;
    sign_one(run, target, &mut image.places, &image.mirrors).await?;
    placing::carry(run, Phase::Sign, target, &mut image.places, &carried).await;
    children::sign(run, image).await
}

/// What all sources of the image carry, each piece once, in their order.
fn carried(
    run: &Run,
    images: &[PromotedImage],
    subject: &Descriptor,
) -> Result<Vec<Evidence>, Failure> {
    let mut carried: Vec<Evidence> = Vec::new();
    for image in images {
        for evidence in image.validated.carried(run, subject)? {
            if !carried.contains(&evidence) {
                carried.push(evidence);
            }
        }
    }
    Ok(carried)
}

/// Makes the signatures of one manifest stand.
pub(super) async fn sign_one(
    run: &Run,
    target: Target<'_>,
    places: &mut [Place],
    mirrors: &[Repository],
) -> Result<(), Left> {
    let Some(proof) = &run.ports.proof else {
        return Ok(());
    };
    let kinds: Vec<EvidenceKind> = proof
        .signer
        .formats()
        .iter()
        .map(|format| EvidenceKind::Signature { format: *format })
        .collect();
    let subject = Subject {
        identity: target.identity.clone(),
        descriptor: target.descriptor.clone(),
    };
    let make = |missing: Vec<EvidenceKind>| async move {
        let formats: Vec<SignatureFormat> = missing
            .iter()
            .filter_map(|kind| match kind {
                EvidenceKind::Signature { format } => Some(*format),
                _ => None,
            })
            .collect();
        proof.signer.sign(&subject, &formats).await
    };
    placing::bring(run, Phase::Sign, target, places, mirrors, &kinds, make).await
}
