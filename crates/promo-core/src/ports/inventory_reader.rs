//! The `InventoryReader` port: learns what registries hold.

use std::fmt::Debug;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::Failure;
use crate::inventory::{Inventory, RepositoryInventory, WantedInventory};
use crate::oci::{RegistryPath, Repository};

/// Reads what registries hold now.
#[async_trait]
pub trait InventoryReader: Debug + Send + Sync {
    /// Finds out what is wanted, by the cheapest way each registry offers. A repository that can't be
    /// read is recorded as such; reading never fails as a whole.
    async fn read(&self, wanted: &WantedInventory) -> Inventory;

    /// The same, repository by repository as they are read, in any order. Optional: an implementation that knows them only
    /// all together keeps this one.
    ///
    /// A run that is going to copy reads only destinations like this. Of its sources it reads the manifests themselves, through
    /// the [`Registry`](super::Registry).
    fn read_each<'a>(
        &'a self,
        wanted: &'a WantedInventory,
    ) -> BoxStream<'a, (Repository, RepositoryInventory)> {
        let read = stream::once(self.read(wanted));
        read.flat_map(|inventory| stream::iter(inventory.into_repositories()))
            .boxed()
    }

    /// Everything below a registry path: all repositories with all tags and, where the registry tells
    /// them, the digests without a tag.
    async fn walk(&self, registry: &RegistryPath) -> Result<Inventory, Failure>;
}
