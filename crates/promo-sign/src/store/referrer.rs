//! Attaches referrers: their blobs first, then the manifest by its digest.

use std::collections::BTreeSet;

use promo_core::oci::{Descriptor, Digest, RawManifest, Repository};
use promo_core::ports::{Attachment, EvidenceBlob, Failure};

use super::{OciEvidenceStore, blob};
use crate::Error;
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
        done: &mut Attachment,
    ) -> Result<(), Failure> {
        if referrers.is_empty() {
            return Ok(());
        }
        for referrer in referrers {
            referrer.check(&subject.digest)?;
        }
        let mut there = self.listed(repository, &subject.digest).await?;
        for referrer in referrers {
            if there.insert(referrer.manifest.digest()) {
                self.attach_referrer(repository, *referrer).await?;
                done.written += 1;
            } else {
                done.already_there += 1;
            }
        }
        let known = &self.shared.known;
        known.saw_referrers(repository, &subject.digest, there);
        Ok(())
    }

    async fn attach_referrer(
        &self,
        repository: &Repository,
        referrer: Referrer<'_>,
    ) -> Result<(), Failure> {
        for blob in referrer.blobs {
            if blob::is_empty_config(&blob.descriptor) {
                self.ensure_empty_config(repository, blob).await?;
            } else {
                self.write_blob(repository, blob).await?;
                let known = &self.shared.known;
                known.sent_blob(repository, blob.descriptor.digest);
                known.take_lost_blob(repository, blob.descriptor.digest);
            }
        }
        let reference = referrer.manifest.digest().into();
        self.registry
            .put_manifest(repository, &reference, referrer.manifest)
            .await
            .map(drop)
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
    fn check(&self, subject: &Digest) -> Result<(), Error> {
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
