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
//! | any other | one HEAD per wanted tag, and one per wanted digest that no wanted tag points to |
//! | set to tag lists | the pages of the list, one HEAD per wanted tag that is listed, one per wanted digest as above |
//!
//! A walk costs one list per repository at Google's, else the pages of the catalog, those of each tag list,
//! and a HEAD per tag.

mod error;
mod settings;
mod walk;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use promo_core::inventory::{Inventory, WantedInventory};
use promo_core::oci::{Digest, ManifestReference, RegistryHost, RegistryPath, Repository};
use promo_core::ports::{BulkList, Failure, FailureKind, InventoryReader, Registry};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::error::InventoryError;
pub use self::settings::{InventoryMethod, InventorySettings};

/// Reads inventories through a [`Registry`].
#[derive(Debug)]
pub struct RegistryInventoryReader {
    registry: Arc<dyn Registry>,
    settings: InventorySettings,
    /// Bounds the requests of all repositories of a host together.
    permits: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    /// Hosts whose tag lists turned out to have no digests.
    without_bulk: Mutex<BTreeSet<RegistryHost>>,
}

impl RegistryInventoryReader {
    /// A reader.
    pub fn new(registry: Arc<dyn Registry>, settings: InventorySettings) -> Self {
        Self {
            registry,
            settings,
            permits: Mutex::default(),
            without_bulk: Mutex::default(),
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
        let method = self.settings.method(repository.host_str());
        if method == InventoryMethod::BulkList && self.known_without_bulk(&repository.host()) {
            return InventoryMethod::HeadOnly;
        }
        method
    }

    fn known_without_bulk(&self, host: &RegistryHost) -> bool {
        let known = self.without_bulk.lock();
        known.unwrap_or_else(PoisonError::into_inner).contains(host)
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
        let hosts = self.without_bulk.lock();
        hosts
            .unwrap_or_else(PoisonError::into_inner)
            .insert(repository.host());
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

    async fn walk(&self, registry: &RegistryPath) -> Result<Inventory, Failure> {
        self.walk_registry(registry).await
    }
}
