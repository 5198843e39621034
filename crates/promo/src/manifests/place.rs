//! Where an image belongs in promoter manifests, and what keeps it from going there.

use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::{Digest, ImageReference, Tag};

use crate::error::PlacementError;

/// Where an image belongs.
pub(crate) struct Place<'a> {
    pub(crate) manifest: &'a PromoterManifest,
    pub(crate) name: &'a str,
}

/// The promoter manifest whose source registry is nearest to the image. Where several have that source, it is the one
/// that has the image already.
pub(crate) fn place<'a>(
    set: &'a ManifestSet,
    reference: &'a ImageReference,
) -> Result<Place<'a>, PlacementError> {
    let repository = reference.repository().as_str();
    let mut places: Vec<Place<'_>> = set
        .manifests()
        .iter()
        .filter_map(|manifest| {
            let name = repository.strip_prefix(manifest.source().as_str())?;
            let name = name.strip_prefix('/')?;
            Some(Place { manifest, name })
        })
        .collect();
    let nearest = places.iter().map(|place| place.name.len()).min();
    places.retain(|place| Some(place.name.len()) == nearest);
    let has_image = |place: &Place<'_>| {
        let mut images = place.manifest.images().iter();
        images.any(|image| image.name() == place.name)
    };
    if places.len() > 1 && places.iter().any(has_image) {
        places.retain(has_image);
    }
    if places.len() > 1 {
        let files = places.iter().map(|place| place.manifest.images_file());
        return Err(PlacementError::Several {
            repository: repository.to_owned(),
            files: files.map(|file| file.as_str().to_owned()).collect(),
        });
    }
    places.pop().ok_or_else(|| PlacementError::Nowhere {
        repository: repository.to_owned(),
    })
}

/// A tag can have one digest only: the plan would refuse both.
pub(crate) fn no_conflict(
    set: &ManifestSet,
    place: &Place<'_>,
    digest: Digest,
    tags: &[Tag],
) -> Result<(), PlacementError> {
    let destinations = place.manifest.destinations();
    // Two manifests conflict where they have a destination in common.
    let rivals = set.manifests().iter().filter(|manifest| {
        let mut theirs = manifest.destinations().iter();
        theirs.any(|theirs| destinations.contains(theirs))
    });
    let entries = rivals
        .flat_map(|manifest| manifest.images().iter().map(move |image| (manifest, image)))
        .filter(|(_, image)| image.name() == place.name)
        .flat_map(|(manifest, image)| image.digests().iter().map(move |entry| (manifest, entry)))
        .filter(|(_, entry)| entry.digest() != digest);
    for (manifest, entry) in entries {
        let taken = entry.tags().iter().find(|taken| tags.contains(taken.tag()));
        if let Some(taken) = taken {
            return Err(PlacementError::TagTaken {
                tag: taken.tag().clone(),
                name: place.name.to_owned(),
                digest: entry.digest(),
                place: format!("{}:{}", manifest.images_file(), taken.position()),
            });
        }
    }
    Ok(())
}
