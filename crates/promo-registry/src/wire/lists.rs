//! Lists that come in pages: the tags of a repository (with Google's additions) and the catalog.
//!
//! A list is read to its end or not at all: whatever keeps a page from being read, a 404 behind the first one as
//! well, is an error. Pages are asked for at the list's own path, whatever a registry links to.

use std::collections::BTreeSet;

use ::http::{Method, StatusCode};
use bytes::Bytes;
use promo_core::inventory::RepositoryContent;
use promo_core::oci::{RegistryHost, RegistryPath, Repository, Tag};
use promo_core::ports::{BulkList, CatalogPage, Operation, TagPage};
use url::Url;

use super::WireRegistry;
use super::list_bytes::PagePosition;
use super::list_document::{self, TagDocument};
use super::manifests::refuse_html;
use super::paths::to_pull;
use crate::auth::{Access, Scopes};
use crate::dialect::answers::{PAGE_SIZES, refuses_page_size};
use crate::http::{Answer, Request, UnreadableLink, foreign_location, next_link, same_origin};
use crate::limits::TAG_PAGES;
use crate::{Error, LocationRule};

/// A list, with where its first page is.
pub(super) struct List {
    pub(super) access: Access,
    pub(super) operation: Operation,
    pub(super) url: Url,
    pub(super) what: String,
}

/// A page of a list.
pub(super) struct Page {
    pub(super) body: Bytes,
    /// Where the next page is: the query to ask the list's path with.
    pub(super) next: Option<String>,
}

impl WireRegistry {
    pub(super) async fn tag_page(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Error> {
        let listing = self.tag_listing(repository, next).await?;
        Ok(listing.map(|(document, next)| TagPage {
            tags: tags(&document.tags),
            next,
        }))
    }

    /// Whether a tag is in the list of a repository's tags.
    pub(super) async fn is_listed(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<bool, Error> {
        let mut next = None;
        for _ in 0..TAG_PAGES {
            let listing = self.tag_listing(repository, next.as_deref()).await?;
            let Some((document, following)) = listing else {
                return Ok(false);
            };
            if document.tags.iter().any(|listed| listed == tag.as_str()) {
                return Ok(true);
            }
            next = following;
            if next.is_none() {
                return Ok(false);
            }
        }
        Err(endless(repository))
    }

    /// All pages of a tag list that has digests in it; only the first of one that hasn't.
    pub(super) async fn list_with_digests(
        &self,
        repository: &Repository,
    ) -> Result<BulkList, Error> {
        let mut content = RepositoryContent::complete();
        let mut children = BTreeSet::new();
        let mut next = None;
        for _ in 0..TAG_PAGES {
            let listing = self.tag_listing(repository, next.as_deref()).await?;
            let Some((document, following)) = listing else {
                return Ok(BulkList::Missing);
            };
            let Some(listed) = document.content else {
                return Ok(BulkList::NotOffered);
            };
            content.merge(listed);
            children.extend(below(repository, &document.children));
            next = following;
            if next.is_none() {
                let children = children.into_iter().collect();
                return Ok(BulkList::Listed { content, children });
            }
        }
        Err(endless(repository))
    }

    /// A page of the tags of a repository, with all that the registry tells in it; none if it isn't there.
    async fn tag_listing(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<(TagDocument, Option<String>)>, Error> {
        let what = format!("the tags of {repository}");
        let first = self.request(
            Operation::TagList,
            Method::GET,
            repository,
            "tags/list",
            what,
        )?;
        let list = List {
            access: to_pull(repository),
            operation: first.operation,
            url: first.url,
            what: first.what,
        };
        let Ok(page) = self.page(&list, next).await? else {
            return Ok(None);
        };
        let document =
            list_document::tags(&page.body).ok_or_else(|| list.malformed("it is no tag list"))?;
        Ok(Some((document, page.next)))
    }

    pub(super) async fn catalog_page(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Error> {
        let what = format!("the catalog of {host}");
        let list = List {
            access: Access {
                host: host.clone(),
                repository: None,
                scopes: Scopes::catalog(),
            },
            operation: Operation::Catalog,
            url: self.url(host, "/v2/_catalog", &what)?,
            what,
        };
        let page = match self.page(&list, next).await? {
            Ok(page) => page,
            Err(answer) => return Err(self.exchange.refusal(answer).await),
        };
        let names = list_document::repositories(&page.body)
            .ok_or_else(|| list.malformed("it is no catalog"))?;
        let root: RegistryPath = host
            .as_str()
            .parse()
            .map_err(|_| list.malformed("the host is no registry"))?;
        Ok(CatalogPage {
            repositories: names
                .iter()
                .filter_map(|name| root.join(name).ok())
                .collect(),
            next: page.next,
        })
    }

    /// The first page of a list, or the one that `next` leads to. A 404 to the first comes back as the answer
    /// that it is.
    async fn page(&self, list: &List, next: Option<&str>) -> Result<Result<Page, Answer>, Error> {
        let (url, answer) = match next {
            Some(next) => self.ask(list, list.continued(next)?).await?,
            None => self.ask_first(list).await?,
        };
        match answer.status() {
            StatusCode::OK => self
                .read_page(list, &url, answer, self.caps.list)
                .await
                .map(Ok),
            StatusCode::NOT_FOUND if next.is_none() => Ok(Err(answer)),
            StatusCode::NOT_FOUND => Err(list.broken("a page that it links to is not there")),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }

    pub(super) async fn read_page(
        &self,
        list: &List,
        url: &Url,
        answer: Answer,
        cap: u64,
    ) -> Result<Page, Error> {
        refuse_html(&answer)?;
        let next = list.next(url, &answer)?;
        let body = answer.bytes(cap).await?;
        let position = PagePosition {
            is_first: is_first(url),
            is_last: next.is_none(),
        };
        let known_as = (list.access.host.as_str(), list.what.as_str());
        self.list_bytes
            .count(known_as, position, body.len(), self.caps.whole_list)?;
        Ok(Page { body, next })
    }

    /// Asks for a first page, smaller where the registry doesn't take the size.
    async fn ask_first(&self, list: &List) -> Result<(Url, Answer), Error> {
        let host = &list.access.host;
        let sizes = PAGE_SIZES.iter().enumerate();
        for (number, size) in sizes.skip(self.learned.page_size(host)) {
            let mut url = list.url.clone();
            url.set_query(size.map(|size| format!("n={size}")).as_deref());
            let (url, answer) = self.ask(list, url).await?;
            let is_last = number + 1 == PAGE_SIZES.len();
            if is_last || !refuses_page_size(answer.status()) {
                if answer.status() == StatusCode::OK {
                    self.learned.takes_page_size(host, number);
                }
                return Ok((url, answer));
            }
        }
        Err(list.malformed("no size of its pages is left to ask for"))
    }

    pub(super) async fn ask(&self, list: &List, url: Url) -> Result<(Url, Answer), Error> {
        let request = Request::new(list.operation, Method::GET, url.clone(), list.what.clone());
        let request = match list.operation {
            Operation::Referrers => request.with_header(
                ::http::header::ACCEPT,
                promo_core::oci::MediaType::OCI_INDEX,
            ),
            _ => request,
        };
        let answer = self.exchange.send(&list.access, request).await?;
        Ok((url, answer))
    }
}

impl List {
    /// The URL of the page that `next` leads to.
    pub(super) fn continued(&self, next: &str) -> Result<Url, Error> {
        let query = next
            .strip_prefix('?')
            .ok_or_else(|| self.malformed("what leads to its next page is no query"))?;
        let mut url = self.url.clone();
        url.set_query(Some(query));
        Ok(url)
    }

    /// What an answer says about the next page. Only the list that was asked for is continued: a path of the
    /// registry's choice would be asked for with our credentials.
    fn next(&self, asked: &Url, answer: &Answer) -> Result<Option<String>, Error> {
        let link = next_link(answer.headers())
            .map_err(|UnreadableLink| self.broken("its Link header can't be read"))?;
        let Some(link) = link else {
            return Ok(None);
        };
        let target = asked
            .join(&link)
            .map_err(|_| self.broken("its Link header is no URL"))?;
        if !same_origin(asked, &target) && !is_behind_a_proxy(asked, &target) {
            let rule = LocationRule::OtherHost;
            return Err(foreign_location(
                &self.access.host,
                &self.what,
                &target,
                rule,
            ));
        }
        if bare_path(&target) != bare_path(asked) {
            let path = crate::error::clean(target.path());
            return Err(self.broken(format!("its Link leads to {path}, which is another list")));
        }
        match target.query() {
            Some(query) if target.query() != asked.query() => Ok(Some(format!("?{query}"))),
            _ => Err(self.malformed("its Link leads to the same page again")),
        }
    }

    pub(super) fn broken(&self, reason: impl Into<String>) -> Error {
        Error::broken_list(self.access.host.as_str(), &self.what, reason)
    }

    pub(super) fn malformed(&self, reason: &str) -> Error {
        Error::malformed(self.access.host.as_str(), &self.what, reason)
    }
}

/// Whether two URLs differ in their scheme only: a registry that a proxy speaks TLS for takes itself to be plain.
fn is_behind_a_proxy(asked: &Url, target: &Url) -> bool {
    let is_http = matches!(target.scheme(), "http" | "https");
    let no_port = asked.port().is_none() && target.port().is_none();
    is_http && no_port && asked.host_str() == target.host_str()
}

fn bare_path(url: &Url) -> &str {
    url.path().trim_end_matches('/')
}

/// Whether it asks for a first page: for all, or for so many.
fn is_first(url: &Url) -> bool {
    url.query()
        .is_none_or(|query| query.starts_with("n=") && !query.contains('&'))
}

fn endless(repository: &Repository) -> Error {
    let what = format!("the tags of {repository}");
    Error::malformed(repository.host_str(), &what, "the list has no end")
}

fn tags(names: &[String]) -> Vec<Tag> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// The repositories right below one, by their last components.
fn below(repository: &Repository, names: &[String]) -> Vec<Repository> {
    let Ok(root) = repository.as_str().parse::<RegistryPath>() else {
        return Vec::new();
    };
    let found = names.iter().filter_map(|name| root.join(name).ok());
    found.collect()
}
