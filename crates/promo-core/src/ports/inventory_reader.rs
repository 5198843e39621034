//! The `InventoryReader` port: learns what registries hold.

use std::fmt::Debug;

use async_trait::async_trait;

use super::Failure;
use crate::inventory::{Inventory, WantedInventory};
use crate::oci::RegistryPath;

/// Reads what registries hold now.
#[async_trait]
pub trait InventoryReader: Debug + Send + Sync {
    /// Finds out what is wanted, by the cheapest way each registry offers. A repository that can't be
    /// read is recorded as such; reading never fails as a whole.
    async fn read(&self, wanted: &WantedInventory) -> Inventory;

    /// Everything below a registry path: all repositories with all tags and, where the registry tells
    /// them, the digests without a tag.
    async fn walk(&self, registry: &RegistryPath) -> Result<Inventory, Failure>;
}
