//! Appends layers to a shared tag: read, append, put, read back, and again if others interfered.
//!
//! Registries offer no compare-and-swap (the CNCF registry ignores `If-Match`), so what another
//! process writes between our read and our put is lost unless it, too, reads back.

use promo_core::oci::{Digest, ManifestReference, Repository};
use promo_core::ports::{EvidenceBlob, Failure, Repetition, TagSuffix};

use super::tag_image::TagImage;
use super::{MAX_PIECES, OciEvidenceStore, blob, read};
use crate::Error;

/// How often an update is tried before it is given up.
const ATTEMPTS: usize = 5;

impl OciEvidenceStore {
    /// Appends those layers that aren't there and says how many they were.
    pub(super) async fn append(
        &self,
        repository: &Repository,
        digest: &Digest,
        suffix: TagSuffix,
        layers: &[&EvidenceBlob],
    ) -> Result<u64, Failure> {
        let tag = digest.evidence_tag(suffix.as_str());
        let reference = ManifestReference::from(tag.clone());
        check(layers, suffix)?;
        let mut sent = vec![false; layers.len()];
        let mut repetition = Repetition::default();
        for _ in 0..=ATTEMPTS {
            let mut image = self.standing(repository, digest, suffix).await?;
            let mut complete = true;
            for (layer, sent) in layers.iter().zip(&mut sent) {
                if image.contains(&layer.descriptor) {
                    continue;
                }
                complete = false;
                if !*sent {
                    self.write_blob(repository, layer).await?;
                    *sent = true;
                }
                image.push(&layer.descriptor)?;
            }
            if complete {
                return Ok(sent.iter().filter(|sent| **sent).count() as u64);
            }
            let config = image.config()?;
            self.write_blob(repository, &config).await?;
            let manifest = image.manifest(&config.descriptor)?;
            let put = self
                .registry
                .put_manifest(repository, &reference, &manifest);
            if let Err(failure) = put.await
                // Somebody else may have put it meanwhile, so it is read again.
                && !repetition.again(&failure, self.sleep.as_deref()).await
            {
                return Err(failure);
            }
        }
        let repository = repository.clone();
        Err(Error::Contended { repository, tag }.into())
    }

    /// What stands under the tag, or an image without layers. Anything that isn't an image of such
    /// layers is refused: it would have to be overwritten.
    async fn standing(
        &self,
        repository: &Repository,
        digest: &Digest,
        suffix: TagSuffix,
    ) -> Result<TagImage, Failure> {
        let tag = digest.evidence_tag(suffix.as_str());
        let reference = ManifestReference::from(tag.clone());
        let Some(manifest) = self.registry.get_manifest(repository, &reference).await? else {
            return Ok(TagImage::new());
        };
        let foreign = |found| Error::ForeignTag {
            repository: repository.clone(),
            tag: tag.clone(),
            found,
        };
        if manifest.media_type().is_index() {
            return Err(foreign("an index").into());
        }
        let image = TagImage::read(&manifest, read::layer_type(suffix))
            .ok_or_else(|| foreign("a manifest with other content"))?;
        if image.len() >= MAX_PIECES {
            return Err(foreign("an image with too many layers").into());
        }
        Ok(image)
    }
}

/// Refuses to push what the store itself would pass over.
fn check(layers: &[&EvidenceBlob], suffix: TagSuffix) -> Result<(), Error> {
    for layer in layers {
        blob::check(layer)?;
        if layer.descriptor.media_type.as_str() != read::layer_type(suffix) {
            return Err(Error::Inconsistent {
                reason: "a layer is not of the type that stands under its tag",
            });
        }
    }
    Ok(())
}
