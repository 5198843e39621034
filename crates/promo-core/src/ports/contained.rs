//! Ports that turn the panic of an implementation into a failure of the call that it happened in.
//!
//! The pipeline and those who build a port on another one put this around what they are given: a defect in an
//! implementation then ends what it worked on, and nothing else. What the implementation itself holds in the
//! middle of a call is given back by its destructors, so those who wait for it wake.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};

use super::{
    AcceptedEvidence, Attachment, Attester, BlobStream, BoundedEvidence, BulkList, Capabilities,
    CatalogPage, CopiedContent, Copier, CopyRequest, Event, Evidence, EvidenceForms, EvidenceKind,
    EvidenceSet, EvidenceStore, ExaminedEvidence, Failure, Gate, GatedImage, ImageSize,
    InventoryReader, ManifestHead, Mount, Objection, Observer, PromotionRecord, PutManifest,
    ReferrerList, Registry, SignatureFormat, Signer, Subject, TagPage, UploadSession, Verifier,
};
use crate::inventory::{Inventory, RepositoryInventory, WantedInventory};
use crate::oci::{
    Descriptor, Digest, ManifestReference, RawManifest, RegistryHost, RegistryPath, Repository,
};

/// A port whose panics are failures.
pub struct Contained<P: ?Sized>(Arc<P>);

impl<P: ?Sized> Contained<P> {
    /// Puts it around an implementation.
    pub fn new(port: Arc<P>) -> Self {
        Self(port)
    }
}

impl<P: ?Sized + fmt::Debug> fmt::Debug for Contained<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Does some work to its end, or to its panic.
///
/// # Errors
///
/// What the work ends with, or what its panic means.
pub async fn contain<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Failure::of_panic(&*panic)))
}

/// A stream that ends with a failure where it would panic, and that may be asked again after its end.
fn contain_stream(bytes: BlobStream) -> BlobStream {
    AssertUnwindSafe(bytes.fuse())
        .catch_unwind()
        .map(|piece| piece.unwrap_or_else(|panic| Err(Failure::of_panic(&*panic))))
        .fuse()
        .boxed()
}

#[async_trait]
impl Registry for Contained<dyn Registry> {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        contain(async { self.0.head_manifest(repository, reference).await }).await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        contain(async { self.0.get_manifest(repository, reference).await }).await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        contain(async { self.0.put_manifest(repository, reference, manifest).await }).await
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        contain(async { self.0.blob_size(repository, digest).await }).await
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        let bytes = contain(async { self.0.get_blob(repository, blob).await }).await?;
        Ok(bytes.map(contain_stream))
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        contain(async { self.0.start_upload(repository).await }).await
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        let body = contain_stream(body);
        contain(async { self.0.put_blob(repository, blob, session, body).await }).await
    }

    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        contain(async { self.0.put_whole_blob(repository, blob, bytes).await }).await
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        contain(async { self.0.cancel_upload(repository, session).await }).await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        contain(async { self.0.mount_blob(repository, digest, from).await }).await
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        contain(async { self.0.tags(repository, next).await }).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        contain(async { self.0.referrers(repository, digest).await }).await
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        contain(async { self.0.bulk_list(repository).await }).await
    }

    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        contain(async { self.0.catalog(host, next).await }).await
    }
}

#[async_trait]
impl InventoryReader for Contained<dyn InventoryReader> {
    async fn read(&self, wanted: &WantedInventory) -> Inventory {
        let read = contain(async { Ok(self.0.read(wanted).await) }).await;
        read.unwrap_or_else(|failure| {
            let mut unread = Inventory::new();
            for repository in wanted.repositories.keys() {
                unread.insert(
                    repository.clone(),
                    RepositoryInventory::unreadable(&failure),
                );
            }
            unread
        })
    }

    fn read_each<'a>(
        &'a self,
        wanted: &'a WantedInventory,
    ) -> BoxStream<'a, (Repository, RepositoryInventory)> {
        let mut unread: BTreeSet<&Repository> = wanted.repositories.keys().collect();
        let read = stream::once(async { self.0.read_each(wanted) }).flatten();
        let read = AssertUnwindSafe(read).catch_unwind();
        read.flat_map(move |found| {
            let told = match found {
                Ok((repository, found)) => {
                    unread.remove(&repository);
                    vec![(repository, found)]
                }
                Err(panic) => {
                    let failure = Failure::of_panic(&*panic);
                    let unread = std::mem::take(&mut unread).into_iter();
                    let unreadable =
                        |it: &Repository| (it.clone(), RepositoryInventory::unreadable(&failure));
                    unread.map(unreadable).collect()
                }
            };
            stream::iter(told)
        })
        .boxed()
    }

    async fn walk(&self, registry: &RegistryPath) -> Result<Inventory, Failure> {
        contain(async { self.0.walk(registry).await }).await
    }
}

#[async_trait]
impl Copier for Contained<dyn Copier> {
    async fn copy(&self, request: &CopyRequest) -> Result<CopiedContent, Failure> {
        contain(async { self.0.copy(request).await }).await
    }

    async fn measure(&self, source: &Repository, digest: &Digest) -> Result<ImageSize, Failure> {
        contain(async { self.0.measure(source, digest).await }).await
    }
}

#[async_trait]
impl EvidenceStore for Contained<dyn EvidenceStore> {
    async fn read(
        &self,
        repository: &Repository,
        digest: &Digest,
        forms: EvidenceForms,
    ) -> Result<EvidenceSet, Failure> {
        contain(async { self.0.read(repository, digest, forms).await }).await
    }

    async fn read_bounded(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BoundedEvidence, Failure> {
        contain(async { self.0.read_bounded(repository, digest).await }).await
    }

    async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        evidence: &[Evidence],
    ) -> Result<Attachment, Failure> {
        contain(async { self.0.attach(repository, subject, evidence).await }).await
    }

    async fn find_attestations(
        &self,
        repository: &Repository,
        digest: &Digest,
        predicate_type: &str,
        known: &[Evidence],
    ) -> Result<EvidenceSet, Failure> {
        let store = &self.0;
        contain(store.find_attestations(repository, digest, predicate_type, known)).await
    }

    async fn lost(
        &self,
        repository: &Repository,
        digest: &Digest,
        evidence: &[Evidence],
    ) -> Result<Vec<Evidence>, Failure> {
        contain(async { self.0.lost(repository, digest, evidence).await }).await
    }
}

#[async_trait]
impl Signer for Contained<dyn Signer> {
    async fn check(&self) -> Result<(), Failure> {
        contain(async { self.0.check().await }).await
    }

    fn formats(&self) -> &[SignatureFormat] {
        self.0.formats()
    }

    async fn sign(
        &self,
        subject: &Subject,
        formats: &[SignatureFormat],
    ) -> Result<Vec<Evidence>, Failure> {
        contain(async { self.0.sign(subject, formats).await }).await
    }
}

#[async_trait]
impl Verifier for Contained<dyn Verifier> {
    async fn examine(
        &self,
        digest: &Digest,
        evidence: &EvidenceSet,
    ) -> Result<Vec<ExaminedEvidence>, Failure> {
        contain(async { self.0.examine(digest, evidence).await }).await
    }

    fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.0.carried(accepted, subject)))
            .unwrap_or_else(|panic| Err(Failure::of_panic(&*panic)))
    }
}

#[async_trait]
impl Gate for Contained<dyn Gate> {
    async fn judge(&self, image: &GatedImage<'_>) -> Result<Option<Objection>, Failure> {
        contain(async { self.0.judge(image).await }).await
    }
}

#[async_trait]
impl Attester for Contained<dyn Attester> {
    async fn check(&self) -> Result<(), Failure> {
        contain(async { self.0.check().await }).await
    }

    fn kinds(&self) -> Vec<EvidenceKind> {
        self.0.kinds()
    }

    fn forms(&self) -> EvidenceForms {
        self.0.forms()
    }

    async fn attest(
        &self,
        record: &PromotionRecord,
        kinds: &[EvidenceKind],
    ) -> Result<Vec<Evidence>, Failure> {
        contain(async { self.0.attest(record, kinds).await }).await
    }
}

impl Observer for Contained<dyn Observer> {
    fn observe(&self, event: &Event) {
        // Who only looks on can't hold anything up.
        let _looked = catch_unwind(AssertUnwindSafe(|| self.0.observe(event)));
    }
}
