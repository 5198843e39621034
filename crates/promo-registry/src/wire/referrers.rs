//! Who refers to a manifest: the referrers API with its pages, or the fallback tag.

use std::collections::BTreeMap;

use ::http::{Method, StatusCode};
use promo_core::oci::{Descriptor, Digest, MediaType, Repository};
use promo_core::ports::{Operation, ReferrerList};

use super::WireRegistry;
use super::list_document;
use super::lists::List;
use super::paths::to_pull;
use crate::Error;
use crate::dialect::answers::{self, NoReferrers};
use crate::http::Answer;
use crate::limits::{REFERRER_PAGES, REFERRERS};

type Found = BTreeMap<Digest, Descriptor>;

/// What the referrers API tells.
enum Told {
    /// All of them.
    Listed(Found),
    /// Nothing, as long as the manifest isn't there.
    NotYet,
    /// There is no such API.
    NoApi,
}

impl WireRegistry {
    pub(super) async fn list_referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Error> {
        Ok(match self.ask_api(repository, digest).await? {
            Told::Listed(found) => ReferrerList {
                descriptors: found.into_values().collect(),
                ..ReferrerList::default()
            },
            Told::NotYet => ReferrerList {
                untold: true,
                ..ReferrerList::default()
            },
            Told::NoApi => ReferrerList {
                descriptors: self.read_fallback_tag(repository, digest).await?,
                fallback: true,
                ..ReferrerList::default()
            },
        })
    }

    /// From the referrers API.
    async fn ask_api(&self, repository: &Repository, digest: &Digest) -> Result<Told, Error> {
        let first = self.request(
            Operation::Referrers,
            Method::GET,
            repository,
            &format!("referrers/{digest}"),
            format!("the referrers of {repository}@{digest}"),
        )?;
        let list = List {
            access: to_pull(repository),
            operation: first.operation,
            url: first.url.clone(),
            what: first.what,
        };
        let mut found = BTreeMap::new();
        let mut url = first.url;
        for page in 0..REFERRER_PAGES {
            let (asked, answer) = self.ask(&list, url).await?;
            match answer.status() {
                StatusCode::OK => {}
                // Only the first page can tell that there is no such API; later it is a broken list.
                _ if page == 0 => return self.without_a_list(repository, digest, answer).await,
                StatusCode::NOT_FOUND => {
                    return Err(list.broken("a page that it links to is not there"));
                }
                _ => return Err(self.exchange.refusal(answer).await),
            }
            let page = self
                .read_page(&list, &asked, answer, self.caps.referrers)
                .await?;
            let descriptors = list_document::referrers(&page.body)
                .ok_or_else(|| list.malformed("it is no index of referrers"))?;
            for descriptor in descriptors {
                found.entry(descriptor.digest).or_insert(descriptor);
            }
            if found.len() > REFERRERS {
                break;
            }
            let Some(next) = page.next else {
                return Ok(Told::Listed(found));
            };
            url = list.continued(&next)?;
        }
        Err(list.malformed("the list has no end"))
    }

    /// What it means that the first page is no list: there is no such API, or the registry can't tell because the
    /// manifest isn't there yet. Anything else is no answer to the question.
    async fn without_a_list(
        &self,
        repository: &Repository,
        digest: &Digest,
        answer: Answer,
    ) -> Result<Told, Error> {
        if answers::has_no_referrers_api(answer.status()) {
            return Ok(Told::NoApi);
        }
        let error = self.exchange.refusal(answer).await;
        match answers::refused_referrers(&error) {
            Some(NoReferrers::NoApi) => Ok(Told::NoApi),
            Some(NoReferrers::PerhapsNoManifest)
                if self.get(repository, &(*digest).into()).await?.is_none() =>
            {
                Ok(Told::NotYet)
            }
            _ => Err(error),
        }
    }

    /// What the fallback tag lists. Where it holds no index, or the image itself, nothing is listed (OCI Distribution
    /// 1.1, "Listing Referrers").
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
        let is_index = index.media_type().as_str() == MediaType::OCI_INDEX;
        if !is_index || answers::takes_tag_for_digest(digest, &index) {
            return Ok(Vec::new());
        }
        let listed = list_document::referrers(index.bytes()).ok_or_else(|| {
            Error::malformed(repository.host_str(), &what, "it is no index of referrers")
        })?;
        let found: Found = listed
            .into_iter()
            .map(|descriptor| (descriptor.digest, descriptor))
            .collect();
        self.seen_referrers.read(repository, digest, index.bytes());
        Ok(found.into_values().collect())
    }
}
