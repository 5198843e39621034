//! Who refers to a manifest: the referrers API with its pages, or the fallback tag.

use std::collections::BTreeMap;

use ::http::header::ACCEPT;
use ::http::{Method, StatusCode};
use promo_core::oci::{Descriptor, Digest, MediaType, Repository};
use promo_core::ports::{Operation, ReferrerList};
use serde::Deserialize;

use super::WireRegistry;
use super::lists::next_page;
use super::manifests::refuse_html;
use super::paths::to_pull;
use crate::Error;
use crate::http::Answer;

/// The most pages that a list of referrers may have.
const MAX_PAGES: usize = 1000;
/// The most referrers that are read.
const MAX_REFERRERS: usize = 100_000;

#[derive(Deserialize)]
struct ReferrersDocument {
    manifests: Option<Vec<Descriptor>>,
}

impl WireRegistry {
    pub(super) async fn list_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Error> {
        match self.ask_api(repository, digest).await? {
            Some(descriptors) => Ok(ReferrerList {
                descriptors: descriptors.into_values().collect(),
                fallback: false,
            }),
            None => Ok(ReferrerList {
                descriptors: self.read_fallback_tag(repository, digest).await?,
                fallback: true,
            }),
        }
    }

    /// From the referrers API; none if the registry has none.
    async fn ask_api(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<BTreeMap<Digest, Descriptor>>, Error> {
        let host = repository.host();
        let what = format!("the referrers of {repository}@{digest}");
        let mut request = self.request(
            Operation::Referrers,
            Method::GET,
            repository,
            &format!("referrers/{digest}"),
            what.clone(),
        )?;
        let mut found = BTreeMap::new();
        for page in 0..MAX_PAGES {
            let url = request.url.clone();
            let request_now = request.with_header(ACCEPT, MediaType::OCI_INDEX);
            let answer = self
                .exchange
                .send(&to_pull(repository), request_now)
                .await?;
            match answer.status() {
                StatusCode::OK => {}
                // Only the first page can tell that there is no such API; later it is a broken list.
                StatusCode::NOT_FOUND if page == 0 => return Ok(None),
                _ if page == 0 => return self.unless_unsupported(answer).await,
                _ => return Err(self.exchange.refusal(answer).await),
            }
            refuse_html(&answer)?;
            let next = next_page(&host, &url, &answer)?;
            let body = answer.bytes(self.caps.referrers).await?;
            for descriptor in read(host.as_str(), &what, &body)? {
                found.entry(descriptor.digest).or_insert(descriptor);
            }
            if found.len() > MAX_REFERRERS {
                break;
            }
            let Some(next) = next else {
                return Ok(Some(found));
            };
            request = self.request(
                Operation::Referrers,
                Method::GET,
                repository,
                "referrers/",
                what.clone(),
            )?;
            request.url = self.url(&host, &next, &what)?;
        }
        Err(Error::malformed(
            host.as_str(),
            &what,
            "the list has no end",
        ))
    }

    /// A registry that says that it doesn't know the operation has no such API. Anything else, a 403 or a 429
    /// above all, is no answer to the question.
    async fn unless_unsupported(
        &self,
        answer: Answer,
    ) -> Result<Option<BTreeMap<Digest, Descriptor>>, Error> {
        match self.exchange.refusal(answer).await {
            Error::Refused {
                answer: Some(said), ..
            }
            | Error::Unavailable {
                status: 501,
                answer: Some(said),
                ..
            } if said.code() == "UNSUPPORTED" => Ok(None),
            error => Err(error),
        }
    }

    async fn read_fallback_tag(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let tag = digest.evidence_tag("");
        let what = format!("the fallback tag {repository}:{tag}");
        let Some(index) = self.get(repository, &tag.into()).await? else {
            return Ok(Vec::new());
        };
        let found: BTreeMap<Digest, Descriptor> =
            read(repository.host_str(), &what, index.bytes())?
                .into_iter()
                .map(|descriptor| (descriptor.digest, descriptor))
                .collect();
        Ok(found.into_values().collect())
    }
}

/// The descriptors of an index. A single one that can't be understood makes the whole list undecided.
fn read(host: &str, what: &str, body: &[u8]) -> Result<Vec<Descriptor>, Error> {
    let malformed = || Error::malformed(host, what, "it is no index of referrers");
    let document: ReferrersDocument = serde_json::from_slice(body).map_err(|_| malformed())?;
    document.manifests.ok_or_else(malformed)
}
