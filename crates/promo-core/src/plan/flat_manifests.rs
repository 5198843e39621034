//! The manifests as a plan keeps them: flat lists, referred to by index, destination repositories
//! interned. Made once from a `ManifestSet`; afterwards nothing changes it.

use std::ops::Range;
use std::sync::Arc;

use super::index::count;
use super::provenance::{ProvenanceDemand, ProvenanceDemands};
use super::repositories::{FirstUse, Interner, Joint, Repositories};
use crate::manifest::{FilePath, ManifestSet, Position, PromoterManifest, TagEntry};
use crate::oci::{Digest, RegistryPath, Repository};

/// All manifests of a plan.
#[derive(Debug, Default)]
pub(super) struct FlatManifests {
    pub(super) origins: Vec<Origin>,
    /// One per image entry, in the order of files.
    pub(super) images: Vec<Image>,
    /// One per digest entry, in the order of files.
    pub(super) entries: Vec<Entry>,
    /// The tags of all entries, one entry's after the other's.
    pub(super) tags: Vec<TagEntry>,
    /// The destination repositories, each once.
    pub(super) repositories: Repositories,
}

/// What a plan keeps of a promoter manifest.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) images_file: FilePath,
    pub(super) destinations: Arc<[RegistryPath]>,
}

/// An image entry.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) manifest: usize,
    pub(super) name: Box<str>,
    pub(super) source: Repository,
    /// What the manifests ask of its provenance.
    pub(super) provenance: ProvenanceDemand,
    /// Indexes of repositories, in the order of the manifest's destinations.
    pub(super) destinations: Box<[u32]>,
    /// Its entries.
    pub(super) entries: Range<usize>,
}

/// A digest entry: its edges are its slots (a tag each, or one without a tag) times the destinations
/// of its image.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) image: u32,
    pub(super) digest: Digest,
    pub(super) position: Position,
    pub(super) tags: Range<u32>,
}

/// An entry and one of its slots: all that names an edge but the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    pub(super) entry: u32,
    pub(super) slot: u32,
}

impl FlatManifests {
    pub(super) fn new(set: &ManifestSet) -> Self {
        let uses =
            |manifest: &PromoterManifest| manifest.images().len() * manifest.destinations().len();
        let uses = set.manifests().iter().map(uses).sum();
        let mut interner = Interner::with_capacity(uses);
        let mut flat = Self::default();
        for manifest in set.manifests() {
            flat.add(manifest, &mut interner);
        }
        flat.repositories = interner.finish();
        let demands = ProvenanceDemands::new(set);
        if !demands.is_empty() {
            for image in &mut flat.images {
                image.provenance = demands.of(&image.source);
            }
        }
        flat
    }

    /// The image that an entry belongs to.
    pub(super) fn image(&self, entry: &Entry) -> Option<&Image> {
        self.images.get(entry.image as usize)
    }

    /// The tags of an entry.
    pub(super) fn tags(&self, entry: &Entry) -> &[TagEntry] {
        let range = entry.tags.start as usize..entry.tags.end as usize;
        self.tags.get(range).unwrap_or_default()
    }

    /// How many slots an entry has: its tags, or the one without a tag.
    pub(super) fn slots(entry: &Entry) -> u32 {
        (entry.tags.end - entry.tags.start).max(1)
    }

    /// The tag of a slot, none for an entry without tags.
    pub(super) fn tag(&self, entry: &Entry, slot: u32) -> Option<&TagEntry> {
        self.tags(entry).get(slot as usize)
    }

    /// A destination repository.
    pub(super) fn repository(&self, index: u32) -> Option<&Repository> {
        self.repositories
            .get(index, |first_use| self.joint(first_use))
    }

    /// The destination repositories of an image, in the order of its promoter manifest's destinations.
    pub(super) fn mirrors(&self, image: u32) -> impl Iterator<Item = &Repository> {
        let image = self.images.get(image as usize);
        let indexes = image.map(|image| image.destinations.iter());
        let indexes = indexes.unwrap_or_default();
        indexes.filter_map(|index| self.repository(*index))
    }

    /// The host of a destination repository.
    pub(super) fn repository_host(&self, index: u32) -> Option<&str> {
        self.repositories
            .host(index, |first_use| self.joint(first_use))
    }

    fn joint(&self, first_use: FirstUse) -> Option<Joint<'_>> {
        let image = self.images.get(first_use.image as usize)?;
        let registries = &self.origins.get(image.manifest)?.destinations;
        Some(Joint {
            registry: registries.get(first_use.destination as usize)?,
            name: &image.name,
        })
    }

    /// An entry by its index.
    pub(super) fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    /// Where a slot is written: file and position of its tag, or of its digest if it has none.
    pub(super) fn written_at(&self, slot: Slot) -> Option<(&FilePath, Position)> {
        let entry = self.entry(slot.entry)?;
        let file = &self.origins.get(self.image(entry)?.manifest)?.images_file;
        let position = self
            .tag(entry, slot.slot)
            .map_or(entry.position, TagEntry::position);
        Some((file, position))
    }
}

impl FlatManifests {
    fn add(&mut self, manifest: &PromoterManifest, interner: &mut Interner) {
        let index = self.origins.len();
        self.origins.push(Origin {
            images_file: manifest.images_file().clone(),
            destinations: manifest.destinations().into(),
        });
        for image in manifest.images() {
            let first = self.entries.len();
            let image_index = count(self.images.len());
            for digest in image.digests() {
                let first_tag = count(self.tags.len());
                self.tags.extend_from_slice(digest.tags());
                self.entries.push(Entry {
                    image: image_index,
                    digest: digest.digest(),
                    position: digest.position(),
                    tags: first_tag..count(self.tags.len()),
                });
            }
            self.images.push(Image {
                manifest: index,
                name: image.name().into(),
                // A `PromoterManifest` holds only names that can be joined to all of its registries.
                source: manifest.source().join_checked(image.name()),
                provenance: ProvenanceDemand::default(),
                destinations: Box::default(),
                entries: first..self.entries.len(),
            });
            let uses = (0..count(manifest.destinations().len())).map(|destination| FirstUse {
                image: image_index,
                destination,
            });
            let indexes = uses.map(|used| interner.intern(used, |first| self.joint(first)));
            let destinations = indexes.collect();
            if let Some(image) = self.images.last_mut() {
                image.destinations = destinations;
            }
        }
    }
}
