//! Entries that meet in one destination repository: conflicts and redundant edges.
//!
//! Two entries can only meet in a repository that their images share. So destination repositories are put
//! together by the list of images that go to them (mostly one image and all its mirrors), and the
//! tags of each list are compared once, not once per mirror.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};

use super::decision::{Decision, Exception};
use super::flat_manifests::{FlatManifests, Slot};
use super::index::count;
use crate::oci::{Digest, Tag};

/// What meets, over the whole set.
#[derive(Debug, Default)]
pub(super) struct Collisions {
    conflicts: Vec<Conflict>,
    /// Ordered by entry, slot and destination.
    marks: Vec<Mark>,
}

/// Slots that give one tag to different digests, in the order of files.
#[derive(Debug, Clone)]
pub(super) struct Conflict {
    pub(super) rivals: Box<[Slot]>,
}

/// A decision about one edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) slot: Slot,
    /// Which destination of the image, by its index.
    pub(super) destination: u32,
    pub(super) decision: Decision,
}

/// An image that goes to a repository, and which of the image's destinations that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RepositoryUse {
    repository: u32,
    image: u32,
    destination: u32,
}

impl Mark {
    /// As a decision that differs from the usual one of its entry.
    pub(super) fn as_exception(&self) -> Exception {
        Exception {
            slot: self.slot.slot,
            destination: self.destination,
            decision: self.decision,
        }
    }
}

impl Collisions {
    pub(super) fn find(manifests: &FlatManifests) -> Self {
        let uses = uses(manifests);
        // Where an image goes alone, it only meets itself.
        let mut alone: Vec<&[RepositoryUse]> = Vec::with_capacity(uses.len());
        let mut shared: BTreeMap<Vec<u32>, Vec<&[RepositoryUse]>> = BTreeMap::new();
        let mut images = Vec::new();
        for uses in uses.chunk_by(|a, b| a.repository == b.repository) {
            if uses.len() == 1 {
                alone.push(uses);
                continue;
            }
            images.clear();
            images.extend(uses.iter().map(|used| used.image));
            match shared.get_mut(&images) {
                Some(repositories) => repositories.push(uses),
                None => drop(shared.insert(images.clone(), vec![uses])),
            }
        }
        let mut found = Self::default();
        let image = |uses: &&[RepositoryUse]| uses.first().map(|used| used.image);
        alone.sort_by_key(image);
        for repositories in alone.chunk_by(|a, b| image(a) == image(b)) {
            let images: Vec<u32> = repositories.first().and_then(image).into_iter().collect();
            found.compare(manifests, &images, repositories);
        }
        for (images, repositories) in &shared {
            found.compare(manifests, images, repositories);
        }
        found.marks.sort_unstable();
        found
    }

    /// The decisions about edges of one entry.
    pub(super) fn of_entry(&self, entry: u32) -> &[Mark] {
        let start = self.marks.partition_point(|mark| mark.slot.entry < entry);
        let rest = self.marks.get(start..).unwrap_or_default();
        let end = rest.partition_point(|mark| mark.slot.entry == entry);
        rest.get(..end).unwrap_or_default()
    }

    /// The conflicts, as decisions refer to them.
    pub(super) fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Compares the entries of images that go together to each of `repositories`.
    fn compare(
        &mut self,
        manifests: &FlatManifests,
        images: &[u32],
        repositories: &[&[RepositoryUse]],
    ) {
        for slots in meetings(manifests, images) {
            let digest = |slot: &Slot| manifests.entry(slot.entry).map(|entry| entry.digest);
            let (Some(kept), Some(first)) = (slots.first().copied(), slots.first().map(digest))
            else {
                continue;
            };
            if slots.iter().all(|slot| digest(slot) == first) {
                let others = slots.get(1..).unwrap_or_default();
                self.mark(manifests, others, repositories, Decision::Redundant(kept));
            } else {
                let conflict = Decision::Conflict(count(self.conflicts.len()));
                self.mark(manifests, &slots, repositories, conflict);
                self.conflicts.push(Conflict {
                    rivals: slots.into(),
                });
            }
        }
    }

    fn mark(
        &mut self,
        manifests: &FlatManifests,
        slots: &[Slot],
        repositories: &[&[RepositoryUse]],
        decision: Decision,
    ) {
        for slot in slots {
            let image = manifests.entry(slot.entry).map(|entry| entry.image);
            let uses = repositories.iter().copied().flatten();
            for used in uses.filter(|used| Some(used.image) == image) {
                self.marks.push(Mark {
                    slot: *slot,
                    destination: used.destination,
                    decision,
                });
            }
        }
    }
}

/// Which image goes where, ordered by repository, then by image: the order of files.
fn uses(manifests: &FlatManifests) -> Vec<RepositoryUse> {
    let mut uses = Vec::new();
    for (image, entry) in manifests.images.iter().enumerate() {
        for (destination, repository) in entry.destinations.iter().enumerate() {
            uses.push(RepositoryUse {
                repository: *repository,
                image: count(image),
                destination: count(destination),
            });
        }
    }
    uses.sort_unstable();
    uses
}

/// The slots of these images that want the same tag, or without a tag the same digest: two or more each,
/// in the order of files.
fn meetings(manifests: &FlatManifests, images: &[u32]) -> Vec<Vec<Slot>> {
    let mut tags: Seen<&Tag> = Seen::default();
    let mut digests: Seen<&Digest> = Seen::default();
    let entries = images
        .iter()
        .filter_map(|i| manifests.images.get(*i as usize))
        .map(|image| image.entries.len());
    // Most entries have one tag.
    tags.first.reserve(entries.sum());
    let images = images
        .iter()
        .filter_map(|i| manifests.images.get(*i as usize));
    for index in images.flat_map(|image| image.entries.clone()) {
        let Some(entry) = manifests.entries.get(index) else {
            continue;
        };
        let slot = |slot: usize| Slot {
            entry: count(index),
            slot: count(slot),
        };
        let wanted = manifests.tags(entry);
        if wanted.is_empty() {
            digests.see(&entry.digest, slot(0));
        }
        for (number, tag) in wanted.iter().enumerate() {
            tags.see(tag.tag(), slot(number));
        }
    }
    tags.meetings().chain(digests.meetings()).collect()
}

/// Who was the first to want something, and who came later. Only what meets costs a list.
struct Seen<K> {
    first: HashMap<K, Slot>,
    later: BTreeMap<Slot, Vec<Slot>>,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self {
            first: HashMap::new(),
            later: BTreeMap::new(),
        }
    }
}

impl<K: std::hash::Hash + Eq> Seen<K> {
    fn see(&mut self, wanted: K, slot: Slot) {
        let first = *self.first.entry(wanted).or_insert(slot);
        if first != slot {
            self.later.entry(first).or_default().push(slot);
        }
    }

    fn meetings(self) -> impl Iterator<Item = Vec<Slot>> {
        self.later
            .into_iter()
            .map(|(first, later)| std::iter::once(first).chain(later).collect())
    }
}
