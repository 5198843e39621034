//! How inventories are read.

use std::collections::BTreeMap;

use promo_core::oci::RegistryHost;

use crate::dialect::Dialect;

/// How the inventory of a registry is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum InventoryMethod {
    /// Whatever is found to be cheapest.
    #[default]
    Cheapest,
    /// The digests in the tag lists, as Google's registries send them.
    BulkList,
    /// Tag lists, and a HEAD for each tag that is listed.
    TagList,
    /// A HEAD for each tag that is wanted, no lists.
    HeadOnly,
}

/// Settings of a [`RegistryInventoryReader`](super::RegistryInventoryReader).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InventorySettings {
    /// How many requests are under way at once, at each host.
    pub concurrency: usize,
    /// How many repositories are read at once, at all hosts together. Each takes a connection and its buffers, some 40 KB.
    pub repositories_at_once: usize,
    /// How the inventory of a host is read, where it isn't found out.
    pub methods: BTreeMap<RegistryHost, InventoryMethod>,
    /// How many repositories a walk takes in at the most.
    pub repositories: usize,
    /// How many tags of one repository a walk takes in at the most.
    pub tags: usize,
}

impl Default for InventorySettings {
    fn default() -> Self {
        Self {
            concurrency: 128,
            repositories_at_once: 512,
            methods: BTreeMap::new(),
            repositories: 100_000,
            tags: 2_000_000,
        }
    }
}

impl InventorySettings {
    /// The method for a host; the cheapest, if which one that is has to be found out.
    pub(super) fn method(&self, host: &str) -> InventoryMethod {
        let set = self
            .methods
            .iter()
            .find(|(known, _)| known.as_str() == host)
            .map(|(_, method)| *method);
        match set.unwrap_or_default() {
            InventoryMethod::Cheapest if Dialect::of_name(host).lists_digests => {
                InventoryMethod::BulkList
            }
            set => set,
        }
    }
}
