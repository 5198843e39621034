//! Reads all evidence about a digest, and says what was passed over.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::oci::{Digest, MediaType, RawManifest, Repository};
use promo_core::ports::{Evidence, EvidenceBlob, EvidenceSet, Failure, TagSuffix};

use super::{MAX_PIECES, OciEvidenceStore};
use crate::Error;
use crate::manifest::{self, ImageManifest};

/// How many manifests or blobs of evidence are read at a time.
const CONCURRENCY: usize = 4;
/// The most layers in one manifest of a bundle: it has one.
const MAX_BUNDLE_LAYERS: usize = 16;

impl OciEvidenceStore {
    pub(super) async fn read_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        set: &mut EvidenceSet,
    ) -> Result<(), Failure> {
        let list = self.registry.referrers(repository, digest).await?;
        if list.descriptors.len() > MAX_PIECES {
            return Err(Error::TooManyReferrers {
                repository: repository.clone(),
                digest: *digest,
                found: list.descriptors.len(),
                limit: MAX_PIECES,
            }
            .into());
        }
        let pieces: Vec<(Digest, Result<Evidence, &'static str>)> = stream::iter(list.descriptors)
            .map(|descriptor| async move {
                let found = descriptor.digest;
                let piece = self.read_referrer(repository, digest, found).await?;
                Ok::<_, Failure>((found, piece))
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        for (found, piece) in pieces {
            match piece {
                Ok(evidence) => set.evidence.push(evidence),
                Err(reason) => set.passed_over.push((found, reason.to_owned())),
            }
        }
        Ok(())
    }

    async fn read_referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        digest: Digest,
    ) -> Result<Result<Evidence, &'static str>, Failure> {
        let reference = digest.into();
        let manifest = self.registry.get_manifest(repository, &reference).await?;
        let (manifest, image) = match recognise(manifest, subject) {
            Ok(recognised) => recognised,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut blobs: Vec<EvidenceBlob> = Vec::new();
        for descriptor in std::iter::once(&image.config).chain(&image.layers) {
            let known = blobs
                .iter()
                .find(|blob| blob.descriptor.digest == descriptor.digest);
            if let Some(known) = known {
                if known.descriptor.size == descriptor.size {
                    continue;
                }
                return Ok(Err("it names a blob with two sizes"));
            }
            match self.read_blob(repository, descriptor).await? {
                Ok(blob) => blobs.push(blob),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(Evidence::Referrer { manifest, blobs }))
    }

    pub(super) async fn read_tag(
        &self,
        repository: &Repository,
        digest: &Digest,
        suffix: TagSuffix,
        set: &mut EvidenceSet,
    ) -> Result<(), Failure> {
        let tag = digest.evidence_tag(suffix.as_str());
        let Some(manifest) = self.registry.get_manifest(repository, &tag.into()).await? else {
            return Ok(());
        };
        let Some(image) = ImageManifest::read(&manifest) else {
            let reason = format!(
                "it stands under {} and is no image manifest",
                suffix.as_str()
            );
            set.passed_over.push((manifest.digest(), reason));
            return Ok(());
        };
        if image.layers.len() > MAX_PIECES {
            let reason = format!("it has more than {MAX_PIECES} layers");
            set.passed_over.push((manifest.digest(), reason));
            return Ok(());
        }
        let pieces: Vec<_> = stream::iter(image.layers)
            .map(|layer| async move {
                if layer.media_type.as_str() != layer_type(suffix) {
                    return Ok((layer.digest, Err("its layer is of another type")));
                }
                let blob = self.read_blob(repository, &layer).await?;
                Ok::<_, Failure>((layer.digest, blob))
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        for (found, piece) in pieces {
            match piece {
                Ok(layer) => set.evidence.push(Evidence::TagLayer { suffix, layer }),
                Err(reason) => set.passed_over.push((found, reason.to_owned())),
            }
        }
        Ok(())
    }
}

/// The media type of the layers under a tag.
pub(super) const fn layer_type(suffix: TagSuffix) -> &'static str {
    match suffix {
        TagSuffix::Att => MediaType::DSSE_ENVELOPE,
        _ => MediaType::SIMPLE_SIGNING,
    }
}

/// Whether a manifest that is said to refer to `subject` is evidence about it.
fn recognise(
    manifest: Option<RawManifest>,
    subject: &Digest,
) -> Result<(RawManifest, ImageManifest), &'static str> {
    let manifest = manifest.ok_or("it is listed but not there")?;
    let image = ImageManifest::read(&manifest).ok_or("it is no image manifest")?;
    if image.subject.as_ref().map(|found| found.digest) != Some(*subject) {
        return Err("its subject is another digest");
    }
    let is_bundle = image
        .layers
        .iter()
        .any(|layer| manifest::is_bundle(&layer.media_type));
    if !is_bundle {
        return Err("it is no sigstore bundle");
    }
    if image.layers.len() > MAX_BUNDLE_LAYERS {
        return Err("it has more layers than a bundle has");
    }
    Ok((manifest, image))
}
