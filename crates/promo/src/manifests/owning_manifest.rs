//! The promoter manifest that an image belongs to, and what keeps the image from being written into it.

use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::{Digest, ImageReference, Tag};

use crate::error::PlacementError;

/// The promoter manifest that an image belongs to, and the name of the image in it.
pub(crate) struct OwningManifest<'a> {
    pub(crate) manifest: &'a PromoterManifest,
    pub(crate) name: &'a str,
}

/// The promoter manifest whose source registry is nearest to the image. Where several have that source, it is the one
/// that has the image already.
pub(crate) fn owning_manifest<'a>(
    set: &'a ManifestSet,
    reference: &'a ImageReference,
) -> Result<OwningManifest<'a>, PlacementError> {
    let repository = reference.repository().as_str();
    let mut owning: Vec<OwningManifest<'_>> = set
        .manifests()
        .iter()
        .filter_map(|manifest| {
            let name = repository.strip_prefix(manifest.source().as_str())?;
            let name = name.strip_prefix('/')?;
            Some(OwningManifest { manifest, name })
        })
        .collect();
    let nearest = owning.iter().map(|owner| owner.name.len()).min();
    owning.retain(|owner| Some(owner.name.len()) == nearest);
    let has_image = |owner: &OwningManifest<'_>| {
        let mut images = owner.manifest.images().iter();
        images.any(|image| image.name() == owner.name)
    };
    if owning.len() > 1 && owning.iter().any(has_image) {
        owning.retain(has_image);
    }
    if owning.len() > 1 {
        let files = owning.iter().map(|owner| owner.manifest.images_file());
        return Err(PlacementError::Several {
            repository: repository.to_owned(),
            files: files.map(|file| file.as_str().to_owned()).collect(),
        });
    }
    owning.pop().ok_or_else(|| PlacementError::Nowhere {
        repository: repository.to_owned(),
    })
}

/// A tag can have one digest only: the plan would refuse both.
pub(crate) fn no_conflict(
    set: &ManifestSet,
    owner: &OwningManifest<'_>,
    digest: Digest,
    tags: &[Tag],
) -> Result<(), PlacementError> {
    let destinations = owner.manifest.destinations();
    // Two manifests conflict where they have a destination in common.
    let rivals = set.manifests().iter().filter(|manifest| {
        let mut theirs = manifest.destinations().iter();
        theirs.any(|theirs| destinations.contains(theirs))
    });
    let entries = rivals
        .flat_map(|manifest| manifest.images().iter().map(move |image| (manifest, image)))
        .filter(|(_, image)| image.name() == owner.name)
        .flat_map(|(manifest, image)| image.digests().iter().map(move |entry| (manifest, entry)))
        .filter(|(_, entry)| entry.digest() != digest);
    for (manifest, entry) in entries {
        let taken = entry.tags().iter().find(|taken| tags.contains(taken.tag()));
        if let Some(taken) = taken {
            return Err(PlacementError::TagTaken {
                tag: taken.tag().clone(),
                name: owner.name.to_owned(),
                digest: entry.digest(),
                place: format!("{}:{}", manifest.images_file(), taken.position()),
            });
        }
    }
    Ok(())
}
