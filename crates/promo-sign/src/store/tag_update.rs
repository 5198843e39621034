//! Appends layers to a shared tag: read, prepare, read again, put, read back, and again if others interfered.
//!
//! Registries offer no compare-and-swap (the CNCF registry ignores `If-Match`), so what another process writes between
//! our read and our put is lost unless it, too, looks again. Nothing is sent between the two. What was seen
//! under the tag in this run is never left out of what is put, whatever the registry shows meanwhile.

use futures_util::FutureExt as _;
use promo_core::oci::{Digest, ManifestReference, Repository, Tag};
use promo_core::ports::{Attachment, EvidenceBlob, Failure, Repetition, TagSuffix};

use super::at_once::at_once;
use super::known::SeenTag;
use super::look::PAUSES;
use super::tag_image::TagImage;
use super::{OciEvidenceStore, blob, read};
use crate::Error;
use crate::limits::{CONCURRENCY, MAX_PIECES};

/// How often an update is tried before it is given up.
const ATTEMPTS: usize = 5;

/// How often what was put may not be there at all.
const MAX_VANISHED: usize = 2;

/// A tag that everybody who signs a digest writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SharedTag {
    pub(super) repository: Repository,
    pub(super) digest: Digest,
    pub(super) suffix: TagSuffix,
}

/// What stands under a tag.
struct Standing {
    digest: Option<Digest>,
    image: TagImage,
}

impl OciEvidenceStore {
    /// Appends those layers that aren't there.
    pub(super) async fn append_to(
        &self,
        tag: SharedTag,
        layers: &[&EvidenceBlob],
    ) -> Result<Attachment, Failure> {
        let written = self.append(&tag, layers).await?;
        Ok(Attachment {
            written,
            already_there: (layers.len() as u64).saturating_sub(written),
        })
    }

    /// Appends those layers that aren't there and says how many they were.
    async fn append(&self, tag: &SharedTag, layers: &[&EvidenceBlob]) -> Result<u64, Failure> {
        let known = &self.shared.known;
        let mut sent = vec![false; layers.len()];
        let mut repetition = Repetition::default();
        for (layer, sent) in layers.iter().zip(&mut sent) {
            if known.take_lost_blob(&tag.repository, layer.descriptor.digest) {
                self.send_layer(tag, layer, sent).await?;
            }
        }
        // What was seen last is good enough to prepare what is put; it is read again right before that.
        let (mut base, mut is_fresh) = match known.seen_tag(tag) {
            Some(seen) => (Standing::from(seen), false),
            None => (self.read_tag(tag).await?, true),
        };
        let mut vanished = 0;
        for attempt in 0..=ATTEMPTS {
            let mut image = self.with_what_was_seen(tag, &base, layers).await?;
            let mut lacking = Vec::new();
            for (layer, sent) in layers.iter().zip(&mut sent) {
                if !image.contains(&layer.descriptor) {
                    image.push(&layer.descriptor)?;
                    lacking.push((*layer, sent));
                }
            }
            let is_complete = image.len() == base.image.len();
            if is_complete && is_fresh {
                return Ok(sent.iter().filter(|sent| **sent).count() as u64);
            }
            if attempt > 1 {
                self.pause(attempt).await;
            }
            base = if is_complete {
                self.read_tag(tag).await?
            } else {
                let config = image.config()?;
                self.send(tag, lacking, &config).await?;
                self.put_if_unchanged(tag, base, image, &config, &mut repetition)
                    .await?
            };
            is_fresh = true;
            vanished += usize::from(base.digest.is_none());
            if vanished == MAX_VANISHED {
                break;
            }
        }
        let is_there = base.digest.is_some();
        let (repository, tag) = (tag.repository.clone(), tag.name());
        let error = if is_there {
            Error::Contended { repository, tag }
        } else {
            Error::TagNotKept { repository, tag }
        };
        Err(error.into())
    }

    /// Puts the image if the tag still is as it was, and reads it again in any case.
    async fn put_if_unchanged(
        &self,
        tag: &SharedTag,
        base: Standing,
        image: TagImage,
        config: &EvidenceBlob,
        repetition: &mut Repetition,
    ) -> Result<Standing, Failure> {
        let known = &self.shared.known;
        let manifest = image.manifest(&config.descriptor)?;
        // What the survey read a moment ago doesn't do: of a second run that came at each request of ours in turn, six lost
        // their signature without this read, and one with it.
        let now = self.read_tag(tag).await?;
        if now.digest != base.digest {
            known.saw_others_write(tag);
            return Ok(now);
        }
        let reference = ManifestReference::from(tag.name());
        let put = self
            .registry
            .put_manifest(&tag.repository, &reference, &manifest);
        if let Err(failure) = put.await {
            // Somebody else may have put it meanwhile, so it is read again before it is put again.
            if repetition.again(&failure, self.sleep.as_deref()).await {
                return self.read_tag(tag).await;
            }
            return Err(failure);
        }
        let put = manifest.digest();
        known.saw_tag(tag, Some((put, image)));
        let standing = self.read_tag(tag).await?;
        if standing.digest != Some(put) {
            known.saw_others_write(tag);
        }
        Ok(standing)
    }

    /// Sends layers that were not sent yet, and the config that goes with the image, side by side.
    async fn send(
        &self,
        tag: &SharedTag,
        layers: Vec<(&EvidenceBlob, &mut bool)>,
        config: &EvidenceBlob,
    ) -> Result<(), Failure> {
        let mut sending = vec![self.write_blob(&tag.repository, config).boxed()];
        for (layer, sent) in layers {
            sending.push(self.send_layer(tag, layer, sent).boxed());
        }
        at_once(CONCURRENCY, sending).await.map(drop)
    }

    async fn send_layer(
        &self,
        tag: &SharedTag,
        layer: &EvidenceBlob,
        sent: &mut bool,
    ) -> Result<(), Failure> {
        if !*sent {
            self.write_blob(&tag.repository, layer).await?;
            let known = &self.shared.known;
            known.sent_blob(&tag.repository, layer.descriptor.digest);
            *sent = true;
        }
        Ok(())
    }

    /// What stands, and whatever else was seen under the tag in this run, but for layers whose blobs are gone and
    /// those that are ours, which are sent again.
    async fn with_what_was_seen(
        &self,
        tag: &SharedTag,
        standing: &Standing,
        ours: &[&EvidenceBlob],
    ) -> Result<TagImage, Failure> {
        let mut image = standing.image.clone();
        let Some(seen) = self.shared.known.seen_tag(tag) else {
            return Ok(image);
        };
        for layer in seen.image.lacking_in(&image) {
            let is_ours = ours.iter().any(|it| it.descriptor.digest == layer.digest);
            if !is_ours && self.read_blob(&tag.repository, &layer).await?.is_ok() {
                image.absorb(&seen.image, &layer);
            }
        }
        Ok(image)
    }

    /// What stands under the tag, or an image without layers. Anything that isn't an image of such layers is
    /// refused: it would have to be overwritten. That a tag is gone which was there in this run is believed only
    /// after it was asked for again.
    async fn read_tag(&self, tag: &SharedTag) -> Result<Standing, Failure> {
        let reference = ManifestReference::from(tag.name());
        let get = || self.registry.get_manifest(&tag.repository, &reference);
        let known = &self.shared.known;
        let mut found = get().await?;
        let was_there = known.seen_tag(tag).is_some_and(|seen| seen.image.len() > 0);
        for attempt in 0..PAUSES.len() {
            if found.is_some() || !was_there {
                break;
            }
            self.pause(attempt).await;
            found = get().await?;
        }
        let Some(manifest) = found else {
            known.saw_tag(tag, None);
            return Ok(Standing {
                digest: None,
                image: TagImage::new(),
            });
        };
        let foreign = |found| Error::ForeignTag {
            repository: tag.repository.clone(),
            tag: tag.name(),
            found,
        };
        if manifest.media_type().is_index() {
            return Err(foreign("an index").into());
        }
        let image = TagImage::read(&manifest, read::layer_type(tag.suffix))
            .ok_or_else(|| foreign("a manifest with other content"))?;
        if image.len() >= MAX_PIECES {
            return Err(foreign("an image with too many layers").into());
        }
        known.saw_tag(tag, Some((manifest.digest(), image.clone())));
        Ok(Standing {
            digest: Some(manifest.digest()),
            image,
        })
    }
}

impl SharedTag {
    pub(super) fn name(&self) -> Tag {
        self.digest.evidence_tag(self.suffix.as_str())
    }
}

impl From<SeenTag> for Standing {
    fn from(seen: SeenTag) -> Self {
        Self {
            digest: seen.last,
            image: match seen.last {
                Some(_) => seen.image,
                None => TagImage::new(),
            },
        }
    }
}

/// Refuses to push what the store itself would pass over.
pub(super) fn check(layers: &[&EvidenceBlob], suffix: TagSuffix) -> Result<(), Error> {
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
