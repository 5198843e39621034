//! Snapshots: what a registry holds, or what manifests want there, as a sorted list.
//!
//! Names are relative to the registry that was looked at. A snapshot is written as YAML and CSV the way
//! kpromo writes them, or as JSON, which also says which registry it is of. Read back, it
//! is an [`Inventory`] that a plan can be computed from without any registry.

mod promotable;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::Code;
use crate::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use crate::manifest::ManifestSet;
use crate::oci::{Digest, RegistryPath, Tag};

pub use promotable::{LeftOut, LeftOutKind};
pub use read::SnapshotError;

/// The JSON Schema of the JSON form.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> serde_json::Value {
    crate::json_schema::document::<write::RawSnapshot>(write::SCHEMA)
}

/// Everything below one registry path: names, their digests, and the tags of each digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    registry: RegistryPath,
    images: BTreeMap<Arc<str>, Image>,
    /// Nothing was filtered out, and all repositories are there.
    whole: bool,
    unreadable: Vec<Unreadable>,
}

/// One name of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Image {
    digests: BTreeMap<Digest, BTreeSet<Tag>>,
    known: Known,
}

/// How much of an image's repository is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Everything,
    AllTags,
    Listed,
}

/// A repository that could not be read, so that the snapshot lacks it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its name, relative to the registry.
    pub name: String,
    /// Why, as a code.
    pub code: Code,
    /// Why, for a person.
    pub message: String,
    /// What to do, one sentence each.
    pub hints: Vec<String>,
}

/// One line of a snapshot: a digest under one of its tags, or without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The name, relative to the registry.
    pub name: &'a str,
    /// The digest.
    pub digest: Digest,
    /// The tag; none if the digest has none at all.
    pub tag: Option<&'a Tag>,
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, digest, tag } = self;
        match tag {
            Some(tag) => write!(f, "{name}@{digest},{name}:{tag}"),
            None => write!(f, "{name}@{digest},-"),
        }
    }
}

impl Snapshot {
    /// What an inventory knows below `registry`: tags and digests that are there. Repositories that could
    /// not be read are listed apart ([`Self::unreadable`]).
    pub fn of_inventory(inventory: &Inventory, registry: &RegistryPath) -> Self {
        let mut snapshot = Self::empty(registry);
        for (repository, known) in inventory.repositories() {
            let Some(name) = registry.relative(repository) else {
                continue;
            };
            match known {
                RepositoryInventory::Missing => {}
                RepositoryInventory::Read(content) => snapshot.add_content(name, content),
                RepositoryInventory::Unreadable {
                    code,
                    message,
                    hints,
                    ..
                } => {
                    snapshot.whole = false;
                    snapshot.unreadable.push(Unreadable {
                        name: name.to_owned(),
                        code: *code,
                        message: message.clone(),
                        hints: hints.clone(),
                    });
                }
            }
        }
        snapshot
    }

    /// What manifests want below `registry`, as if all of it were promoted. Whole path components are
    /// compared: `gcr.io/prod` holds nothing of `gcr.io/production`.
    pub fn of_manifests(set: &ManifestSet, registry: &RegistryPath) -> Self {
        let mut snapshot = Self::empty(registry);
        for manifest in set.manifests() {
            let host = registry.host_str();
            let on_host = manifest
                .destinations()
                .iter()
                .filter(|d| d.host_str() == host);
            for destination in on_host {
                for image in manifest.images() {
                    let Ok(repository) = destination.join(image.name()) else {
                        continue;
                    };
                    let Some(name) = registry.relative(&repository) else {
                        continue;
                    };
                    let digests = &mut snapshot.image(name, Known::Listed).digests;
                    for entry in image.digests() {
                        let tags = entry.tags().iter().map(|tag| tag.tag().clone());
                        digests.entry(entry.digest()).or_default().extend(tags);
                    }
                }
            }
        }
        snapshot.images.retain(|_, image| !image.digests.is_empty());
        snapshot.whole = false;
        snapshot
    }

    /// Only the digests that carry this tag, with all their tags.
    #[must_use]
    pub fn with_tag(self, tag: &Tag) -> Self {
        self.filtered(|_, tags| tags.contains(tag))
    }

    /// Without the digests that have no tag and are children of an index; `children` says which are.
    #[must_use]
    pub fn minimal(self, children: &BTreeSet<Digest>) -> Self {
        self.filtered(|digest, tags| !tags.is_empty() || !children.contains(digest))
    }

    /// The registry that names are relative to.
    pub fn registry(&self) -> &RegistryPath {
        &self.registry
    }

    /// What could not be read, in order.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The records, ordered by name, digest and tag.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let digests = self.images.iter().flat_map(|(name, image)| {
            let digests = image.digests.iter();
            digests.map(move |(digest, tags)| (&**name, *digest, tags))
        });
        digests.flat_map(|(name, digest, tags)| {
            let untagged = tags.is_empty().then_some(None);
            let tags = tags.iter().map(Some).chain(untagged);
            tags.map(move |tag| Record { name, digest, tag })
        })
    }

    /// The snapshot as an inventory. A repository that it doesn't have is missing, if the snapshot is
    /// whole; of what was filtered nothing more is known than what it lists.
    pub fn to_inventory(&self) -> Inventory {
        let mut inventory = Inventory::new();
        for (name, image) in &self.images {
            let Ok(repository) = self.registry.join(name) else {
                continue;
            };
            let mut content = match image.known {
                Known::Everything => RepositoryContent::complete(),
                Known::AllTags => RepositoryContent::all_tags(),
                Known::Listed => RepositoryContent::partial(),
            };
            for (digest, tags) in &image.digests {
                content.record_digest(*digest, true);
                for tag in tags {
                    content.record_tag(tag.clone(), Some(*digest));
                }
            }
            inventory.insert(repository, RepositoryInventory::Read(content));
        }
        if self.whole {
            inventory.cover(self.registry.clone());
        }
        inventory
    }

    fn empty(registry: &RegistryPath) -> Self {
        Self {
            registry: registry.clone(),
            images: BTreeMap::new(),
            whole: true,
            unreadable: Vec::new(),
        }
    }

    fn image(&mut self, name: &str, known: Known) -> &mut Image {
        self.images.entry(name.into()).or_insert_with(|| Image {
            digests: BTreeMap::new(),
            known,
        })
    }

    fn add_content(&mut self, name: &str, content: &RepositoryContent) {
        let known = match (content.is_complete(), content.has_all_tags()) {
            (true, _) => Known::Everything,
            (false, true) => Known::AllTags,
            (false, false) => Known::Listed,
        };
        let image = self.image(name, known);
        for digest in content.digests() {
            image.digests.entry(digest).or_default();
        }
        for (tag, digest) in content.tags() {
            image.digests.entry(digest).or_default().insert(tag.clone());
        }
    }

    fn filtered(mut self, keep: impl Fn(&Digest, &BTreeSet<Tag>) -> bool) -> Self {
        for image in self.images.values_mut() {
            image.digests.retain(|digest, tags| keep(digest, tags));
            image.known = Known::Listed;
        }
        self.images.retain(|_, image| !image.digests.is_empty());
        self.whole = false;
        self
    }
}

#[cfg(test)]
mod tests;
