//! [`OciEvidenceStore`]: reads and attaches evidence through the [`Registry`] port.
//!
//! Referrers are found by asking who refers to a digest and looking at each manifest's layers, since
//! neither artifact types nor annotations in such lists can be relied on. Layers of the shared tags
//! `.sig` and `.att` are appended to what stands there.

mod blob;
mod known;
mod locks;
mod read;
mod referrer;
mod tag_image;
mod tag_update;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{
    Attachment, BoundedEvidence, Evidence, EvidenceBlob, EvidenceSet, EvidenceStore, Failure,
    Registry, Sleep, TagSuffix,
};

use crate::Error;

/// The largest blob of evidence that is read.
const MAX_BLOB: u64 = 16 * 1024 * 1024;
/// The most referrers of one digest, and layers under one tag, that are read.
const MAX_PIECES: usize = 1000;

/// Keeps evidence in the registries that the images are in. Clones share what they know.
#[derive(Debug, Clone)]
pub struct OciEvidenceStore {
    registry: Arc<dyn Registry>,
    /// Waits before a shared tag is put again.
    sleep: Option<Arc<dyn Sleep>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    locks: locks::Locks,
    known: known::Known,
}

impl OciEvidenceStore {
    /// A store over `registry`.
    pub fn new(registry: Arc<dyn Registry>) -> Self {
        Self {
            registry,
            sleep: None,
            shared: Arc::default(),
        }
    }

    /// With pauses before a shared tag is put again to a registry that is broken at the moment.
    #[must_use]
    pub fn with_sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }
}

#[async_trait]
impl EvidenceStore for OciEvidenceStore {
    async fn read(&self, repository: &Repository, digest: &Digest) -> Result<EvidenceSet, Failure> {
        read::Reading::whole(self, repository, digest).all().await
    }

    async fn read_bounded(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BoundedEvidence, Failure> {
        read::Reading::bounded(self, repository, digest)
            .some()
            .await
    }

    async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        evidence: &[Evidence],
    ) -> Result<Attachment, Failure> {
        let sorted = Sorted::of(evidence)?;
        let mut done = Attachment::default();
        if !sorted.referrers.is_empty() {
            let place = (repository.clone(), subject.digest, None);
            let update = self.attach_referrers(repository, subject, &sorted.referrers, &mut done);
            self.shared.locks.serialised(place, update).await?;
        }
        for (suffix, layers) in &sorted.layers {
            let place = (repository.clone(), subject.digest, Some(*suffix));
            let update = self.append(repository, &subject.digest, *suffix, layers);
            let written = self.shared.locks.serialised(place, update).await?;
            done.written += written;
            done.already_there += (layers.len() as u64).saturating_sub(written);
        }
        Ok(done)
    }
}

/// Evidence by where it goes.
#[derive(Default)]
struct Sorted<'a> {
    referrers: Vec<referrer::Referrer<'a>>,
    layers: BTreeMap<TagSuffix, Vec<&'a EvidenceBlob>>,
}

impl<'a> Sorted<'a> {
    fn of(evidence: &'a [Evidence]) -> Result<Self, Error> {
        let mut sorted = Self::default();
        for piece in evidence {
            match piece {
                Evidence::Referrer { manifest, blobs } => {
                    sorted
                        .referrers
                        .push(referrer::Referrer { manifest, blobs });
                }
                Evidence::TagLayer { suffix, layer } => {
                    sorted.layers.entry(*suffix).or_default().push(layer);
                }
                _ => {
                    return Err(Error::Inconsistent {
                        reason: "it is of a kind that this store doesn't know",
                    });
                }
            }
        }
        Ok(sorted)
    }
}
