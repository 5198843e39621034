//! Reads all evidence about a digest, and says what was passed over.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, MediaType, RawManifest, Repository};
use promo_core::ports::{Evidence, EvidenceBlob, EvidenceSet, Failure, TagSuffix};

use super::{MAX_BLOB, MAX_PIECES, OciEvidenceStore, blob};
use crate::Error;
use crate::manifest::{self, ImageManifest};

/// How many manifests or blobs of evidence are read at a time.
const CONCURRENCY: usize = 4;
/// The most bytes of blobs that are read about one digest.
const MAX_TOTAL: u64 = 64 * 1024 * 1024;
/// The limits as a person reads them.
const PIECES: &str = "1,000 pieces";
const TOTAL: &str = "64 MiB";
/// The most layers in one manifest of a bundle: it has one.
const MAX_BUNDLE_LAYERS: usize = 16;

/// One read of all evidence about a digest.
pub(super) struct Reading<'a> {
    store: &'a OciEvidenceStore,
    repository: &'a Repository,
    digest: &'a Digest,
    /// Bytes of blobs that may still be read.
    allowance: AtomicU64,
}

type Recognised<T> = Result<T, &'static str>;

impl<'a> Reading<'a> {
    pub(super) fn new(
        store: &'a OciEvidenceStore,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> Self {
        Self {
            store,
            repository,
            digest,
            allowance: AtomicU64::new(MAX_TOTAL),
        }
    }

    pub(super) async fn referrers(&self, set: &mut EvidenceSet) -> Result<(), Failure> {
        let registry = &self.store.registry;
        let list = registry.referrers(self.repository, self.digest).await?;
        let found: BTreeSet<Digest> = list.descriptors.iter().map(|it| it.digest).collect();
        if found.len() > MAX_PIECES {
            return Err(self.too_much(PIECES));
        }
        let pieces: Vec<(Digest, Recognised<Evidence>)> = stream::iter(found.clone())
            .map(|found| async move { Ok::<_, Failure>((found, self.referrer(found).await?)) })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        for (found, piece) in pieces {
            match piece {
                Ok(evidence) => set.evidence.push(evidence),
                Err(reason) => set.passed_over.push((found, reason.to_owned())),
            }
        }
        let known = &self.store.shared.known;
        known.saw_referrers(self.repository, self.digest, found);
        Ok(())
    }

    async fn referrer(&self, digest: Digest) -> Result<Recognised<Evidence>, Failure> {
        let registry = &self.store.registry;
        let manifest = registry
            .get_manifest(self.repository, &digest.into())
            .await?;
        let (manifest, image) = match recognise(manifest, self.digest) {
            Ok(recognised) => recognised,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut blobs: Vec<EvidenceBlob> = Vec::new();
        for descriptor in std::iter::once(&image.config).chain(&image.layers) {
            let read = blobs
                .iter()
                .find(|blob| blob.descriptor.digest == descriptor.digest);
            if let Some(read) = read {
                if read.descriptor.size == descriptor.size {
                    continue;
                }
                return Ok(Err("it names a blob with two sizes"));
            }
            match self.blob(descriptor).await? {
                Ok(blob) => blobs.push(blob),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if blob::is_empty_config(&image.config) {
            self.store.shared.known.saw_empty_config(self.repository);
        }
        Ok(Ok(Evidence::Referrer { manifest, blobs }))
    }

    pub(super) async fn tag(
        &self,
        suffix: TagSuffix,
        set: &mut EvidenceSet,
    ) -> Result<(), Failure> {
        let tag = self.digest.evidence_tag(suffix.as_str());
        let registry = &self.store.registry;
        let Some(manifest) = registry.get_manifest(self.repository, &tag.into()).await? else {
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
            return Err(self.too_much(PIECES));
        }
        let pieces: Vec<(Digest, Recognised<EvidenceBlob>)> = stream::iter(image.layers)
            .map(|layer| async move {
                if layer.media_type.as_str() != layer_type(suffix) {
                    return Ok((layer.digest, Err("its layer is of another type")));
                }
                Ok::<_, Failure>((layer.digest, self.blob(&layer).await?))
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

    /// Reads a blob, as long as all blobs together are not too large to be held in memory.
    async fn blob(&self, descriptor: &Descriptor) -> Result<Recognised<EvidenceBlob>, Failure> {
        if descriptor.size <= MAX_BLOB {
            let taken = self
                .allowance
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(descriptor.size)
                });
            if taken.is_err() {
                return Err(self.too_much(TOTAL));
            }
        }
        self.store.read_blob(self.repository, descriptor).await
    }

    fn too_much(&self, limit: &'static str) -> Failure {
        let error = Error::TooMuchEvidence {
            repository: self.repository.clone(),
            digest: *self.digest,
            limit,
        };
        error.into()
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
