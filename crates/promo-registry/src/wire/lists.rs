//! Lists that come in pages: the tags of a repository (with Google's additions) and the catalog.

use std::collections::{BTreeMap, BTreeSet};

use ::http::{Method, StatusCode};
use promo_core::inventory::RepositoryContent;
use promo_core::oci::{Digest, RegistryHost, RegistryPath, Repository, Tag};
use promo_core::ports::{BulkList, CatalogPage, Operation, TagPage};
use serde::Deserialize;
use url::Url;

use super::WireRegistry;
use super::manifests::refuse_html;
use super::paths::to_pull;
use crate::auth::Scopes;
use crate::http::{Access, Answer, Request, foreign_location, next_link, same_origin};
use crate::{Error, LocationRule};

/// The most pages that a list of one repository with its digests may have.
const MAX_PAGES: usize = 10_000;

/// A page of a tag list, with all that the registry tells in it.
struct TagListing {
    tags: Vec<Tag>,
    next: Option<String>,
    manifests: Option<BTreeMap<String, ManifestEntry>>,
    children: Vec<String>,
}

#[derive(Deserialize)]
struct TagDocument {
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    manifest: Option<BTreeMap<String, ManifestEntry>>,
    #[serde(default)]
    child: Option<Vec<String>>,
}

/// A manifest in a tag list of a Google registry.
#[derive(Deserialize)]
struct ManifestEntry {
    #[serde(default)]
    tag: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CatalogDocument {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

impl WireRegistry {
    pub(super) async fn tag_page(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagPage>, Error> {
        let listing = self.tag_listing(repository, next).await?;
        Ok(listing.map(|listing| TagPage {
            tags: listing.tags,
            next: listing.next,
        }))
    }

    /// All pages of a tag list that has digests in it; only the first of one that hasn't.
    pub(super) async fn list_with_digests(
        &self,
        repository: &Repository,
    ) -> Result<BulkList, Error> {
        let mut content = RepositoryContent::complete();
        let mut children = BTreeSet::new();
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let Some(listing) = self.tag_listing(repository, next.as_deref()).await? else {
                return Ok(BulkList::Missing);
            };
            let Some(manifests) = listing.manifests else {
                return Ok(BulkList::NotOffered);
            };
            record(&mut content, manifests);
            children.extend(below(repository, &listing.children));
            next = listing.next;
            if next.is_none() {
                let children = children.into_iter().collect();
                return Ok(BulkList::Listed { content, children });
            }
        }
        let what = format!("the tags of {repository}");
        Err(Error::malformed(
            repository.host_str(),
            &what,
            "the list has no end",
        ))
    }

    /// A page of the tags of a repository, with all that the registry tells in it; none if it isn't there.
    async fn tag_listing(
        &self,
        repository: &Repository,
        next: Option<&str>,
    ) -> Result<Option<TagListing>, Error> {
        let what = format!("the tags of {repository}");
        let mut request = self.request(
            Operation::TagList,
            Method::GET,
            repository,
            "tags/list",
            what.clone(),
        )?;
        let host = repository.host();
        self.turn_to(&host, &mut request, next)?;
        let url = request.url.clone();
        let Some(answer) = self.found(&to_pull(repository), request).await? else {
            return Ok(None);
        };
        refuse_html(&answer)?;
        let next = next_page(&host, &url, &answer)?;
        let body = answer.bytes(self.caps.list).await?;
        let document: TagDocument = serde_json::from_slice(&body)
            .map_err(|_| Error::malformed(host.as_str(), &what, "it is no tag list"))?;
        Ok(Some(TagListing {
            tags: tags(document.tags),
            next,
            manifests: document.manifest,
            children: document.child.unwrap_or_default(),
        }))
    }

    pub(super) async fn catalog_page(
        &self,
        host: &RegistryHost,
        next: Option<&str>,
    ) -> Result<CatalogPage, Error> {
        let what = format!("the catalog of {host}");
        let url = self.url(host, "/v2/_catalog", &what)?;
        let mut request = Request::new(Operation::Catalog, Method::GET, url, what.clone());
        self.turn_to(host, &mut request, next)?;
        let url = request.url.clone();
        let access = Access {
            host: host.clone(),
            repository: None,
            scopes: Scopes::catalog(),
        };
        let answer = self.exchange.send(&access, request).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.exchange.refusal(answer).await);
        }
        refuse_html(&answer)?;
        let next = next_page(host, &url, &answer)?;
        let body = answer.bytes(self.caps.list).await?;
        let malformed = |reason: &str| Error::malformed(host.as_str(), &what, reason);
        let document: CatalogDocument =
            serde_json::from_slice(&body).map_err(|_| malformed("it is no catalog"))?;
        let root: RegistryPath = host
            .as_str()
            .parse()
            .map_err(|_| malformed("the host is no registry"))?;
        let names = document.repositories.unwrap_or_default();
        let repositories = names
            .iter()
            .filter_map(|name| root.join(name).ok())
            .collect();
        Ok(CatalogPage { repositories, next })
    }

    /// Turns a request for the first page into one for the page `next`.
    fn turn_to(
        &self,
        host: &RegistryHost,
        request: &mut Request,
        next: Option<&str>,
    ) -> Result<(), Error> {
        match next {
            Some(next) => request.url = self.url(host, next, &request.what)?,
            // What registries allow at the most; those that page by default page smaller.
            None => request.url.set_query(Some("n=1000")),
        }
        Ok(())
    }
}

/// The next page that an answer links to: path and query, on the same scheme and host.
pub(super) fn next_page(
    host: &RegistryHost,
    asked: &Url,
    answer: &Answer,
) -> Result<Option<String>, Error> {
    let Some(link) = next_link(answer.headers()) else {
        return Ok(None);
    };
    let malformed = |reason: &str| Error::malformed(&answer.host, &answer.what, reason);
    let target = asked
        .join(&link)
        .map_err(|_| malformed("its Link is no URL"))?;
    if !same_origin(asked, &target) {
        let rule = LocationRule::OtherHost;
        return Err(foreign_location(host, &answer.what, &target, rule));
    }
    if target == *asked {
        return Err(malformed("its Link leads to the same page again"));
    }
    Ok(Some(match target.query() {
        Some(query) => format!("{}?{query}", target.path()),
        None => target.path().to_owned(),
    }))
}

fn tags(names: Option<Vec<String>>) -> Vec<Tag> {
    let names = names.unwrap_or_default();
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// Digests of algorithms that promo doesn't know are left out: nothing could ask for them.
fn record(content: &mut RepositoryContent, manifests: BTreeMap<String, ManifestEntry>) {
    for (digest, entry) in manifests {
        let Ok(digest) = digest.parse::<Digest>() else {
            continue;
        };
        content.record_digest(digest, true);
        for tag in tags(entry.tag) {
            content.record_tag(tag, Some(digest));
        }
    }
}

/// The repositories right below one, by their last components.
fn below(repository: &Repository, names: &[String]) -> Vec<Repository> {
    let Ok(root) = repository.as_str().parse::<RegistryPath>() else {
        return Vec::new();
    };
    let found = names.iter().filter_map(|name| root.join(name).ok());
    found.collect()
}
