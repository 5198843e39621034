//! What the hosts of a world say of a whole repository: its tags, and where a host lists them its digests with their tags.
//! Lists come in one page; how pages are read is tried over HTTP.

use std::collections::BTreeSet;

use promo_core::inventory::RepositoryContent;
use promo_core::oci::{RegistryPath, Repository, Tag};
use promo_core::ports::{BulkList, Failure};

use super::host::Host;
use super::operations::typed;
use super::settings::Listing;

impl Host {
    pub(super) fn tags(&self, name: &str) -> Option<Vec<Tag>> {
        let store = self.state.store();
        let tags = store.get(name)?.tags.keys();
        Some(tags.filter_map(|tag| tag.parse().ok()).collect())
    }

    /// A repository with all its digests, where the host lists them.
    pub(super) fn bulk_list(&self, asked: &Repository) -> Result<BulkList, Failure> {
        let store = self.state.store();
        let stored = store.get(asked.name());
        if self.settings.listing == Listing::Tags {
            return Ok(stored.map_or(BulkList::Missing, |_| BulkList::NotOffered));
        }
        let children = below(asked, store.names());
        if stored.is_none() && children.is_empty() {
            return Ok(BulkList::Missing);
        }
        let mut content = RepositoryContent::complete();
        if let Some(repository) = stored {
            for digest in repository.manifests.keys() {
                content.record_digest(typed(digest)?, true);
            }
            for (tag, digest) in &repository.tags {
                // A tag is told with its manifest: one without is in no list.
                if let (Ok(tag), true) = (tag.parse(), repository.manifests.contains_key(digest)) {
                    content.record_tag(tag, Some(typed(digest)?));
                }
            }
        }
        Ok(BulkList::Listed { content, children })
    }
}

/// The repositories right below one, ordered.
fn below<'a>(asked: &Repository, names: impl Iterator<Item = &'a str>) -> Vec<Repository> {
    let Ok(root) = asked.as_str().parse::<RegistryPath>() else {
        return Vec::new();
    };
    let path = format!("{}/", asked.name());
    let inside = names.filter_map(|name| name.strip_prefix(&path)?.split('/').next());
    let children: BTreeSet<Repository> = inside.filter_map(|name| root.join(name).ok()).collect();
    children.into_iter().collect()
}
