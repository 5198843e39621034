//! Digest entries with their edges: what a table, a document or a comment shows.

use std::fmt;

use super::decision::{Decision, Exception};
use super::flat_manifests::{Entry, FlatManifests, Image, Slot};
use super::index::count;
use super::{Plan, PlannedEdge, Verdict, VerdictCounts};
use crate::manifest::{FilePath, Position, TagEntry};
use crate::oci::{Digest, RegistryPath, Repository, Tag};

/// One digest of an image, as one entry of a promoter manifest asks for it, with all its edges.
#[derive(Clone, Copy)]
pub struct PlannedGroup<'a> {
    plan: &'a Plan,
    index: u32,
    entry: &'a Entry,
    image: &'a Image,
    file: &'a FilePath,
    usual: Decision,
    exceptions: &'a [Exception],
}

impl<'a> PlannedGroup<'a> {
    /// The group of an entry; none if none of its edges are part of the plan.
    pub(super) fn new(plan: &'a Plan, index: usize) -> Option<Self> {
        let manifests: &FlatManifests = &plan.manifests;
        let entry = manifests.entries.get(index)?;
        let image = manifests.image(entry)?;
        let (usual, exceptions) = plan.decisions.of_entry(index);
        let nothing = usual == Decision::Unselected && exceptions.is_empty();
        if nothing || image.destinations.is_empty() {
            return None;
        }
        Some(Self {
            plan,
            index: count(index),
            entry,
            image,
            file: &manifests.origins.get(image.manifest)?.images_file,
            usual,
            exceptions,
        })
    }

    /// The name of the image in its promoter manifest.
    pub fn image(&self) -> &'a str {
        &self.image.name
    }

    /// The source repository.
    pub fn source(&self) -> &'a Repository {
        &self.image.source
    }

    /// The digest.
    pub fn digest(&self) -> Digest {
        self.entry.digest
    }

    /// The file that asks for it.
    pub fn file(&self) -> &'a FilePath {
        self.file
    }

    /// Where in the file the digest stands.
    pub fn position(&self) -> Position {
        self.entry.position
    }

    /// Its tags, in the order of the file. None: it is promoted by digest only.
    pub fn tags(&self) -> impl ExactSizeIterator<Item = &'a Tag> + use<'a> {
        self.plan
            .manifests
            .tags(self.entry)
            .iter()
            .map(TagEntry::tag)
    }

    /// All destination registries of the promoter manifest, in its order, whatever is selected.
    pub fn destination_registries(&self) -> &'a [RegistryPath] {
        let manifest = self.plan.manifests.origins.get(self.image.manifest);
        manifest.map_or(&[], |manifest| &manifest.destinations)
    }

    /// The verdict that most of its edges share; none if most are not selected.
    pub fn usual_verdict(&self) -> Option<Verdict> {
        self.usual.verdict()
    }

    /// The edges that were decided otherwise than most.
    pub fn exceptions(&self) -> impl Iterator<Item = PlannedEdge<'a>> + use<'a> {
        let group = *self;
        self.exceptions
            .iter()
            .filter_map(move |cell| group.edge(*cell))
    }

    /// Its edges: tag by tag, destination by destination.
    pub fn edges(&self) -> impl Iterator<Item = PlannedEdge<'a>> + use<'a> {
        let group = *self;
        self.cells().filter_map(move |cell| group.edge(cell))
    }

    /// The decisions about all slots and destinations, those that are not selected included.
    pub(super) fn cells(&self) -> impl Iterator<Item = Exception> + use<'a> {
        let usual = self.usual;
        let destinations = count(self.image.destinations.len());
        let mut exceptions = self.exceptions.iter().peekable();
        (0..FlatManifests::slots(self.entry))
            .flat_map(move |slot| (0..destinations).map(move |destination| (slot, destination)))
            .map(move |(slot, destination)| {
                let here = |e: &&Exception| (e.slot, e.destination) == (slot, destination);
                let decision = exceptions.next_if(here).map_or(usual, |e| e.decision);
                Exception {
                    slot,
                    destination,
                    decision,
                }
            })
    }

    /// The edge of a slot and a destination; none if it is not selected.
    pub(super) fn edge(&self, cell: Exception) -> Option<PlannedEdge<'a>> {
        let slot = Slot {
            entry: self.index,
            slot: cell.slot,
        };
        PlannedEdge::new(self.plan, slot, cell.destination, cell.decision)
    }

    /// How many edges have which verdict.
    pub fn counts(&self) -> VerdictCounts {
        let mut counts = VerdictCounts::default();
        let edges =
            u64::from(FlatManifests::slots(self.entry)) * self.image.destinations.len() as u64;
        let exceptions = self.exceptions.len() as u64;
        if let Some(verdict) = self.usual.verdict() {
            counts.add(verdict, edges.saturating_sub(exceptions));
        }
        for verdict in self.exceptions.iter().filter_map(|e| e.decision.verdict()) {
            counts.add(verdict, 1);
        }
        counts
    }

    /// Whether all is published already.
    pub fn is_unchanged(&self) -> bool {
        let counts = self.counts();
        counts.edges() == counts.get(Verdict::Present)
    }

    /// Whether edges of the entry are left out by the selection.
    pub(super) fn is_partial(&self) -> bool {
        let unselected = |e: &Exception| e.decision == Decision::Unselected;
        self.usual == Decision::Unselected || self.exceptions.iter().any(unselected)
    }

    /// The digest where the plan keeps it.
    pub(super) fn digest_ref(&self) -> &'a Digest {
        &self.entry.digest
    }

    /// What was decided about most edges.
    pub(super) fn usual(&self) -> Decision {
        self.usual
    }

    /// All that was decided otherwise, what is not selected included.
    pub(super) fn exceptional_cells(&self) -> &'a [Exception] {
        self.exceptions
    }

    /// A digest that tags were found to point to, by its index.
    pub(super) fn found(&self, index: Option<u32>) -> Option<Digest> {
        let index = usize::try_from(index?).ok()?;
        self.plan.found.get(index).copied()
    }

    /// The index of its image entry.
    pub(super) fn image_index(&self) -> u32 {
        self.entry.image
    }

    /// Walks over the indexes of the destination repositories that edges go to. One may come up twice.
    pub(super) fn each_repository(&self, mut visit: impl FnMut(u32)) {
        if self.is_partial() {
            self.edges().for_each(|edge| visit(edge.repository_index));
        } else {
            self.image.destinations.iter().copied().for_each(visit);
        }
    }
}

impl fmt::Debug for PlannedGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} {:?}", self.source(), self.digest(), self.counts())
    }
}
