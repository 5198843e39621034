//! The `Registry` port of `WireRegistry`: each operation in its module, errors as failures.

use async_trait::async_trait;
use promo_core::oci::{
    Descriptor, Digest, ManifestReference, RawManifest, RegistryHost, Repository,
};
use promo_core::ports::{
    BlobStream, BulkList, Capabilities, CatalogPage, Failure, ManifestHead, Mount, PutManifest,
    ReferrerList, Registry, TagPage, UploadSession,
};

use super::WireRegistry;

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
        Ok(self.head(repository, reference).await?)
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        Ok(self.get(repository, reference).await?)
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        Ok(self.put(repository, reference, manifest).await?)
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        Ok(self.size_of_blob(repository, digest).await?)
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        Ok(self.open_blob(repository, blob).await?)
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        Ok(self.open_upload(repository).await?)
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        Ok(self.send_blob(repository, blob, &session, body).await?)
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure> {
        Ok(self.give_up(repository, &session).await?)
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        Ok(self.mount(repository, digest, from).await?)
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        Ok(self.tag_page(repository, next).await?)
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        Ok(self.list_referrers(repository, digest).await?)
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        Ok(self.list_with_digests(repository).await?)
    }

    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        Ok(self.catalog_page(host, next).await?)
    }
}
