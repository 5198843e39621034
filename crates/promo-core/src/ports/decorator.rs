//! Decorators of the `Registry` port: whoever changes one operation writes that one, and all others go to the registry
//! below.
//!
//! A default is given for every operation, optional ones included, so that nothing is lost on the way.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    BlobStream, BulkList, Capabilities, CatalogPage, Failure, ManifestHead, Mount, PutManifest,
    ReferrerList, Registry, TagPage, UploadSession,
};
use crate::oci::{Descriptor, Digest, ManifestReference, RawManifest, RegistryHost, Repository};

/// A registry in front of another one. Each operation goes to [`Self::inner`] unless the decorator has its own, which
/// owes what the port's contract says.
///
/// Whatever implements this is a [`Registry`].
#[async_trait]
pub trait RegistryDecorator: Debug + Send + Sync {
    /// The registry below.
    fn inner(&self) -> &dyn Registry;

    /// [`Registry::capabilities`].
    fn capabilities(&self) -> Capabilities {
        self.inner().capabilities()
    }

    /// [`Registry::head_manifest`].
    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        self.inner().head_manifest(repository, reference).await
    }

    /// [`Registry::get_manifest`].
    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        self.inner().get_manifest(repository, reference).await
    }

    /// [`Registry::put_manifest`].
    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        self.inner()
            .put_manifest(repository, reference, manifest)
            .await
    }

    /// [`Registry::blob_size`].
    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        self.inner().blob_size(repository, digest).await
    }

    /// [`Registry::get_blob`].
    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        self.inner().get_blob(repository, blob).await
    }

    /// [`Registry::start_upload`].
    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        self.inner().start_upload(repository).await
    }

    /// [`Registry::put_blob`].
    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        self.inner().put_blob(repository, blob, session, body).await
    }

    /// [`Registry::put_whole_blob`]. A decorator that changes uploads changes this, too: it goes to the registry below at
    /// once.
    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        self.inner().put_whole_blob(repository, blob, bytes).await
    }

    /// [`Registry::cancel_upload`].
    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        self.inner().cancel_upload(repository, session).await
    }

    /// [`Registry::mount_blob`].
    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        self.inner().mount_blob(repository, digest, from).await
    }

    /// [`Registry::tags`].
    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        self.inner().tags(repository, next).await
    }

    /// [`Registry::referrers`].
    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        self.inner().referrers(repository, digest).await
    }

    /// [`Registry::bulk_list`].
    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        self.inner().bulk_list(repository).await
    }

    /// [`Registry::catalog`].
    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        self.inner().catalog(host, next).await
    }
}

#[async_trait]
impl<D: RegistryDecorator> Registry for D {
    fn capabilities(&self) -> Capabilities {
        RegistryDecorator::capabilities(self)
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        RegistryDecorator::head_manifest(self, repository, reference).await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        RegistryDecorator::get_manifest(self, repository, reference).await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        RegistryDecorator::put_manifest(self, repository, reference, manifest).await
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        RegistryDecorator::blob_size(self, repository, digest).await
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        RegistryDecorator::get_blob(self, repository, blob).await
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        RegistryDecorator::start_upload(self, repository).await
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        RegistryDecorator::put_blob(self, repository, blob, session, body).await
    }

    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        RegistryDecorator::put_whole_blob(self, repository, blob, bytes).await
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        RegistryDecorator::cancel_upload(self, repository, session).await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        RegistryDecorator::mount_blob(self, repository, digest, from).await
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        RegistryDecorator::tags(self, repository, next).await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        RegistryDecorator::referrers(self, repository, digest).await
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        RegistryDecorator::bulk_list(self, repository).await
    }

    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        RegistryDecorator::catalog(self, host, next).await
    }
}
