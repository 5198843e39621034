//! The `Registry` port of `WireRegistry`: each operation in its module, errors as failures.

use async_trait::async_trait;
use bytes::Bytes;
use promo_core::oci::{
    Descriptor, Digest, ManifestReference, RawManifest, RegistryHost, Repository,
};
use promo_core::ports::{
    BlobStream, BulkList, Capabilities, CatalogPage, Failure, ManifestHead, Mount, PutManifest,
    ReferrerList, Registry, TagPage, UploadSession,
};

use super::WireRegistry;
use crate::Error;

impl WireRegistry {
    /// The failure for an error, without credentials.
    fn told(&self, error: Error) -> Failure {
        self.exchange.sender.told(error)
    }
}

#[async_trait]
impl Registry for WireRegistry {
    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        self.head(repository, reference)
            .await
            .map_err(|error| self.told(error))
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        self.get(repository, reference)
            .await
            .map_err(|error| self.told(error))
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        self.put(repository, reference, manifest)
            .await
            .map_err(|error| self.told(error))
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        self.size_of_blob(repository, digest)
            .await
            .map_err(|error| self.told(error))
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        self.open_blob(repository, blob)
            .await
            .map_err(|error| self.told(error))
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        self.open_upload(repository)
            .await
            .map_err(|error| self.told(error))
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        self.send_blob(repository, blob, &session, body)
            .await
            .map_err(|error| self.told(error))
    }

    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        self.send_whole_blob(repository, blob, bytes)
            .await
            .map_err(|error| self.told(error))
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        self.give_up(repository, &session)
            .await
            .map_err(|error| self.told(error))
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        self.mount(repository, digest, from)
            .await
            .map_err(|error| self.told(error))
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        self.tag_page(repository, next)
            .await
            .map_err(|error| self.told(error))
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        self.list_referrers(repository, digest)
            .await
            .map_err(|error| self.told(error))
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        self.list_with_digests(repository)
            .await
            .map_err(|error| self.told(error))
    }

    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        self.catalog_page(host, next)
            .await
            .map_err(|error| self.told(error))
    }
}
