//! `RegistryInventoryReader`: the `InventoryReader` port over any `Registry`.
//!
//! What a plan wants to know is learned per repository in the cheapest way (`wanted`); a whole registry is
//! walked by its own lists (`walk`). A repository that can't be read is recorded as that, never as empty.
//!
//! # Requests
//!
//! | registry | per repository |
//! |---|---|
//! | Google's (`gcr.io`, `*.gcr.io`, `*.pkg.dev`, or set so) | one list |
//! | any other whose list turns out to have digests | one list |
//! | any other | one HEAD per wanted tag, and one per wanted digest that no wanted tag points to |
//! | set to tag lists | the pages of the list, one HEAD per wanted tag that is listed, one per wanted digest as above |
//!
//! Whether a list has digests is found out by the first one of a host, if lists could save at least a hundred requests there.
//!
//! A walk costs one list per repository at Google's, else the pages of the catalog, those of each tag list,
//! and a HEAD per tag.

mod digest_lists;
mod error;
mod settings;
mod walk;
mod wanted;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use promo_core::inventory::{Inventory, RepositoryInventory, WantedInventory};
use promo_core::oci::{Digest, ManifestReference, RegistryPath, Repository};
use promo_core::ports::{BulkList, Failure, FailureKind, InventoryReader, Registry};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::digest_lists::DigestLists;

pub use self::error::InventoryError;
pub use self::settings::{InventoryMethod, InventorySettings};

/// Reads inventories through a [`Registry`].
#[derive(Debug)]
pub struct RegistryInventoryReader {
    registry: Arc<dyn Registry>,
    settings: InventorySettings,
    /// Bounds the requests of all repositories of a host together.
    permits: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    /// Which hosts' tag lists turned out to have digests.
    digest_lists: DigestLists,
}

impl RegistryInventoryReader {
    /// A reader.
    pub fn new(registry: Arc<dyn Registry>, settings: InventorySettings) -> Self {
        Self {
            registry,
            settings,
            permits: Mutex::default(),
            digest_lists: DigestLists::default(),
        }
    }

    /// Waits until a request to this host may be sent.
    async fn permit(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let permits = {
            let mut hosts = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
            let at_once = self.settings.concurrency.clamp(1, Semaphore::MAX_PERMITS);
            let permits = hosts
                .entry(host.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(at_once)));
            Arc::clone(permits)
        };
        // It is never closed.
        permits.acquire_owned().await.ok()
    }

    /// How this host's inventory is read, by what is known now.
    fn method(&self, repository: &Repository) -> InventoryMethod {
        let host = repository.host_str();
        match (self.settings.method(host), self.digest_lists.known(host)) {
            (InventoryMethod::BulkList, Some(false)) => InventoryMethod::HeadOnly,
            (InventoryMethod::Cheapest, Some(true)) => InventoryMethod::BulkList,
            (method, _) => method,
        }
    }

    /// The bulk list of a repository; `None` if its host doesn't offer that, which is remembered.
    async fn bulk_list(&self, repository: &Repository) -> Result<Option<BulkList>, Failure> {
        let _permit = self.permit(repository.host_str()).await;
        match self.registry.bulk_list(repository).await {
            Ok(BulkList::NotOffered) => {}
            Ok(list) => return Ok(Some(list)),
            Err(failure) if failure.kind() == FailureKind::Unsupported => {}
            Err(failure) => return Err(failure),
        }
        self.digest_lists.learn(repository.host_str(), false);
        Ok(None)
    }

    /// Where a reference points, by a HEAD.
    async fn head(
        &self,
        repository: &Repository,
        reference: ManifestReference,
    ) -> Result<Option<Digest>, Failure> {
        let _permit = self.permit(repository.host_str()).await;
        match self.registry.head_manifest(repository, &reference).await {
            Ok(head) => Ok(head.map(|head| head.digest)),
            Err(failure) if failure.kind() == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

#[async_trait]
impl InventoryReader for RegistryInventoryReader {
    async fn read(&self, wanted: &WantedInventory) -> Inventory {
        self.read_wanted(wanted).await
    }

    fn read_each<'a>(
        &'a self,
        wanted: &'a WantedInventory,
    ) -> BoxStream<'a, (Repository, RepositoryInventory)> {
        self.each_wanted(wanted).boxed()
    }

    async fn walk(&self, registry: &RegistryPath) -> Result<Inventory, Failure> {
        self.walk_registry(registry).await
    }
}
