//! The planner: promoter manifests made ready to be compared with what registries hold.
//!
//! Its three steps go together, and share what is worked out from the manifests alone: what to ask destinations, then
//! what to ask sources, then the plan. In a steady state no source is asked. Here are only the questions; who reads
//! inventories asks them (`pipeline::read_inventory`, and a run that is going to copy bit by bit, see `source_questions`).

use std::sync::Arc;

use super::collisions::Collisions;
use super::flat_manifests::FlatManifests;
use super::judge::Judge;
use super::{Plan, PlanOptions, PlannedGroup, Verdict, checked, codes};
use crate::inventory::{Inventory, WantedInventory};
use crate::manifest::ManifestSet;

/// Plans a set of promoter manifests.
#[derive(Debug)]
pub struct Planner<'a> {
    set: &'a ManifestSet,
    pub(super) options: &'a PlanOptions,
    pub(super) manifests: Arc<FlatManifests>,
    pub(super) collisions: Collisions,
}

impl<'a> Planner<'a> {
    /// A planner of these manifests. Conflicts and redundant edges are found here, once.
    pub fn new(set: &'a ManifestSet, options: &'a PlanOptions) -> Self {
        let manifests = FlatManifests::new(set);
        Self {
            set,
            options,
            collisions: Collisions::find(&manifests),
            manifests: Arc::new(manifests),
        }
    }

    /// What to ask destinations: the tags of selected edges, and the digests of those without a tag.
    /// Conflicts and redundant edges ask nothing. What checks would say plays no part: what an edge is now comes first.
    pub fn wanted_destinations(&self) -> WantedInventory {
        let offline = self.unchecked(None);
        let mut wanted = WantedInventory::default();
        let mut groups = offline.groups().peekable();
        while let Some(group) = groups.next() {
            for edge in group.edges() {
                if edge.verdict() != Verdict::Wanted {
                    continue;
                }
                match edge.tag() {
                    Some(tag) => wanted.want_tag_at(edge.destination(), tag, edge.digest()),
                    None => wanted.want_digest(edge.destination(), edge.digest()),
                }
            }
            // The groups of an image follow each other.
            let image = group.image_index();
            if groups.peek().map(PlannedGroup::image_index) != Some(image) {
                wanted.share(self.manifests.mirrors(image));
            }
        }
        wanted
    }

    /// What to ask sources, given what is known of the destinations: the digests of edges that the
    /// destinations alone don't decide.
    pub fn wanted_sources(&self, destinations: &Inventory) -> WantedInventory {
        let known = self.unchecked(Some(destinations));
        let mut wanted = WantedInventory::default();
        for edge in known.edges() {
            if edge.code() == codes::SOURCE_UNKNOWN {
                wanted.need_digest(edge.source(), edge.digest());
            }
        }
        wanted
    }

    /// Compares what the manifests want with what registries hold. Without an inventory (offline) every edge
    /// that could go is [`Verdict::Wanted`].
    ///
    /// The verdict of an edge, first that applies:
    ///
    /// 1. `conflict`: another entry gives the same tag of the same destination repository to another digest.
    /// 2. `redundant`: an earlier entry (by file, then position in the file) asks for the same digest under the
    ///    same tag, or none, of the same destination repository. The earlier one is kept.
    /// 3. `undecided`: the destination could not be read, or nobody asked it what is needed here.
    /// 4. `present`: the tag points to the digest; for an edge without a tag, the digest is there.
    /// 5. `tag-move`: the tag points to another digest, and the list of allowed moves doesn't have that move.
    /// 6. `lost`: the digest is not in the source; `undecided` if that can't be told.
    /// 7. `finish`: the digest is in the destination, the tag is not.
    /// 8. `promote`: all of it is to be done, or an allowed move.
    ///
    /// What would be promoted is `refused` where one of the options' checks objects to it.
    ///
    /// Conflicts and redundant edges are found over the whole set, whatever is selected: the plan of a part
    /// is the part of the plan.
    pub fn plan(&self, inventory: Option<&Inventory>) -> Plan {
        checked::checked(self.unchecked(inventory))
    }

    /// The same before any check was asked.
    fn unchecked(&self, inventory: Option<&Inventory>) -> Plan {
        let judge = Judge::new(&self.manifests, &self.collisions, inventory, self.options);
        let (decisions, found, causes) = judge.decide();
        Plan {
            conflicts: self.collisions.conflicts().to_vec(),
            decisions,
            found,
            causes,
            statements: Vec::new(),
            findings: self.set.findings().to_vec(),
            options: self.options.clone(),
            offline: inventory.is_none(),
            sizes: None,
            beside: None,
            saved_summary: None,
            manifests: Arc::clone(&self.manifests),
        }
    }
}
