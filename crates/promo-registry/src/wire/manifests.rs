//! Manifests: HEAD, GET and PUT, with digests and media types checked.

use ::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use ::http::{HeaderName, Method, StatusCode};
use promo_core::oci::{
    Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Repository,
};
use promo_core::ports::{ManifestHead, Operation, PutManifest, SubjectHandling};
use serde::Deserialize;

use super::WireRegistry;
use super::manifest_type::{is_generic, media_type_of};
use super::paths::{to_pull, to_push};
use crate::Error;
use crate::auth::Access;
use crate::dialect::answers::{refuses_head, says_immutable};
use crate::http::{Answer, Body, Request};

pub(super) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

impl WireRegistry {
    pub(super) async fn head(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Error> {
        let host = repository.host();
        if !self.learned.serves_head(&host) {
            return self.head_by_get(repository, reference).await;
        }
        let request =
            self.manifest_request(Operation::ManifestHead, Method::HEAD, repository, reference)?;
        let answer = self.exchange.send(&to_pull(repository), request).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status if refuses_head(status) => {
                if status != StatusCode::BAD_REQUEST {
                    self.learned.refuses_head(&host);
                }
                return self.head_by_get(repository, reference).await;
            }
            _ => return Err(self.exchange.refusal(answer).await),
        }
        refuse_html(&answer)?;
        let named = named_digest(&answer)?;
        let digest = match (reference, named) {
            (ManifestReference::Digest(asked), Some(named))
                if asked.algorithm() == named.algorithm() && *asked != named =>
            {
                return Err(Error::DigestMismatch {
                    what: answer.what,
                    expected: *asked,
                    found: named,
                });
            }
            // Another algorithm says nothing about the digest that was asked for: its bytes do.
            (ManifestReference::Digest(asked), Some(named))
                if asked.algorithm() != named.algorithm() =>
            {
                return self.head_by_get(repository, reference).await;
            }
            (ManifestReference::Digest(asked), _) => *asked,
            (ManifestReference::Tag(_), Some(named)) => named,
            // A registry that doesn't tell the digest is asked for the bytes.
            (ManifestReference::Tag(_), None) => {
                return self.head_by_get(repository, reference).await;
            }
        };
        let media_type = answer.header(CONTENT_TYPE).map(MediaType::new);
        Ok(Some(ManifestHead {
            digest,
            media_type: media_type.filter(|media_type| !is_generic(media_type)),
            size: answer
                .header(CONTENT_LENGTH)
                .and_then(|length| length.parse().ok()),
        }))
    }

    async fn head_by_get(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Error> {
        let manifest = self.get(repository, reference).await?;
        Ok(manifest.map(|manifest| ManifestHead {
            digest: manifest.digest(),
            media_type: Some(manifest.media_type().clone()),
            size: Some(manifest.bytes().len() as u64),
        }))
    }

    pub(super) async fn get(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Error> {
        let request =
            self.manifest_request(Operation::ManifestGet, Method::GET, repository, reference)?;
        let Some(answer) = self.found(&to_pull(repository), request).await? else {
            return Ok(None);
        };
        refuse_html(&answer)?;
        let named = named_digest(&answer)?;
        let header = answer.header(CONTENT_TYPE).map(MediaType::new);
        let (host, what) = (answer.host.clone(), answer.what.clone());
        let bytes = answer.bytes(self.caps.manifest).await?;
        let algorithm = match (reference, named) {
            (ManifestReference::Digest(asked), _) => asked.algorithm(),
            (ManifestReference::Tag(_), Some(named)) => named.algorithm(),
            (ManifestReference::Tag(_), None) => DigestAlgorithm::Sha256,
        };
        let asked = match reference {
            ManifestReference::Digest(asked) => Some(*asked),
            ManifestReference::Tag(_) => None,
        };
        for expected in [asked, named].into_iter().flatten() {
            check_digest(&what, expected, &bytes)?;
        }
        let media_type = media_type_of(&host, &what, header, &bytes)?;
        Ok(Some(RawManifest::new(media_type, algorithm, bytes)))
    }

    pub(super) async fn put(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Error> {
        let mut put = self.put_alone(repository, reference, manifest).await?;
        if put.subject == SubjectHandling::FallbackTag {
            let referrer = super::fallback_tag::Referrer::of(manifest);
            if let Some(referrer) = referrer {
                self.update_fallback_tag(repository, &referrer).await?;
            } else {
                put.subject = SubjectHandling::NoSubject;
            }
        }
        Ok(put)
    }

    /// Puts a manifest and nothing else. `FallbackTag` in the answer means that it is still to be updated.
    pub(super) async fn put_alone(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Error> {
        let mut request =
            self.manifest_request(Operation::ManifestPut, Method::PUT, repository, reference)?;
        let by_other_algorithm = manifest.digest().algorithm() != DigestAlgorithm::Sha256;
        if by_other_algorithm && matches!(reference, ManifestReference::Tag(_)) {
            // Registries that know this parameter let the tag point to this digest; the others ignore it and take
            // SHA-256.
            let digest = manifest.digest().to_string();
            request.url.query_pairs_mut().append_pair("digest", &digest);
        }
        if let ManifestReference::Digest(asked) = reference {
            check_digest(&request.what, *asked, manifest.bytes())?;
        }
        let request = request
            .with_header(CONTENT_TYPE, manifest.media_type().as_str())
            .with_body(Body::Bytes(manifest.bytes().clone()));
        // Not repeated here: after a pause the tag may have been moved by somebody else, so the caller looks again
        // first.
        let request = match reference {
            ManifestReference::Digest(_) => request,
            ManifestReference::Tag(_) => request.once(),
        };
        let answer = self.exchange.send(&to_push(repository), request).await?;
        if !matches!(answer.status().as_u16(), 200..=202) {
            return Err(self.put_refused(repository, reference, answer).await);
        }
        let named = named_digest(&answer)?;
        if let Some(named) = named {
            check_digest(&answer.what, named, manifest.bytes())?;
        }
        let kept_by = match reference {
            ManifestReference::Digest(asked) => by_other_algorithm.then_some(asked),
            ManifestReference::Tag(_) => None,
        };
        if let Some(digest) = kept_by
            && self.head(repository, reference).await?.is_none()
        {
            return Err(Error::DigestNotKept {
                repository: repository.clone(),
                digest: *digest,
            });
        }
        let subject = match subject_of(manifest.bytes()) {
            None => SubjectHandling::NoSubject,
            Some(_) if answer.headers().contains_key(OCI_SUBJECT) => SubjectHandling::ByRegistry,
            Some(_) => SubjectHandling::FallbackTag,
        };
        Ok(PutManifest {
            digest_confirmed: named.is_some() || kept_by.is_some(),
            subject,
        })
    }

    async fn put_refused(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        answer: Answer,
    ) -> Error {
        let status = answer.status().as_u16();
        let error = self.exchange.refusal(answer).await;
        let said = match &error {
            Error::Refused { answer, .. } | Error::Forbidden { answer, .. } => answer.clone(),
            _ => None,
        };
        match (reference, said) {
            (ManifestReference::Tag(_), Some(answer)) if says_immutable(&answer) => {
                Error::ImmutableTag {
                    repository: repository.clone(),
                    reference: reference.clone(),
                    status,
                    answer,
                }
            }
            _ => error,
        }
    }

    fn manifest_request(
        &self,
        operation: Operation,
        method: Method,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Request, Error> {
        let separator = match reference {
            ManifestReference::Digest(_) => '@',
            ManifestReference::Tag(_) => ':',
        };
        let what = format!("the manifest {repository}{separator}{reference}");
        let resource = format!("manifests/{reference}");
        let is_read = method != Method::PUT;
        let request = self.request(operation, method, repository, &resource, what)?;
        Ok(if is_read {
            // Registries answer 404 for what they have in a type that wasn't asked for.
            request.with_header(ACCEPT, &format!("{}, */*", MediaType::MANIFESTS.join(", ")))
        } else {
            request
        })
    }

    /// Sends a read: the answer if there is one, none on 404, an error on anything else.
    pub(super) async fn found(
        &self,
        access: &Access,
        request: Request,
    ) -> Result<Option<Answer>, Error> {
        let answer = self.exchange.send(access, request).await?;
        self.found_in(answer).await
    }

    pub(super) async fn found_in(&self, answer: Answer) -> Result<Option<Answer>, Error> {
        match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }
}

/// The digest that the registry names in its answer. An empty header names none.
pub(super) fn named_digest(answer: &Answer) -> Result<Option<Digest>, Error> {
    let value = answer.headers().get(DOCKER_CONTENT_DIGEST);
    let Some(value) = value.filter(|value| !value.as_bytes().trim_ascii().is_empty()) else {
        return Ok(None);
    };
    let digest = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    digest.map(Some).ok_or_else(|| {
        Error::malformed(
            &answer.host,
            &answer.what,
            "the Docker-Content-Digest header is no digest",
        )
    })
}

fn check_digest(what: &str, expected: Digest, bytes: &[u8]) -> Result<(), Error> {
    let found = Digest::of(expected.algorithm(), bytes);
    if found == expected {
        return Ok(());
    }
    Err(Error::DigestMismatch {
        what: what.to_owned(),
        expected,
        found,
    })
}

/// An HTML page is what a proxy or a login form answers.
pub(super) fn refuse_html(answer: &Answer) -> Result<(), Error> {
    let is_html = answer
        .header(CONTENT_TYPE)
        .map(MediaType::new)
        .is_some_and(|media_type| {
            matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
        });
    if is_html {
        return Err(Error::malformed(
            &answer.host,
            &answer.what,
            "it is an HTML page, as a proxy or a login form sends, and no registry",
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct WithSubject {
    subject: Option<promo_core::oci::Descriptor>,
}

/// The subject of a manifest, if it has one.
pub(super) fn subject_of(bytes: &[u8]) -> Option<promo_core::oci::Descriptor> {
    serde_json::from_slice::<WithSubject>(bytes).ok()?.subject
}
