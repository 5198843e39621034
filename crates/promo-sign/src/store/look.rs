//! Looks again at evidence that is claimed to stand: what a registry has accepted it may have lost, or never kept.
//!
//! The pieces are known byte for byte, so nothing is judged: a referrer stands if it is listed and its manifest is
//! there, a layer if the image under its tag has it. Their blobs are read if this store sent them and
//! has not read them since.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join;
use promo_core::oci::{Digest, Repository};
use promo_core::ports::{Evidence, EvidenceBlob, Failure, TagSuffix};

use super::at_once::at_once;
use super::blob::is_empty_config;
use super::referrer::Referrer;
use super::tag_image::TagImage;
use super::tag_update::SharedTag;
use super::{OciEvidenceStore, Sorted, read};
use crate::limits::CONCURRENCY;

/// How long registries may take to show what they have accepted. Waited for only where something is missing.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

impl OciEvidenceStore {
    /// The pieces that don't stand, after a registry that is slow to show them has had its time.
    pub(super) async fn look(
        &self,
        repository: &Repository,
        digest: &Digest,
        evidence: &[Evidence],
    ) -> Result<Vec<Evidence>, Failure> {
        if self.is_contended(repository, digest) {
            // Whoever writes the tag at the same time may be about to put what they prepared before we wrote.
            self.pause(PAUSES.len()).await;
        }
        let mut lost = self.look_once(repository, digest, evidence).await?;
        for attempt in 0..PAUSES.len() {
            if self.sleep.is_none() || lost.is_empty() {
                break;
            }
            self.pause(attempt).await;
            lost = self.look_once(repository, digest, &lost).await?;
        }
        if !lost.is_empty() {
            // What took evidence away may have taken the config that all bundles share.
            self.shared.known.lost_empty_config(repository);
        }
        Ok(lost)
    }

    /// What makes a piece visible is read last: blobs and manifests side by side, then the list and the shared tags.
    async fn look_once(
        &self,
        repository: &Repository,
        digest: &Digest,
        evidence: &[Evidence],
    ) -> Result<Vec<Evidence>, Failure> {
        let sorted = Sorted::of(evidence);
        let (unreadable, gone) = join(
            self.unreadable(repository, &sorted),
            self.gone(repository, &sorted.referrers),
        )
        .await;
        let (unreadable, gone) = (unreadable?, gone?);
        let is_whole = |blobs: &[EvidenceBlob]| {
            !blobs
                .iter()
                .any(|it| unreadable.contains(&it.descriptor.digest))
        };
        let suffixes = sorted.layers.keys();
        let images = suffixes
            .map(|suffix| self.tag_image(repository, digest, *suffix).boxed())
            .collect();
        let (listed, images) = join(
            self.standing_referrers(repository, digest, &sorted.referrers, &gone),
            at_once(CONCURRENCY, images),
        )
        .await;
        let (listed, images) = (listed?, images?);
        let referrers = sorted.referrers.iter();
        let mut lost: Vec<Evidence> = referrers
            .filter(|it| !listed.contains(&it.manifest.digest()) || !is_whole(it.blobs))
            .map(|referrer| Evidence::Referrer {
                manifest: referrer.manifest.clone(),
                blobs: referrer.blobs.to_vec(),
            })
            .collect();
        for ((suffix, layers), image) in sorted.layers.into_iter().zip(images) {
            let has = |layer: &EvidenceBlob| {
                image
                    .as_ref()
                    .is_some_and(|it| it.contains(&layer.descriptor))
            };
            lost.extend(
                layers
                    .into_iter()
                    .filter(|layer| !has(layer) || !is_whole(std::slice::from_ref(layer)))
                    .map(|layer| Evidence::TagLayer {
                        suffix,
                        layer: layer.clone(),
                    }),
            );
        }
        Ok(lost)
    }

    /// The blobs that were sent and can't be read.
    async fn unreadable(
        &self,
        repository: &Repository,
        sorted: &Sorted<'_>,
    ) -> Result<BTreeSet<Digest>, Failure> {
        // Several layers may have one payload, which is read once.
        let blobs: BTreeMap<Digest, &EvidenceBlob> = sorted
            .blobs()
            .map(|blob| (blob.descriptor.digest, blob))
            .collect();
        let looks = blobs
            .values()
            .map(|blob| self.has_blob(repository, blob).boxed())
            .collect();
        let has = at_once(CONCURRENCY, looks).await?;
        let found = blobs.keys().zip(has);
        Ok(found
            .filter(|(_, has)| !has)
            .map(|(digest, _)| *digest)
            .collect())
    }

    /// The referrers whose manifests are gone.
    async fn gone(
        &self,
        repository: &Repository,
        referrers: &[Referrer<'_>],
    ) -> Result<BTreeSet<Digest>, Failure> {
        let digests = referrers.iter().map(|referrer| referrer.manifest.digest());
        let looks = digests
            .clone()
            .map(|digest| self.has_manifest(repository, digest).boxed())
            .collect();
        let found = digests.zip(at_once(CONCURRENCY, looks).await?);
        let gone = found.filter(|(_, is_there)| !is_there);
        Ok(gone.map(|(digest, _)| digest).collect())
    }

    async fn has_manifest(&self, repository: &Repository, digest: Digest) -> Result<bool, Failure> {
        let reference = digest.into();
        let manifest = self.registry.get_manifest(repository, &reference).await?;
        Ok(manifest.is_some())
    }

    /// Those of the referrers that are listed and there. Where the registry lists none before the image is there, being
    /// there is all that can be asked for.
    async fn standing_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        referrers: &[Referrer<'_>],
        gone: &BTreeSet<Digest>,
    ) -> Result<BTreeSet<Digest>, Failure> {
        if referrers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let list = self.registry.referrers(repository, digest).await?;
        let is_there = |found: &Digest| !gone.contains(found);
        if list.untold {
            let there = referrers.iter().map(|referrer| referrer.manifest.digest());
            return Ok(there.filter(is_there).collect());
        }
        let listed = list.descriptors.iter().map(|it| it.digest);
        let standing: BTreeSet<Digest> = listed.filter(is_there).collect();
        let known = &self.shared.known;
        known.saw_referrers(repository, digest, standing.clone());
        Ok(standing)
    }

    async fn tag_image(
        &self,
        repository: &Repository,
        digest: &Digest,
        suffix: TagSuffix,
    ) -> Result<Option<TagImage>, Failure> {
        let tag = shared_tag(repository, digest, suffix);
        let reference = tag.name().into();
        let manifest = self.registry.get_manifest(repository, &reference).await?;
        let image = manifest.and_then(|manifest| {
            let image = TagImage::read(&manifest, read::layer_type(suffix))?;
            Some((manifest.digest(), image))
        });
        let known = &self.shared.known;
        known.saw_tag(&tag, image.clone());
        Ok(image.map(|(_, image)| image))
    }

    /// Whether others were seen to write a shared tag of the digest.
    fn is_contended(&self, repository: &Repository, digest: &Digest) -> bool {
        [TagSuffix::Sig, TagSuffix::Att].iter().any(|suffix| {
            let seen = self
                .shared
                .known
                .seen_tag(&shared_tag(repository, digest, *suffix));
            seen.is_some_and(|seen| seen.is_contended)
        })
    }

    /// Waits before an attempt that comes after others, if anything waits.
    pub(super) async fn pause(&self, attempt: usize) {
        let pause = PAUSES.get(attempt).or(PAUSES.last());
        if let (Some(sleep), Some(pause)) = (&self.sleep, pause) {
            sleep.sleep(*pause).await;
        }
    }

    /// Whether a blob can be read, if this store sent it and has not read it since.
    async fn has_blob(
        &self,
        repository: &Repository,
        blob: &EvidenceBlob,
    ) -> Result<bool, Failure> {
        let known = &self.shared.known;
        let digest = blob.descriptor.digest;
        if is_empty_config(&blob.descriptor) || !known.is_unread(repository, digest) {
            return Ok(true);
        }
        let is_there = self.read_blob(repository, &blob.descriptor).await?.is_ok();
        if is_there {
            known.read_blob(repository, digest);
        } else {
            known.lost_blob(repository, digest);
        }
        Ok(is_there)
    }
}

fn shared_tag(repository: &Repository, digest: &Digest, suffix: TagSuffix) -> SharedTag {
    SharedTag {
        repository: repository.clone(),
        digest: *digest,
        suffix,
    }
}
