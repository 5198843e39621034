//! What registries would hold if a tree had been promoted in part.

use std::collections::BTreeMap;

use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::manifest::{DigestEntry, ManifestSet};
use promo_core::oci::Repository;

use crate::random::Random;

/// How much of a tree is where, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// The seed that decides which.
    pub seed: u64,
    /// How many of the sources are still there.
    pub sources: u16,
    /// How many of the edges are already published.
    pub published: u16,
}

impl Holdings {
    /// An inventory that fits the wanted set: all its repositories are known in full.
    pub fn inventory(self, set: &ManifestSet) -> Inventory {
        let mut random = Random::new(self.seed);
        let mut contents: BTreeMap<Repository, RepositoryContent> = BTreeMap::new();
        for manifest in set.manifests() {
            let source = std::iter::once((manifest.source(), self.sources));
            let destinations = manifest
                .destinations()
                .iter()
                .map(|to| (to, self.published));
            for (registry, share) in source.chain(destinations) {
                for image in manifest.images() {
                    // An image of a set can be joined to all of its registries.
                    let Ok(repository) = registry.join(image.name()) else {
                        continue;
                    };
                    let content = contents
                        .entry(repository)
                        .or_insert_with(RepositoryContent::complete);
                    for entry in image.digests() {
                        if random.next() % 1000 < u64::from(share) {
                            record(content, entry);
                        }
                    }
                }
            }
        }
        let mut inventory = Inventory::new();
        for (repository, content) in contents {
            inventory.insert(repository, RepositoryInventory::Read(content));
        }
        inventory
    }
}

fn record(content: &mut RepositoryContent, entry: &DigestEntry) {
    content.record_digest(entry.digest(), true);
    for tag in entry.tags() {
        content.record_tag(tag.tag().clone(), Some(entry.digest()));
    }
}
