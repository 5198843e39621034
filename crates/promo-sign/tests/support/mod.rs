//! The registry port over plain HTTP, as small as it can be: what the evidence store needs to speak
//! to the embedded registry. It retries nothing and trusts the registry on loopback.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::Code;
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Repository,
};
use promo_core::ports::{
    BlobStream, Capabilities, Failure, FailureKind, ManifestHead, Mount, PutManifest, ReferrerList,
    Registry, SubjectHandling, TagPage, UploadSession,
};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

/// The port, spoken to registries on loopback.
#[derive(Debug, Default)]
pub(crate) struct HttpRegistry {
    client: Client,
}

fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure::new(kind, Code::new("TEST"), message)
}

fn unsupported() -> Failure {
    failure(FailureKind::Unsupported, "not needed by these tests")
}

fn url(repository: &Repository, path: &str) -> String {
    format!(
        "http://{}/v2/{}/{path}",
        repository.host(),
        repository.name()
    )
}

/// The answer, nothing for 404, an error for any other that isn't a success.
fn found(response: Response) -> Result<Option<Response>, Failure> {
    match response.status() {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => Ok(Some(response)),
        status => {
            let kind = match status.as_u16() {
                429 => FailureKind::RateLimited,
                500.. => FailureKind::Unavailable,
                _ => FailureKind::Refused,
            };
            let refused = failure(kind, format!("answered {status}"));
            Err(refused.with_status(status.as_u16()))
        }
    }
}

impl HttpRegistry {
    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<(&str, Bytes)>,
    ) -> Result<Response, Failure> {
        let mut request = self.client.request(method, url);
        request = request.header("accept", MediaType::MANIFESTS.join(", "));
        if let Some((media_type, bytes)) = body {
            request = request.header("content-type", media_type).body(bytes);
        }
        let broken = |error: reqwest::Error| failure(FailureKind::Unavailable, error.to_string());
        request.send().await.map_err(broken)
    }

    async fn bytes(response: Response) -> Result<Bytes, Failure> {
        let broken = |error: reqwest::Error| failure(FailureKind::Unavailable, error.to_string());
        response.bytes().await.map_err(broken)
    }

    /// The fallback of OCI Distribution 1.1 where a registry keeps no referrers.
    async fn keep_fallback(
        &self,
        repository: &Repository,
        subject: &Digest,
        manifest: &RawManifest,
    ) -> Result<(), Failure> {
        let tag: ManifestReference = subject.evidence_tag("").into();
        let mut descriptors = self.fallback(repository, &tag).await?;
        let descriptor = manifest.descriptor();
        if descriptors
            .iter()
            .any(|found| found.digest == descriptor.digest)
        {
            return Ok(());
        }
        descriptors.push(descriptor);
        let index = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX,
            "manifests": descriptors,
        });
        let index = Bytes::from(index.to_string());
        let url = url(repository, &format!("manifests/{tag}"));
        let body = Some((MediaType::OCI_INDEX, index));
        found(self.send(Method::PUT, &url, body).await?).map(drop)
    }

    async fn fallback(
        &self,
        repository: &Repository,
        tag: &ManifestReference,
    ) -> Result<Vec<Descriptor>, Failure> {
        let index = self.get_manifest(repository, tag).await?;
        Ok(index.map_or_else(Vec::new, |index| listed(index.bytes())))
    }
}

fn listed(index: &[u8]) -> Vec<Descriptor> {
    let index: Value = serde_json::from_slice(index).unwrap();
    serde_json::from_value(index["manifests"].clone()).unwrap()
}

#[async_trait]
impl Registry for HttpRegistry {
    fn capabilities(&self) -> Capabilities {
        Capabilities::BASE
    }

    async fn head_manifest(
        &self,
        _: &Repository,
        _: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        Err(unsupported())
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let url = url(repository, &format!("manifests/{reference}"));
        let Some(response) = found(self.send(Method::GET, &url, None).await?)? else {
            return Ok(None);
        };
        let media_type = response.headers()["content-type"].to_str().unwrap();
        let media_type = MediaType::new(media_type);
        let bytes = Self::bytes(response).await?;
        Ok(Some(RawManifest::new(
            media_type,
            DigestAlgorithm::Sha256,
            bytes,
        )))
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        let url = url(repository, &format!("manifests/{reference}"));
        let body = Some((manifest.media_type().as_str(), manifest.bytes().clone()));
        let response = found(self.send(Method::PUT, &url, body).await?)?;
        let response = response.ok_or_else(|| failure(FailureKind::NotFound, "answered 404"))?;
        let by_registry = response.headers().contains_key("oci-subject");
        let document: Value = serde_json::from_slice(manifest.bytes()).unwrap();
        let subject = match document["subject"]["digest"].as_str() {
            None => SubjectHandling::NoSubject,
            Some(_) if by_registry => SubjectHandling::ByRegistry,
            Some(subject) => {
                let subject = subject.parse().unwrap();
                self.keep_fallback(repository, &subject, manifest).await?;
                SubjectHandling::FallbackTag
            }
        };
        Ok(PutManifest {
            digest_confirmed: true,
            subject,
        })
    }

    async fn blob_size(&self, _: &Repository, _: &Digest) -> Result<Option<u64>, Failure> {
        Err(unsupported())
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        let url = url(repository, &format!("blobs/{}", blob.digest));
        let Some(response) = found(self.send(Method::GET, &url, None).await?)? else {
            return Ok(None);
        };
        let bytes = Self::bytes(response).await?;
        Ok(Some(stream::once(std::future::ready(Ok(bytes))).boxed()))
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        let url = url(repository, "blobs/uploads/");
        let response = found(self.send(Method::POST, &url, None).await?)?;
        let response = response.ok_or_else(|| failure(FailureKind::NotFound, "answered 404"))?;
        let location = response.headers()["location"].to_str().unwrap();
        let base = reqwest::Url::parse(&url).unwrap();
        Ok(UploadSession::new(base.join(location).unwrap()))
    }

    async fn put_blob(
        &self,
        _: &Repository,
        blob: &Descriptor,
        session: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        let bytes = body.try_collect::<Vec<Bytes>>().await?.concat();
        let mut url = reqwest::Url::parse(session.location()).unwrap();
        url.query_pairs_mut()
            .append_pair("digest", &blob.digest.to_string());
        let body = Some(("application/octet-stream", bytes.into()));
        found(self.send(Method::PUT, url.as_str(), body).await?).map(drop)
    }

    async fn cancel_upload(&self, _: &Repository, _: UploadSession) -> Result<(), Failure> {
        Err(unsupported())
    }

    async fn mount_blob(
        &self,
        _: &Repository,
        _: &Digest,
        _: &Repository,
    ) -> Result<Mount, Failure> {
        Err(unsupported())
    }

    async fn tags(&self, _: &Repository, _: Option<&str>) -> Result<Option<TagPage>, Failure> {
        Err(unsupported())
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        let url = url(repository, &format!("referrers/{digest}"));
        let (found, fallback) = match found(self.send(Method::GET, &url, None).await?)? {
            Some(response) => (listed(&Self::bytes(response).await?), false),
            None => (
                self.fallback(repository, &digest.evidence_tag("").into())
                    .await?,
                true,
            ),
        };
        let ordered: BTreeMap<Digest, Descriptor> = found
            .into_iter()
            .map(|found| (found.digest, found))
            .collect();
        Ok(ReferrerList {
            descriptors: ordered.into_values().collect(),
            fallback,
            untold: false,
        })
    }
}
