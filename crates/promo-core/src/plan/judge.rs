//! Decides every edge: the rules of a plan, in their order.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use super::collisions::{Collisions, Mark};
use super::decision::{Cause, Decision, Decisions, Doubt, Exception};
use super::flat_manifests::{Entry, FlatManifests, Image};
use super::index::count;
use super::options::Selected;
use super::{EdgeKey, PlanOptions};
use crate::Code;
use crate::inventory::{DigestState, Inventory, RepositoryInventory, TagState};
use crate::manifest::TagEntry;
use crate::oci::{Digest, Repository, Tag};

/// Knows the rules and collects what decisions refer to.
pub(super) struct Judge<'a> {
    manifests: &'a FlatManifests,
    collisions: &'a Collisions,
    inventory: Option<&'a Inventory>,
    options: &'a PlanOptions,
    found: Interned<Digest>,
    causes: Interned<Cause>,
}

/// One repository with what is known about it.
#[derive(Clone, Copy)]
struct Known<'a> {
    /// The name of the image that it is asked about.
    image: &'a str,
    repository: &'a Repository,
    inventory: Option<&'a RepositoryInventory>,
}

/// What the destination alone says.
enum AtDestination {
    Decided(Decision),
    /// This, if the source has the digest.
    IfInSource(Decision),
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        manifests: &'a FlatManifests,
        collisions: &'a Collisions,
        inventory: Option<&'a Inventory>,
        options: &'a PlanOptions,
    ) -> Self {
        Self {
            manifests,
            collisions,
            inventory,
            options,
            found: Interned::default(),
            causes: Interned::default(),
        }
    }

    /// All decisions, with the digests and causes that they refer to.
    pub(super) fn decide(mut self) -> (Decisions, Vec<Digest>, Vec<Cause>) {
        let mut decisions = Decisions::default();
        for image in &self.manifests.images {
            self.image(image, &mut decisions);
        }
        (decisions, self.found.values, self.causes.values)
    }

    /// The decisions about one image entry alone.
    pub(super) fn decide_image(mut self, image: &'a Image) -> Decisions {
        let mut decisions = Decisions::default();
        self.image(image, &mut decisions);
        decisions
    }

    fn image(&mut self, image: &'a Image, decisions: &mut Decisions) {
        let selected = self.selected(image);
        let all = selected.iter().all(|selected| *selected);
        let none = !selected.contains(&true);
        let is_plain = self.inventory.is_none() && all;
        let destinations = if is_plain && self.options.selection.is_all() {
            Vec::new()
        } else {
            self.known_destinations(image)
        };
        let source = self.known(image, &image.source);
        let mut edges = Vec::new();
        for index in image.entries.clone() {
            let Some(entry) = self.manifests.entries.get(index) else {
                continue;
            };
            let of_digest = self.options.selection.of_digest(&entry.digest);
            if none || of_digest == Selected::None {
                decisions.push(Decision::Unselected, []);
                continue;
            }
            let marks = self.collisions.of_entry(count(index));
            if is_plain && of_digest == Selected::All {
                decisions.push(Decision::Wanted, marks.iter().map(Mark::as_exception));
                continue;
            }
            edges.clear();
            self.entry(entry, source, &destinations, &selected, marks, &mut edges);
            if of_digest == Selected::Some {
                self.unselect(entry, source, &destinations, &mut edges);
            }
            decisions.push_each(&edges);
        }
    }

    /// Which destinations of an image are selected.
    fn selected(&self, image: &Image) -> Vec<bool> {
        let selection = &self.options.selection;
        if selection.is_all() {
            return vec![true; image.destinations.len()];
        }
        let has_image = selection.has_image(&image.name, &image.source);
        let registries = self
            .manifests
            .origins
            .get(image.manifest)
            .map(|manifest| manifest.destinations.iter())
            .unwrap_or_default();
        let repositories = image.destinations.iter();
        repositories
            .zip(registries)
            .map(|(repository, registry)| {
                has_image
                    && self
                        .manifests
                        .repository(*repository)
                        .is_some_and(|repository| selection.has_destination(registry, repository))
            })
            .collect()
    }

    fn known(&self, image: &'a Image, repository: &'a Repository) -> Known<'a> {
        Known {
            image: &image.name,
            repository,
            inventory: self.inventory.and_then(|i| i.repository(repository)),
        }
    }

    fn known_destinations(&self, image: &'a Image) -> Vec<Known<'a>> {
        let manifests: &'a FlatManifests = self.manifests;
        let repositories = image.destinations.iter();
        repositories
            .filter_map(|index| Some(self.known(image, manifests.repository(*index)?)))
            .collect()
    }

    /// Decides the edges of one entry, in the order of slot and destination.
    fn entry(
        &mut self,
        entry: &Entry,
        source: Known<'_>,
        destinations: &[Known<'_>],
        selected: &[bool],
        marks: &[Mark],
        edges: &mut Vec<Exception>,
    ) {
        let mut marks = marks.iter().peekable();
        for slot in 0..FlatManifests::slots(entry) {
            let tag = self.manifests.tag(entry, slot).map(TagEntry::tag);
            for (index, (destination, selected)) in destinations.iter().zip(selected).enumerate() {
                let index = count(index);
                let mark = marks.next_if(|m| (m.slot.slot, m.destination) == (slot, index));
                let decision = match mark {
                    _ if !selected => Decision::Unselected,
                    Some(mark) => mark.decision,
                    None => self.edge(&entry.digest, tag, source, *destination),
                };
                edges.push(Exception {
                    slot,
                    destination: index,
                    decision,
                });
            }
        }
    }

    /// Leaves only the edges that are selected one by one.
    fn unselect(
        &self,
        entry: &Entry,
        source: Known<'_>,
        destinations: &[Known<'_>],
        edges: &mut [Exception],
    ) {
        for edge in edges {
            let Some(destination) = destinations.get(edge.destination as usize) else {
                continue;
            };
            let key = EdgeKey {
                source: source.repository.clone(),
                digest: entry.digest,
                destination: destination.repository.clone(),
                tag: self
                    .manifests
                    .tag(entry, edge.slot)
                    .map(|tag| tag.tag().clone()),
            };
            if !self.options.selection.has_edge(&key) {
                edge.decision = Decision::Unselected;
            }
        }
    }

    fn edge(
        &mut self,
        digest: &Digest,
        tag: Option<&Tag>,
        source: Known<'_>,
        destination: Known<'_>,
    ) -> Decision {
        if self.inventory.is_none() {
            return Decision::Wanted;
        }
        let at_destination = match tag {
            Some(tag) => self.tagged(digest, tag, destination),
            None => self.tagless(digest, destination),
        };
        match at_destination {
            AtDestination::Decided(decision) => decision,
            AtDestination::IfInSource(decision) => match source.digest(digest) {
                DigestState::Present => decision,
                DigestState::Absent => Decision::Lost,
                DigestState::Unknown => Decision::Undecided(Doubt::SourceUnknown),
                DigestState::Unreadable(code) => {
                    let cause = self.cause(code, source);
                    Decision::Undecided(Doubt::SourceUnreadable { cause })
                }
            },
        }
    }

    fn tagged(&mut self, digest: &Digest, tag: &Tag, destination: Known<'_>) -> AtDestination {
        match destination.tag(tag) {
            TagState::Points(found) if found == *digest => {
                AtDestination::Decided(Decision::Present)
            }
            TagState::Points(found) => self.other_digest(digest, tag, found, destination),
            TagState::Absent => match destination.digest(digest) {
                DigestState::Present => AtDestination::IfInSource(Decision::Finish),
                // Where only tags were asked for, that the tag isn't there is enough.
                DigestState::Absent | DigestState::Unknown => {
                    AtDestination::IfInSource(Decision::Promote)
                }
                DigestState::Unreadable(code) => self.unreadable(code, destination),
            },
            TagState::Unknown => AtDestination::Decided(Decision::Undecided(Doubt::TagUnknown)),
            TagState::Unreadable(code) => self.unreadable(code, destination),
        }
    }

    fn other_digest(
        &mut self,
        digest: &Digest,
        tag: &Tag,
        found: Digest,
        destination: Known<'_>,
    ) -> AtDestination {
        let options = self.options;
        let moves = &options.tag_moves;
        let allowed = options.mutable_tags.allows(destination.image, tag)
            || moves.allows(destination.repository, tag, &found, digest);
        let from = self.found.intern(found);
        if !allowed {
            return AtDestination::Decided(Decision::TagMove { from });
        }
        let digest_present = destination.digest(digest) == DigestState::Present;
        AtDestination::IfInSource(Decision::Move {
            from,
            digest_present,
        })
    }

    fn tagless(&mut self, digest: &Digest, destination: Known<'_>) -> AtDestination {
        match destination.digest(digest) {
            DigestState::Present => AtDestination::Decided(Decision::Present),
            DigestState::Absent => AtDestination::IfInSource(Decision::Promote),
            DigestState::Unknown => {
                AtDestination::Decided(Decision::Undecided(Doubt::DigestUnknown))
            }
            DigestState::Unreadable(code) => self.unreadable(code, destination),
        }
    }

    fn unreadable(&mut self, code: Code, destination: Known<'_>) -> AtDestination {
        let cause = self.cause(code, destination);
        AtDestination::Decided(Decision::Undecided(Doubt::DestinationUnreadable { cause }))
    }

    fn cause(&mut self, code: Code, unreadable: Known<'_>) -> u32 {
        let (kind, message, hints) = match unreadable.inventory {
            Some(RepositoryInventory::Unreadable {
                kind,
                message,
                hints,
                ..
            }) => (Some(*kind), message.clone(), hints.clone()),
            _ => (None, String::new(), Vec::new()),
        };
        self.causes.intern(Cause {
            kind,
            code,
            message,
            hints,
        })
    }
}

impl Known<'_> {
    fn tag(&self, tag: &Tag) -> TagState {
        self.inventory
            .map_or(TagState::Unknown, |known| known.tag(tag))
    }

    fn digest(&self, digest: &Digest) -> DigestState {
        self.inventory
            .map_or(DigestState::Unknown, |known| known.digest(digest))
    }
}

/// Values, each once, by index.
struct Interned<T> {
    values: Vec<T>,
    indexes: HashMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            indexes: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    fn intern(&mut self, value: T) -> u32 {
        if let Some(index) = self.indexes.get(&value) {
            return *index;
        }
        let index = count(self.values.len());
        self.values.push(value.clone());
        self.indexes.insert(value, index);
        index
    }
}
