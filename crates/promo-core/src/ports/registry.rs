//! The `Registry` port: the primitive operations of OCI Distribution 1.1.
//!
//! One value serves all hosts; methods take the full repository. Copying, inventory and evidence
//! are built on top of it and don't belong here.

use std::fmt::Debug;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use super::{Failure, FailureKind};
use crate::codes;
use crate::inventory::RepositoryContent;
use crate::oci::{
    Descriptor, Digest, ManifestReference, MediaType, RawManifest, RegistryHost, Repository, Tag,
};

/// The bytes of a blob as they arrive.
///
/// A stream that [`Registry::get_blob`] returns ends with an error when the bytes were not those
/// of the descriptor: it checks digest and length itself.
pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>;

/// What an implementation offers beyond the base of the port's suite. A caller that needs what
/// is lacking refuses the implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// A refused mount gives its upload session to the caller.
    pub mount_session: bool,
    /// Every body is capped.
    pub caps: bool,
}

impl Capabilities {
    /// Everything.
    pub const ALL: Self = Self {
        mount_session: true,
        caps: true,
    };

    /// Only the base.
    pub const BASE: Self = Self {
        mount_session: false,
        caps: false,
    };
}

/// What a registry says about a manifest without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestHead {
    /// Its digest.
    pub digest: Digest,
    /// Its media type, where the registry says it.
    pub media_type: Option<MediaType>,
    /// Its size in bytes, where the registry says it.
    pub size: Option<u64>,
}

/// How the registry took the `subject` of a manifest that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectHandling {
    /// The manifest has no subject.
    NoSubject,
    /// The registry answered `OCI-Subject`: it lists referrers itself.
    ByRegistry,
    /// The fallback tag `sha256-<hex>` was brought up to date instead.
    FallbackTag,
}

/// The answer to a manifest's PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutManifest {
    /// Whether the registry confirmed the digest in its answer.
    pub digest_confirmed: bool,
    /// What became of its subject.
    pub subject: SubjectHandling,
}

/// An upload that the registry opened: the location to send the bytes to. It belongs to the
/// registry value that opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    location: String,
}

impl UploadSession {
    /// A session by its absolute location.
    pub fn new(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
        }
    }

    /// The absolute location.
    pub fn location(&self) -> &str {
        &self.location
    }
}

/// The answer to a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mount {
    /// The blob is in the repository now.
    Mounted,
    /// It wasn't mounted; the registry opened an upload instead, if it could be learned.
    Refused(Option<UploadSession>),
}

/// A page of a tag list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagPage {
    /// The tags, as the registry sent them.
    pub tags: Vec<Tag>,
    /// Where the next page is, if there is one: pass it to the next call.
    pub next: Option<String>,
}

/// All that a repository holds, as registries of Google tell it in one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkList {
    /// The registry's tag list has tags only.
    NotOffered,
    /// The repository isn't there.
    Missing,
    /// Every tag with its digest, and every digest.
    Listed {
        /// What the repository holds, completely.
        content: RepositoryContent,
        /// The repositories right below it, ordered.
        children: Vec<Repository>,
    },
}

/// A page of the repositories of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogPage {
    /// The repositories, as the registry sent them.
    pub repositories: Vec<Repository>,
    /// Where the next page is, if there is one: pass it to the next call.
    pub next: Option<String>,
}

/// Who refers to a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferrerList {
    /// Descriptors of the manifests whose subject it is, ordered by digest, each once. Their artifact
    /// types and annotations are as the registry says and must not be relied on.
    pub descriptors: Vec<Descriptor>,
    /// Whether they were learned from the fallback tag.
    pub fallback: bool,
    /// Whether the registry doesn't say who refers to a manifest as long as that isn't there, and it isn't (Quay).
    /// Nothing is listed then, whatever refers to it.
    pub untold: bool,
}

/// The primitive operations on registries.
///
/// # Contract
///
/// - Content that isn't there is `Ok(None)`; a repository that isn't there has no content.
///   Everything else that keeps an operation from being decided is an error.
/// - Bytes are checked: a manifest has the digest it was asked by (or the one the registry named), a
///   blob that of its descriptor.
/// - What is put is put as it is, byte for byte.
/// - Nothing is retried by the caller: implementations repeat what is safe to repeat. A PUT of a tag is not: while an
///   implementation waits, somebody else may put it. The caller looks where it points before each PUT.
#[async_trait]
pub trait Registry: Debug + Send + Sync {
    /// What this implementation offers.
    fn capabilities(&self) -> Capabilities;

    /// Asks for digest and media type of a manifest (HEAD).
    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure>;

    /// Gets a manifest.
    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure>;

    /// Puts a manifest. If it has a subject and the registry doesn't keep referrers, the fallback
    /// tag is brought up to date before this returns.
    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure>;

    /// The size of a blob, if it is there (HEAD).
    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure>;

    /// Opens a blob for reading.
    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure>;

    /// Opens an upload.
    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure>;

    /// Sends the bytes of a blob, whose length and digest the descriptor tells, into an upload that is
    /// open, and closes it.
    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure>;

    /// Puts a blob whose bytes are at hand, which have the length and digest of the descriptor: in a single request where
    /// the registry takes that, else by an upload. Optional: an implementation that knows only uploads keeps this one.
    async fn put_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        let session = self.start_upload(repository).await?;
        let body = stream::once(std::future::ready(Ok(bytes))).boxed();
        self.put_blob(repository, blob, session, body).await
    }

    /// Gives up an upload that is open.
    async fn cancel_upload(
        &self,
        repository: &Repository,
        session: UploadSession,
    ) -> Result<(), Failure>;

    /// Takes a blob over from another repository of the same host, without its bytes being sent.
    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure>;

    /// A page of the tags of a repository; `next` is what the page before said. A repository that
    /// isn't there is `Ok(None)`.
    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure>;

    /// Who refers to `digest`: from the referrers API, else from the fallback tag.
    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure>;

    /// All tags with their digests and all digests of a repository in one answer, where the registry
    /// offers that. Optional: an implementation that can't ask for it keeps this one.
    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        let _ = repository;
        Err(not_offered("listing a repository with its digests"))
    }

    /// A page of the repositories of a registry; `next` is what the page before said. Optional.
    async fn catalog(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Failure> {
        let _ = (host, next);
        Err(not_offered("listing the repositories of a registry"))
    }
}

/// An optional operation that an implementation of [`Registry`] leaves out.
fn not_offered(operation: &str) -> Failure {
    Failure::new(
        FailureKind::Unsupported,
        codes::NOT_OFFERED,
        format!("{operation} is not offered by this client"),
    )
}
