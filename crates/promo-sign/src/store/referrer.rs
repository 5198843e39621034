//! Attaches referrers: their blobs first, side by side, then the manifest by its digest. That they are about their subject
//! is checked here; whether they are true, nobody asks.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use promo_core::oci::{Descriptor, Digest, RawManifest, Repository};
use promo_core::ports::SubjectHandling::{self, ByRegistry};
use promo_core::ports::{Attachment, EvidenceBlob, Failure};

use super::at_once::at_once;
use super::{OciEvidenceStore, blob};
use crate::Error;
use crate::limits::CONCURRENCY;
use crate::manifest::ImageManifest;

/// A referrer to be attached.
#[derive(Clone, Copy)]
pub(super) struct Referrer<'a> {
    pub(super) manifest: &'a RawManifest,
    pub(super) blobs: &'a [EvidenceBlob],
}

impl OciEvidenceStore {
    pub(super) async fn attach_referrers(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        referrers: &[Referrer<'_>],
    ) -> Result<Attachment, Failure> {
        if referrers.is_empty() {
            return Ok(Attachment::default());
        }
        let mut there = self.listed(repository, &subject.digest).await?;
        let lacking: Vec<Referrer<'_>> = referrers
            .iter()
            .filter(|referrer| there.insert(referrer.manifest.digest()))
            .copied()
            .collect();
        let mut lacking_still = lacking.iter();
        // The first goes alone: it shows whether the registry takes them, and whether it lists them itself. A list
        // that is kept for it is written by one after the other.
        if let Some(first) = lacking_still.next() {
            let by_registry = self.attach_referrer(repository, *first).await? == ByRegistry;
            let width = if by_registry { CONCURRENCY } else { 1 };
            let attaching = lacking_still
                .map(|it| self.attach_referrer(repository, *it).boxed())
                .collect();
            at_once(width, attaching).await?;
        }
        let known = &self.shared.known;
        known.saw_referrers(repository, &subject.digest, there);
        let written = lacking.len() as u64;
        Ok(Attachment {
            written,
            already_there: (referrers.len() as u64).saturating_sub(written),
        })
    }

    async fn attach_referrer(
        &self,
        repository: &Repository,
        referrer: Referrer<'_>,
    ) -> Result<SubjectHandling, Failure> {
        let blobs = referrer.blobs.iter();
        let sending = blobs
            .map(|blob| self.send_blob_of_referrer(repository, blob).boxed())
            .collect();
        at_once(CONCURRENCY, sending).await?;
        let reference = referrer.manifest.digest().into();
        let put = self
            .registry
            .put_manifest(repository, &reference, referrer.manifest);
        Ok(put.await?.subject)
    }

    async fn send_blob_of_referrer(
        &self,
        repository: &Repository,
        blob: &EvidenceBlob,
    ) -> Result<(), Failure> {
        if blob::is_empty_config(&blob.descriptor) {
            return self.ensure_empty_config(repository, blob).await;
        }
        self.write_blob(repository, blob).await?;
        let known = &self.shared.known;
        known.sent_blob(repository, blob.descriptor.digest);
        known.take_lost_blob(repository, blob.descriptor.digest);
        Ok(())
    }

    /// What refers to a digest: as it was just read, or asked for now.
    async fn listed(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BTreeSet<Digest>, Failure> {
        if let Some(listed) = self.shared.known.take_referrers(repository, digest) {
            return Ok(listed);
        }
        let list = self.registry.referrers(repository, digest).await?;
        Ok(list.descriptors.iter().map(|found| found.digest).collect())
    }

    /// Sends the empty config once for each repository.
    async fn ensure_empty_config(
        &self,
        repository: &Repository,
        config: &EvidenceBlob,
    ) -> Result<(), Failure> {
        if !self.shared.known.has_empty_config(repository) {
            self.write_blob(repository, config).await?;
            self.shared.known.saw_empty_config(repository);
        }
        Ok(())
    }
}

impl Referrer<'_> {
    /// Refuses to push what nobody could read: another subject, or blobs that are missing.
    pub(super) fn check(&self, subject: &Digest) -> Result<(), Error> {
        let inconsistent = |reason| Error::Inconsistent { reason };
        let image = ImageManifest::read(self.manifest)
            .ok_or(inconsistent("a referrer is no image manifest"))?;
        if image.subject.as_ref().map(|found| found.digest) != Some(*subject) {
            return Err(inconsistent("a referrer refers to another digest"));
        }
        for descriptor in std::iter::once(&image.config).chain(&image.layers) {
            let blob = self
                .blobs
                .iter()
                .find(|blob| blob.descriptor.digest == descriptor.digest)
                .ok_or(inconsistent("a blob of a referrer is missing"))?;
            blob::check(blob)?;
        }
        Ok(())
    }
}
