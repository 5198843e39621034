//! The children of an index: signed and attested as well where that is asked for (`recursive`), and what of their evidence
//! in staging is carried is attached to them in any case. Called by sign and attest, after the index itself. They are
//! in the registries already: promote put them.
//!
//! A child may be part of several images of a run, or an image of its own there. Its evidence is made once
//! (`shared_evidence`).

use std::collections::BTreeMap;

use super::SigningPorts;
use super::evidence_repository::{EvidenceRepository, Target};
use super::flow::Run;
use super::group::{Child, ImageGroup};
use super::making;
use super::outcome::Blocked;
use super::placing;
use super::promote::PromotedImage;
use crate::oci::{Descriptor, Digest, ImageReference};
use crate::ports::{Evidence, Phase, PromotionRecord};

/// Signs the children of an image wherever the image itself is signed, if that is asked for, and attaches what is
/// carried.
pub(super) async fn sign(run: &Run, image: &mut ImageGroup) -> Result<(), Blocked> {
    let Some(first) = image.first() else {
        return Ok(());
    };
    let identity = first.work().identity.clone();
    let mut carried = carried(&image.images);
    let signed = if run.settings.recursive {
        first.children.clone()
    } else {
        Vec::new()
    };
    for descriptor in signed {
        let mut repositories = going(&image.repositories);
        let evidence = carried.remove(&descriptor.digest).map(|(_, it)| it);
        let target = Target {
            identity: &identity,
            descriptor: &descriptor,
            manifest: None,
        };
        making::sign(run, target, &mut repositories, &image.mirrors).await?;
        let evidence = evidence.unwrap_or_default();
        placing::carry(run, Phase::Sign, target, &mut repositories, &evidence).await;
        take_over(&mut image.repositories, &mut repositories);
        image.children.push(Child {
            descriptor,
            repositories,
        });
    }
    for (descriptor, evidence) in carried.values() {
        let mut repositories = going(&image.repositories);
        let target = Target {
            identity: &identity,
            descriptor,
            manifest: None,
        };
        placing::carry(run, Phase::Sign, target, &mut repositories, evidence).await;
        take_over(&mut image.repositories, &mut repositories);
    }
    Ok(())
}

/// The repositories that are not blocked, for another subject.
fn going(repositories: &[EvidenceRepository]) -> Vec<EvidenceRepository> {
    let going = repositories
        .iter()
        .filter(|repository| repository.blocked.is_none());
    going
        .map(|repository| EvidenceRepository::new(repository.name.clone()))
        .collect()
}

/// What all sources of the image carry for its children, each piece once.
fn carried(images: &[PromotedImage]) -> BTreeMap<Digest, (Descriptor, Vec<Evidence>)> {
    let mut all: BTreeMap<Digest, (Descriptor, Vec<Evidence>)> = BTreeMap::new();
    for child in images
        .iter()
        .flat_map(|image| image.validated.children.iter())
    {
        let (_, pieces) = all
            .entry(child.descriptor.digest)
            .or_insert_with(|| (child.descriptor.clone(), Vec::new()));
        for piece in &child.carried {
            if !pieces.contains(piece) {
                pieces.push(piece.clone());
            }
        }
    }
    all
}

/// Attests the children that were signed.
pub(super) async fn attest(
    run: &Run,
    signing: &SigningPorts,
    image_record: &PromotionRecord,
    image: &mut ImageGroup,
) -> Result<(), Blocked> {
    for Child {
        descriptor,
        mut repositories,
    } in std::mem::take(&mut image.children)
    {
        repositories.retain(|repository| {
            let mut going = image
                .repositories
                .iter()
                .filter(|repository| repository.blocked.is_none());
            going.any(|it| it.name == repository.name)
        });
        let record = record(image_record, descriptor);
        let target = making::target(&record, None);
        making::attest(
            run,
            signing,
            &record,
            target,
            &mut repositories,
            &image.mirrors,
        )
        .await?;
        take_over(&mut image.repositories, &mut repositories);
    }
    Ok(())
}

/// What the attestation of a child says: what that of the image says, and whose child it is. The tags are the image's.
fn record(of_image: &PromotionRecord, child: Descriptor) -> PromotionRecord {
    let here = |image: &ImageReference| {
        ImageReference::new(image.repository().clone(), None, Some(child.digest))
    };
    PromotionRecord {
        source: here(&of_image.source),
        destination: here(&of_image.destination),
        tags: Vec::new(),
        part_of: Some(of_image.destination.clone()),
        descriptor: child,
        ..of_image.clone()
    }
}

/// A child whose evidence could not be brought to a repository keeps the whole image from it; what stands about it is looked
/// at again together with what stands about the image.
fn take_over(repositories: &mut [EvidenceRepository], of_child: &mut [EvidenceRepository]) {
    for child in of_child {
        let repository = repositories
            .iter_mut()
            .find(|repository| repository.name == child.name);
        if let Some(repository) = repository {
            repository.claims.append(&mut child.claims);
            repository.blocked = child.blocked.take().or(repository.blocked.take());
        }
    }
}
