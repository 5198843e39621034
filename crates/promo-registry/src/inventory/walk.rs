//! Takes in all that lies below a registry path, by the registry's own lists.
//!
//! Lists are followed to their end, but not without end: a page that leads back, a repository that lists
//! what isn't below it, and more entries than any registry has are refused.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::oci::{RegistryPath, Repository, Tag};
use promo_core::ports::{BulkList, Failure, FailureKind, contain};

use super::error::InventoryError;
use super::wanted::unreadable;
use super::{InventoryMethod, RegistryInventoryReader};
use crate::limits::INVENTORY_PAGES;

impl RegistryInventoryReader {
    pub(super) async fn walk_registry(
        &self,
        registry: &RegistryPath,
    ) -> Result<Inventory, Failure> {
        // A bare host is no repository that could be asked for what lies below it.
        if let Ok(root) = registry.as_str().parse::<Repository>()
            && self.method(&root) == InventoryMethod::BulkList
            && let Some(list) = self.bulk_list(&root).await?
        {
            return self.walk_bulk(root, list).await;
        }
        self.walk_catalog(registry).await
    }

    /// Google's way: each repository lists those right below it.
    async fn walk_bulk(&self, root: Repository, list: BulkList) -> Result<Inventory, Failure> {
        let mut inventory = Inventory::new();
        let mut count = 0;
        let mut level = take_in(&mut inventory, root, Ok(list))?;
        while !level.is_empty() {
            count += level.len();
            if count > self.settings.repositories {
                return Err(self.too_many_repositories().into());
            }
            let listing: Vec<_> = level.into_iter().map(|below| self.listed(below)).collect();
            let mut arriving = stream::iter(listing).buffer_unordered(self.at_once());
            let mut next = Vec::new();
            while let Some((repository, list)) = arriving.next().await {
                next.extend(take_in(&mut inventory, repository, list)?);
            }
            level = next;
        }
        Ok(inventory)
    }

    async fn listed(&self, repository: Repository) -> (Repository, Result<BulkList, Failure>) {
        let list = contain(self.bulk_list(&repository)).await;
        let list = list.map(|list| list.unwrap_or(BulkList::NotOffered));
        (repository, list)
    }

    /// The way of all others: the catalog, the tags of each repository, and where each points.
    async fn walk_catalog(&self, registry: &RegistryPath) -> Result<Inventory, Failure> {
        let repositories = self.list_repositories(registry).await?;
        let reading: Vec<_> = repositories
            .into_iter()
            .map(|repository| self.read_all(repository))
            .collect();
        let mut arriving = stream::iter(reading).buffer_unordered(self.at_once());
        let mut inventory = Inventory::new();
        while let Some((repository, content)) = arriving.next().await {
            inventory.insert(repository, content);
        }
        Ok(inventory)
    }

    /// The repositories of the catalog that lie at or below the path.
    async fn list_repositories(
        &self,
        registry: &RegistryPath,
    ) -> Result<BTreeSet<Repository>, Failure> {
        let host = registry.host();
        let mut found = BTreeSet::new();
        let mut pages = Pages::new(host.as_str());
        let mut count = 0;
        loop {
            let page = {
                let _permit = self.permit(host.as_str()).await;
                self.registry.catalog(&host, pages.next()).await
            };
            let page = page.map_err(|failure| match failure.kind() {
                FailureKind::Unsupported | FailureKind::NotFound => {
                    Failure::from(InventoryError::NoCatalog {
                        host: host.clone(),
                        source: failure,
                    })
                }
                _ => failure,
            })?;
            count += page.repositories.len();
            if count > self.settings.repositories {
                return Err(self.too_many_repositories().into());
            }
            found.extend(page.repositories.into_iter().filter(|repository| {
                repository.as_str() == registry.as_str() || registry.relative(repository).is_some()
            }));
            if !pages.turn(page.next)? {
                return Ok(found);
            }
        }
    }

    async fn read_all(&self, repository: Repository) -> (Repository, RepositoryInventory) {
        let content = contain(self.read_tags(&repository)).await;
        (
            repository,
            content.unwrap_or_else(|failure| unreadable(&failure)),
        )
    }

    async fn read_tags(&self, repository: &Repository) -> Result<RepositoryInventory, Failure> {
        let Some(tags) = self.list_tags(repository).await? else {
            return Ok(RepositoryInventory::Missing);
        };
        let mut content = RepositoryContent::partial();
        for (tag, digest) in self
            .ask_tags(repository, tags.into_iter().collect())
            .await?
        {
            content.record_tag(tag, digest);
        }
        Ok(RepositoryInventory::Read(content))
    }

    /// All tags of a repository; `None` if it isn't there.
    pub(super) async fn list_tags(
        &self,
        repository: &Repository,
    ) -> Result<Option<BTreeSet<Tag>>, Failure> {
        let mut tags = BTreeSet::new();
        let mut pages = Pages::new(repository.as_str());
        loop {
            let page = {
                let _permit = self.permit(repository.host_str()).await;
                self.registry.tags(repository, pages.next()).await?
            };
            let Some(page) = page else {
                return Ok(None);
            };
            tags.extend(page.tags);
            if tags.len() > self.settings.tags {
                return Err(InventoryError::TooMany {
                    what: repository.to_string(),
                    limit: self.settings.tags,
                }
                .into());
            }
            if !pages.turn(page.next)? {
                return Ok(Some(tags));
            }
        }
    }

    fn too_many_repositories(&self) -> InventoryError {
        InventoryError::TooMany {
            what: "the registry".to_owned(),
            limit: self.settings.repositories,
        }
    }
}

/// Records what a repository listed and returns the repositories below it.
fn take_in(
    inventory: &mut Inventory,
    repository: Repository,
    list: Result<BulkList, Failure>,
) -> Result<Vec<Repository>, Failure> {
    let (content, children) = match list {
        Ok(BulkList::Listed { content, children }) => (content, children),
        // It went away while the walk was on its way.
        Ok(_) => return Ok(Vec::new()),
        Err(failure) => {
            inventory.insert(repository, unreadable(&failure));
            return Ok(Vec::new());
        }
    };
    for child in &children {
        let below = child.as_str().strip_prefix(repository.as_str());
        if !below.is_some_and(|below| below.starts_with('/')) {
            return Err(InventoryError::NoChild {
                parent: repository,
                child: child.clone(),
            }
            .into());
        }
    }
    // A folder that only leads to others is no repository.
    if children.is_empty() || content.digests().next().is_some() {
        inventory.insert(repository, RepositoryInventory::Read(content));
    }
    Ok(children)
}

/// The way through a list that comes in pages.
struct Pages {
    what: String,
    next: Option<String>,
    seen: BTreeSet<String>,
}

impl Pages {
    fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            next: None,
            seen: BTreeSet::new(),
        }
    }

    fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Goes to the next page, if there is one.
    fn turn(&mut self, next: Option<String>) -> Result<bool, InventoryError> {
        if let Some(next) = &next
            && (!self.seen.insert(next.clone()) || self.seen.len() > INVENTORY_PAGES)
        {
            return Err(InventoryError::EndlessList {
                what: self.what.clone(),
            });
        }
        self.next = next;
        Ok(self.next.is_some())
    }
}
