//! [`OciEvidenceStore`]: reads and attaches evidence through the [`Registry`] port.
//!
//! Referrers are found by asking who refers to a digest and looking at each manifest's layers, since
//! neither artifact types nor annotations in such lists can be relied on. Layers of the shared tags
//! `.sig` and `.att` are appended to what stands there.

mod at_once;
mod blob;
mod known;
mod locks;
mod look;
mod places;
mod read;
mod referrer;
mod tag_image;
mod tag_update;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{
    Attachment, BoundedEvidence, Evidence, EvidenceBlob, EvidenceForms, EvidenceSet, EvidenceStore,
    Failure, Registry, Sleep, TagSuffix,
};

use self::tag_update::SharedTag;
use crate::Error;

/// Keeps evidence in the registries that the images are in. Clones share what they know.
#[derive(Debug, Clone)]
pub struct OciEvidenceStore {
    registry: Arc<dyn Registry>,
    /// Waits, if anything does.
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

    /// Gives registries time to show what they have accepted, and other writers of a shared tag time to end.
    /// Without it, what doesn't show at once is lost.
    #[must_use]
    pub fn waiting_by(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }
}

#[async_trait]
impl EvidenceStore for OciEvidenceStore {
    async fn read(
        &self,
        repository: &Repository,
        digest: &Digest,
        forms: EvidenceForms,
    ) -> Result<EvidenceSet, Failure> {
        let reading = read::Reading::whole(self, repository, digest);
        reading.all(forms).await
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

    async fn find_attestations(
        &self,
        repository: &Repository,
        digest: &Digest,
        predicate_type: &str,
        known: &[Evidence],
    ) -> Result<EvidenceSet, Failure> {
        let mut set = EvidenceSet::default();
        let reading = read::Reading::whole(self, repository, digest);
        reading
            .attestations(predicate_type, known, &mut set)
            .await?;
        Ok(set)
    }

    async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        evidence: &[Evidence],
    ) -> Result<Attachment, Failure> {
        let sorted = Sorted::of(evidence);
        sorted.check(&subject.digest)?;
        let locks = &self.shared.locks;
        let key = |suffix| (repository.clone(), subject.digest, suffix);
        let mut attaching = Vec::new();
        if !sorted.referrers.is_empty() {
            let update = self.attach_referrers(repository, subject, &sorted.referrers);
            attaching.push(locks.serialised(key(None), update).boxed());
        }
        for (suffix, layers) in &sorted.layers {
            let tag = SharedTag {
                repository: repository.clone(),
                digest: subject.digest,
                suffix: *suffix,
            };
            let update = self.append_to(tag, layers);
            attaching.push(locks.serialised(key(Some(*suffix)), update).boxed());
        }
        // None of them depends on another: a shared tag has no subject.
        let mut done = Attachment::default();
        for attached in join_all(attaching).await {
            let attached: Attachment = attached?;
            done.written += attached.written;
            done.already_there += attached.already_there;
        }
        Ok(done)
    }

    async fn lost(
        &self,
        repository: &Repository,
        digest: &Digest,
        evidence: &[Evidence],
    ) -> Result<Vec<Evidence>, Failure> {
        self.look(repository, digest, evidence).await
    }
}

/// Evidence by where it goes.
#[derive(Default)]
struct Sorted<'a> {
    referrers: Vec<referrer::Referrer<'a>>,
    layers: BTreeMap<TagSuffix, Vec<&'a EvidenceBlob>>,
}

impl<'a> Sorted<'a> {
    /// The blobs of all of it.
    fn blobs(&self) -> impl Iterator<Item = &'a EvidenceBlob> {
        let of_referrers = self.referrers.iter().flat_map(|referrer| referrer.blobs);
        of_referrers.chain(self.layers.values().flatten().copied())
    }

    /// Refuses to push what nobody could read, before anything is sent.
    fn check(&self, subject: &Digest) -> Result<(), Error> {
        for referrer in &self.referrers {
            referrer.check(subject)?;
        }
        let mut tags = self.layers.iter();
        tags.try_for_each(|(suffix, layers)| tag_update::check(layers, *suffix))
    }

    fn of(evidence: &'a [Evidence]) -> Self {
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
            }
        }
        sorted
    }
}
