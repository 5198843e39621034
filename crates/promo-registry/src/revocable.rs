//! A registry whose pending operations can be given up: an interrupted run must not wait for a mirror that hangs.
//!
//! Once revoked, every operation fails at once: new ones, those under way, and streams that are being read. Their
//! callers then end as after any other failure and report what happened.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{
    Descriptor, Digest, ManifestReference, RawManifest, RegistryHost, Repository,
};
use promo_core::ports::{
    BlobStream, BulkList, Capabilities, CatalogPage, Failure, FailureKind, ManifestHead, Mount,
    PutManifest, ReferrerList, Registry, ServiceAnswer, ServiceRequest, Services, TagPage,
    UploadSession,
};
use tokio::sync::watch;

use crate::codes::GIVEN_UP;

/// Gives up the pending operations of registries and services. Clones share one state.
#[derive(Clone)]
pub struct Revocation(Arc<watch::Sender<bool>>);

impl Default for Revocation {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Revocation {
    /// Gives up all that is pending, and all that is begun later.
    pub fn revoke(&self) {
        self.0.send_replace(true);
    }

    async fn revoked(&self) {
        let mut changes = self.0.subscribe();
        // The channel can't be closed: `self` holds the sender.
        let _revoked = changes.wait_for(|revoked| *revoked).await.is_ok();
    }

    /// Runs something to its end. Once revoked, it is dropped where it stands, and the failure has the code `PROMO-R039`.
    pub async fn unless_revoked<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.revoked() => Err(given_up()),
            done = work => Ok(done),
        }
    }

    /// Runs an operation until it is done or revoked.
    async fn until<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.unless_revoked(work).await?
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Revocation")
            .field(&*self.0.borrow())
            .finish()
    }
}

fn given_up() -> Failure {
    Failure::new(
        FailureKind::Interrupted,
        GIVEN_UP,
        "given up, because the run was interrupted",
    )
}

/// Services whose pending requests a [`Revocation`] gives up.
#[derive(Debug)]
pub struct RevocableServices {
    services: Arc<dyn Services>,
    revocation: Revocation,
}

impl RevocableServices {
    /// Passes everything on to `services` until it is revoked.
    pub fn new(services: Arc<dyn Services>, revocation: Revocation) -> Self {
        Self {
            services,
            revocation,
        }
    }
}

#[async_trait]
impl Services for RevocableServices {
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        self.revocation.until(self.services.ask(request)).await
    }
}

/// A registry whose pending operations a [`Revocation`] gives up.
#[derive(Debug)]
pub struct RevocableRegistry {
    registry: Arc<dyn Registry>,
    revocation: Revocation,
}

impl RevocableRegistry {
    /// Passes everything on to `registry` until it is revoked.
    pub fn new(registry: Arc<dyn Registry>, revocation: Revocation) -> Self {
        Self {
            registry,
            revocation,
        }
    }

    /// A stream that ends with a failure when it is revoked.
    fn stream(&self, blob: BlobStream) -> BlobStream {
        let state = Some((blob, self.revocation.clone()));
        stream::unfold(state, |state| async move {
            let (mut blob, revocation) = state?;
            let next = async { blob.next().await.transpose() };
            match revocation.until(next).await {
                Ok(None) => None,
                Ok(Some(piece)) => Some((Ok(piece), Some((blob, revocation)))),
                Err(failure) => Some((Err(failure), None)),
            }
        })
        .boxed()
    }
}

#[async_trait]
impl Registry for RevocableRegistry {
    fn capabilities(&self) -> Capabilities {
        self.registry.capabilities()
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        let work = self.registry.head_manifest(repository, reference);
        self.revocation.until(work).await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let work = self.registry.get_manifest(repository, reference);
        self.revocation.until(work).await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        let work = self.registry.put_manifest(repository, reference, manifest);
        self.revocation.until(work).await
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        let work = self.registry.blob_size(repository, digest);
        self.revocation.until(work).await
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        let work = self.registry.get_blob(repository, blob);
        let stream = self.revocation.until(work).await?;
        Ok(stream.map(|stream| self.stream(stream)))
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        let work = self.registry.start_upload(repository);
        self.revocation.until(work).await
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        let work = self.registry.put_blob(repository, blob, session, body);
        self.revocation.until(work).await
    }

    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        let work = self.registry.put_whole_blob(repository, blob, bytes);
        self.revocation.until(work).await
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        let work = self.registry.cancel_upload(repository, session);
        self.revocation.until(work).await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        let work = self.registry.mount_blob(repository, digest, from);
        self.revocation.until(work).await
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        let work = self.registry.tags(repository, next);
        self.revocation.until(work).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        let work = self.registry.referrers(repository, digest);
        self.revocation.until(work).await
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        let work = self.registry.bulk_list(repository);
        self.revocation.until(work).await
    }

    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        let work = self.registry.catalog(host, next);
        self.revocation.until(work).await
    }
}
