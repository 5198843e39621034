//! Snapshots of registries: what they hold now.

use std::collections::BTreeSet;

use promo_core::inventory::{Inventory, RepositoryInventory};
use promo_core::oci::{Digest, IndexChildren, ManifestReference, RegistryPath};
use promo_core::snapshot::Snapshot;

use super::Promoter;
use crate::error::{Error, Result};

/// What of a registry is taken.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SnapshotRequest {
    /// The registry, and a path in it.
    pub registry: RegistryPath,
    /// Whether digests without a tag that are children of an index are left out.
    pub minimal: bool,
}

impl SnapshotRequest {
    /// All that is below this path.
    pub fn new(registry: RegistryPath) -> Self {
        Self {
            registry,
            minimal: false,
        }
    }
}

/// A snapshot that was taken.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TakenSnapshot {
    /// What the registry holds.
    pub snapshot: Snapshot,
    /// Whether the path is itself a repository, whose images have no name below it and are left out.
    pub leaves_out_own: bool,
}

impl Promoter {
    /// Takes a snapshot of a registry. What can't be read stands in it as such.
    ///
    /// # Errors
    ///
    /// `PROMO-X001` if there is nothing below the path but images at the path itself, and whatever keeps the registry from
    /// being listed.
    pub async fn snapshot(&self, request: &SnapshotRequest) -> Result<TakenSnapshot> {
        let registry = &request.registry;
        let inventory = self.registries()?.inventory.walk(registry).await?;
        let mut snapshot = Snapshot::of_inventory(&inventory, registry);
        let leaves_out_own = has_own_images(&inventory, registry);
        if leaves_out_own && snapshot.records().next().is_none() {
            return Err(Error::IsARepository {
                registry: registry.clone(),
            });
        }
        if request.minimal {
            snapshot = self.minimal(snapshot).await?;
        }
        Ok(TakenSnapshot {
            snapshot,
            leaves_out_own,
        })
    }

    /// Without the digests that have no tag and are children of an index. Only repositories that have
    /// digests without a tag are looked into.
    async fn minimal(&self, snapshot: Snapshot) -> Result<Snapshot> {
        let untagged: BTreeSet<String> = snapshot
            .records()
            .filter(|record| record.tag.is_none())
            .map(|record| record.name.to_owned())
            .collect();
        let wanted: BTreeSet<(String, Digest)> = snapshot
            .records()
            .filter(|record| untagged.contains(record.name))
            .map(|record| (record.name.to_owned(), record.digest))
            .collect();
        let mut children = BTreeSet::new();
        for (name, digest) in wanted {
            let Ok(repository) = snapshot.registry().join(&name) else {
                continue;
            };
            let reference = ManifestReference::from(digest);
            let registry = &self.registries()?.registry;
            let manifest = registry.get_manifest(&repository, &reference).await?;
            // What isn't understood lists none, so that nothing is left out for it.
            let listed = manifest.and_then(|manifest| IndexChildren::of(&manifest).all());
            children.extend(listed.into_iter().flatten().map(|child| child.digest));
        }
        Ok(snapshot.minimal(&children))
    }
}

/// Names in a snapshot are relative to the registry, so images at the path itself have none.
fn has_own_images(inventory: &Inventory, registry: &RegistryPath) -> bool {
    inventory.repositories().any(|(repository, known)| {
        repository.as_str() == registry.as_str()
            && matches!(known, RepositoryInventory::Read(content) if content.digests().next().is_some())
    })
}
