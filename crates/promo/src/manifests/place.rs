//! Where an image belongs in promoter manifests, and what keeps it from going there.

use promo_core::Code;
use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::{Digest, ImageReference, Tag};

use crate::ending::Ending;
use crate::error::Error;

/// Why an image can't be added to the promoter manifests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// `PROMO-X033`: no manifest has its registry as source.
    #[error("no promoter manifest has a source registry that `{repository}` is in")]
    Nowhere {
        /// The repository of the image.
        repository: String,
    },
    /// `PROMO-X033`: several manifests do.
    #[error("`{repository}` could go into each of {}", files.join(", "))]
    Several {
        /// The repository of the image.
        repository: String,
        /// Their files of images.
        files: Vec<String>,
    },
    /// `PROMO-X034`: a tag can have one digest only, and has another one.
    #[error("the tag `{tag}` of `{name}` belongs to {digest} already, at {place}")]
    TagTaken {
        /// The tag.
        tag: Tag,
        /// The name of the image.
        name: String,
        /// What has it.
        digest: Digest,
        /// Where that stands: file, line and column.
        place: String,
    },
}

impl PlacementError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Nowhere { .. } | Self::Several { .. } => "PROMO-X033",
            Self::TagTaken { .. } => "PROMO-X034",
        })
    }

    /// What it means for the whole.
    pub fn ending(&self) -> Ending {
        match self {
            Self::TagTaken { .. } => Ending::Refused,
            _ => Ending::Usage,
        }
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::TagTaken { .. } => "give it another tag, or remove that one first",
            _ => "an image is added to the manifest whose registry with `src: true` it is in",
        };
        vec![hint.to_owned()]
    }
}

impl From<PlacementError> for Error {
    fn from(error: PlacementError) -> Self {
        Self::Placement(Box::new(error))
    }
}

/// Where an image belongs.
pub(super) struct Place<'a> {
    pub(super) manifest: &'a PromoterManifest,
    pub(super) name: &'a str,
}

/// The promoter manifest whose source registry is nearest to the image. Where several have that source, it is the one
/// that has the image already.
pub(super) fn place<'a>(
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
pub(super) fn no_conflict(
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
