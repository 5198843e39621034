//! Adding an image of staging to the images file that it belongs to.

use std::path::PathBuf;

use promo_core::manifest::{self, Addition};
use promo_core::oci::{Digest, ImageReference, Tag};
use serde::Serialize;

use super::Promoter;
use crate::error::{Error, Result};
use crate::files;
use crate::manifests::owning_manifest::{no_conflict, owning_manifest};
use crate::tree::TreeSource;

/// `promo.addition/v1`: what was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Added {
    schema: &'static str,
    /// The file that it was added to.
    pub file: String,
    /// The name of the image there.
    pub image: String,
    /// Its digest.
    pub digest: Digest,
    /// The tags in production; none is by digest only.
    pub tags: Vec<Tag>,
    /// Nothing was written if all of it stood there already.
    pub changed: bool,
}

impl Promoter {
    /// Adds an image with these tags, or with its own if there are none, to the promoter manifests of the settings: finds
    /// the place, asks for the digest, and writes the file.
    ///
    /// # Errors
    ///
    /// `PROMO-X033`, `PROMO-X034` if it has no place or its tag another digest, `PROMO-X010` if it isn't there, and those
    /// of reading the manifests and the registry.
    pub async fn add(&self, reference: &ImageReference, tags: &[Tag]) -> Result<Added> {
        let (source, set) = self.manifests()?;
        let tags: Vec<Tag> = match tags {
            [] => reference.tag().cloned().into_iter().collect(),
            tags => tags.to_vec(),
        };
        let owner = owning_manifest(&set, reference)?;
        let digest = self.digest(reference).await?.digest;
        no_conflict(&set, &owner, digest, &tags)?;
        let file = owner.manifest.images_file().as_str();
        let path: PathBuf = match source {
            TreeSource::Plain(path) => path.clone(),
            TreeSource::Thin(folder) => folder.join(file),
        };
        let bytes = files::read(&path, &files::MANIFESTS)?;
        let text = edited(file, &bytes, owner.name, digest, &tags)?;
        let changed = text.as_bytes() != bytes;
        if changed {
            files::replace(&path, &text)?;
        }
        Ok(Added {
            schema: "promo.addition/v1",
            file: path.display().to_string(),
            image: owner.name.to_owned(),
            digest,
            tags,
            changed,
        })
    }
}

/// The text of the file with the additions, one after the other.
fn edited(file: &str, bytes: &[u8], image: &str, digest: Digest, tags: &[Tag]) -> Result<String> {
    let mut wanted: Vec<Option<Tag>> = tags.iter().cloned().map(Some).collect();
    if wanted.is_empty() {
        wanted.push(None);
    }
    let mut text: Option<String> = None;
    for tag in wanted {
        let addition = Addition::new(image, digest, tag).map_err(|error| Error::Image {
            text: image.to_owned(),
            source: Box::new(error),
        })?;
        let now = text.as_ref().map_or(bytes, |text| text.as_bytes());
        let edited = manifest::add(file, now, &addition).map_err(|error| Error::Edit {
            file: file.to_owned(),
            source: Box::new(error),
        })?;
        text = Some(edited);
    }
    Ok(text.unwrap_or_default())
}
