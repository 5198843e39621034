//! `OciClientRegistry`: the `Registry` port over an `oci_client::Client` that an embedding program has
//! already.
//!
//! It passes the base of the port's suite and declares that it has no more ([`Capabilities::BASE`]): a refused mount loses
//! its session, and bodies are not capped. Beside that, lists are read up to the end of their first page, and
//! `Retry-After` is not seen. promo itself uses [`WireRegistry`](crate::WireRegistry); this one is for those who must use their own client,
//! and the other side of differential tests.
//!
//! What is worked around: manifests are pushed raw, never through the typed call that writes them
//! anew; a push by digest names the digest as if it were a tag, because the client panics otherwise when the
//! registry sends no Location; an empty list of referrers is looked at twice, because the client takes
//! refusals for emptiness; uploads are opened when their bytes are there.

mod body;
mod failure;
mod manifest;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ::oci_client::errors::OciDistributionError;
use ::oci_client::secrets::RegistryAuth;
use ::oci_client::{Client, Reference};
use async_trait::async_trait;
use http::HeaderValue;
use promo_core::oci::{
    Descriptor, Digest, ManifestReference, MediaType, RawManifest, RegistryHost, Repository,
};
use promo_core::ports::{
    BlobStream, Capabilities, Failure, ManifestHead, Mount, PutManifest, ReferrerList, Registry,
    SubjectHandling, TagPage, UploadSession,
};

use self::failure::{altered, late, malformed, optional, translate, unsupported};

/// The location of an upload that is not open yet.
const DEFERRED: &str = "oci-client:deferred";
/// What an upload must manage in a second, for its deadline.
const SLOWEST_UPLOAD: u64 = 64 << 10;

/// The port over an `oci_client::Client`.
pub struct OciClientRegistry {
    client: Client,
    credentials: BTreeMap<RegistryHost, RegistryAuth>,
    deadline: Duration,
}

impl OciClientRegistry {
    /// Uses `client` as it is configured, with these credentials; other hosts are asked anonymously.
    /// A host for which the client holds credentials already keeps those.
    ///
    /// `deadline` bounds each operation, and each pause of a blob that is read; an upload has more time the
    /// larger the blob is.
    pub fn new(
        client: Client,
        credentials: BTreeMap<RegistryHost, RegistryAuth>,
        deadline: Duration,
    ) -> Self {
        Self {
            client,
            credentials,
            deadline,
        }
    }

    async fn sign_in(&self, repository: &Repository) -> &RegistryAuth {
        let host = repository.host();
        let auth = self.credentials.get(&host);
        let auth = auth.unwrap_or(&RegistryAuth::Anonymous);
        // The client knows docker.io by another name; the name it resolves to is the one that counts.
        let reference = named(repository);
        self.client
            .store_auth_if_needed(reference.resolve_registry(), auth)
            .await;
        auth
    }

    /// The answer, unless the deadline passes.
    async fn timely<T>(
        &self,
        repository: &Repository,
        answer: impl Future<Output = Result<T, OciDistributionError>> + Send,
    ) -> Result<Result<T, OciDistributionError>, Failure> {
        tokio::time::timeout(self.deadline, answer)
            .await
            .map_err(|_elapsed| late(repository, self.deadline))
    }

    async fn is_listed(
        &self,
        repository: &Repository,
        subject: &Digest,
        digest: Digest,
    ) -> Result<bool, Failure> {
        let referrers = self.referrers(repository, subject).await?;
        let mut listed = referrers.descriptors.iter();
        Ok(listed.any(|referrer| referrer.digest == digest))
    }
}

impl fmt::Debug for OciClientRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OciClientRegistry")
            .field("hosts", &self.credentials.keys())
            .finish_non_exhaustive()
    }
}

/// A repository where no manifest is meant.
fn named(repository: &Repository) -> Reference {
    pinned(repository, "latest".to_owned())
}

/// A manifest in a repository. A digest stands where a tag stands: the URL is the same.
fn pinned(repository: &Repository, tag: String) -> Reference {
    Reference::with_tag(
        repository.host_str().to_owned(),
        repository.name().to_owned(),
        tag,
    )
}

fn by_digest(repository: &Repository, digest: &Digest) -> Reference {
    Reference::with_digest(
        repository.host_str().to_owned(),
        repository.name().to_owned(),
        digest.to_string(),
    )
}

fn reading(repository: &Repository, reference: &ManifestReference) -> Reference {
    match reference {
        ManifestReference::Digest(digest) => by_digest(repository, digest),
        ManifestReference::Tag(tag) => pinned(repository, tag.to_string()),
    }
}

/// The digest that a manifest was asked by, else the one that was answered.
fn expected(
    repository: &Repository,
    reference: &ManifestReference,
    answered: &str,
) -> Result<Digest, Failure> {
    match reference {
        ManifestReference::Digest(digest) => Ok(*digest),
        ManifestReference::Tag(_) => answered
            .parse()
            .map_err(|_| malformed(repository, "the registry named no digest that is known")),
    }
}

#[async_trait]
impl Registry for OciClientRegistry {
    fn capabilities(&self) -> Capabilities {
        Capabilities::BASE
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        let auth = self.sign_in(repository).await;
        let image = reading(repository, reference);
        let answer = self.client.fetch_manifest_digest(&image, auth);
        let answer = self.timely(repository, answer).await?;
        let Some(answered) = optional(answer, repository)? else {
            return Ok(None);
        };
        Ok(Some(ManifestHead {
            digest: expected(repository, reference, &answered)?,
            media_type: None,
            size: None,
        }))
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let auth = self.sign_in(repository).await;
        let image = reading(repository, reference);
        let answer = self
            .client
            .pull_manifest_raw(&image, auth, &MediaType::MANIFESTS);
        let answer = self.timely(repository, answer).await?;
        let Some((bytes, answered)) = optional(answer, repository)? else {
            return Ok(None);
        };
        let digest = expected(repository, reference, &answered)?;
        manifest::raw(repository, digest, bytes).map(Some)
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        self.sign_in(repository).await;
        let image = pinned(repository, reference.to_string());
        let media_type = HeaderValue::from_str(manifest.media_type().as_str())
            .map_err(|_| malformed(repository, "the media type can't stand in a header"))?;
        let answer = self
            .client
            .push_manifest_raw(&image, manifest.bytes().clone(), media_type);
        let answer = self.timely(repository, answer).await?;
        answer.map_err(|error| translate(error, repository))?;
        // The headers that tell how the subject was taken are not seen, so the list itself is asked.
        let subject = match manifest::subject(manifest) {
            None => SubjectHandling::NoSubject,
            Some(subject) => {
                let digest = manifest.digest();
                if !self.is_listed(repository, &subject.digest, digest).await? {
                    return Err(unsupported("keeping referrers for a registry that doesn't"));
                }
                SubjectHandling::ByRegistry
            }
        };
        Ok(PutManifest {
            digest_confirmed: false,
            subject,
        })
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        self.sign_in(repository).await;
        let (image, digest) = (named(repository), digest.to_string());
        // The size is only told where the bytes begin to come; they are not read.
        let opened = self.client.pull_blob_stream(&image, digest.as_str());
        let opened = self.timely(repository, opened).await?;
        let Some(opened) = optional(opened, repository)? else {
            return Ok(None);
        };
        opened
            .content_length
            .map(Some)
            .ok_or_else(|| malformed(repository, "the registry doesn't tell the size of a blob"))
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        self.sign_in(repository).await;
        let (image, digest) = (named(repository), blob.digest.to_string());
        let opened = self.client.pull_blob_stream(&image, digest.as_str());
        let opened = self.timely(repository, opened).await?;
        let Some(opened) = optional(opened, repository)? else {
            return Ok(None);
        };
        if opened.content_length.is_some_and(|size| size != blob.size) {
            return Err(altered(
                repository,
                "the blob doesn't have the size of its descriptor",
            ));
        }
        Ok(Some(body::arriving(
            opened.stream,
            repository.clone(),
            blob.size,
            self.deadline,
        )))
    }

    async fn start_upload(&self, _repository: &Repository) -> Result<UploadSession, Failure> {
        Ok(UploadSession::new(DEFERRED))
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        if session.location() != DEFERRED {
            return Err(unsupported(
                "going on with an upload that another client opened",
            ));
        }
        self.sign_in(repository).await;
        let (image, digest) = (named(repository), blob.digest.to_string());
        let body = body::leaving(body);
        let pushing = self
            .client
            .push_blob_stream(&image, body, &digest, Some(blob.size));
        let deadline = self.deadline + Duration::from_secs(blob.size / SLOWEST_UPLOAD);
        match tokio::time::timeout(deadline, pushing).await {
            // The blob is there, whatever the answer lacks.
            Ok(Ok(_) | Err(OciDistributionError::RegistryNoLocationError)) => Ok(()),
            Ok(Err(error)) => Err(translate(error, repository)),
            Err(_elapsed) => Err(late(repository, deadline)),
        }
    }

    async fn cancel_upload(
        &self,
        _repository: &Repository,
        _session: UploadSession,
    ) -> Result<(), Failure> {
        // It was never opened.
        Ok(())
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        self.sign_in(repository).await;
        let (image, source, digest) = (named(repository), named(from), digest.to_string());
        let mounting = self.client.mount_blob(&image, &source, &digest);
        match self.timely(repository, mounting).await? {
            // Without a Location the answer was 201 all the same.
            Ok(()) | Err(OciDistributionError::RegistryNoLocationError) => Ok(Mount::Mounted),
            // 202: the session that was opened is lost.
            Err(OciDistributionError::SpecViolationError(_)) => Ok(Mount::Refused(None)),
            Err(error) => Err(translate(error, repository)),
        }
    }

    async fn tags(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        if next.is_some() {
            return Err(unsupported("reading the second page of a list"));
        }
        let auth = self.sign_in(repository).await;
        let image = named(repository);
        let answer = self.client.list_tags(&image, auth, None, None);
        let answer = self.timely(repository, answer).await?;
        let Some(list) = optional(answer, repository)? else {
            return Ok(None);
        };
        let tags: Result<Vec<_>, _> = list.tags.iter().map(|tag| tag.parse()).collect();
        let tags = tags.map_err(|_| malformed(repository, "the list has a tag that is none"))?;
        Ok(Some(TagPage { tags, next: None }))
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        self.sign_in(repository).await;
        let image = by_digest(repository, digest);
        let answer = self.client.pull_referrers(&image, None);
        let index = self
            .timely(repository, answer)
            .await?
            .map_err(|error| translate(error, repository))?;
        let mut list = ReferrerList::default();
        for entry in &index.manifests {
            list.descriptors.push(referrer(repository, entry)?);
        }
        // The client takes most refusals to show the fallback tag for an empty list, so an empty list
        // is believed only after the tag was asked for in a way that tells them apart.
        if list.descriptors.is_empty() {
            let tag = ManifestReference::Tag(digest.evidence_tag(""));
            if let Some(index) = self.get_manifest(repository, &tag).await? {
                list.descriptors = manifest::listed(repository, &index)?;
                list.fallback = true;
            }
        }
        list.descriptors.sort_by_key(|descriptor| descriptor.digest);
        list.descriptors
            .dedup_by_key(|descriptor| descriptor.digest);
        Ok(list)
    }
}

fn referrer(
    repository: &Repository,
    entry: &::oci_client::manifest::ImageIndexEntry,
) -> Result<Descriptor, Failure> {
    let refused = || {
        malformed(
            repository,
            "the list of referrers has an entry that is none",
        )
    };
    let size = u64::try_from(entry.size).map_err(|_| refused())?;
    let digest = entry.digest.parse().map_err(|_| refused())?;
    let mut descriptor = Descriptor::new(MediaType::new(&entry.media_type), digest, size);
    descriptor.artifact_type.clone_from(&entry.artifact_type);
    descriptor.annotations = entry.annotations.clone().unwrap_or_default();
    Ok(descriptor)
}
