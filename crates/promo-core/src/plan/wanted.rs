//! What has to be known for a plan: the questions to registries, no more than needed.
//!
//! First the destinations are asked, then the sources of what the destinations alone don't decide: in a
//! steady state, none.

use super::{Plan, PlanOptions, Verdict, codes, plan};
use crate::inventory::{Inventory, WantedInventory};
use crate::manifest::ManifestSet;

/// What to ask destinations: the tags of selected edges, and the digests of those without a tag.
/// Conflicts and redundant edges ask nothing.
pub fn wanted_destinations(set: &ManifestSet, options: &PlanOptions) -> WantedInventory {
    let offline = plan(set, None, options);
    let mut wanted = WantedInventory::default();
    for edge in offline.edges() {
        // What a check objects to may be there already, and then there is nothing to object to.
        let is_objected = || edge.code() == codes::OBJECTED;
        if edge.verdict() != Verdict::Wanted && !is_objected() {
            continue;
        }
        match edge.tag() {
            Some(tag) => wanted.want_tag_at(edge.destination(), tag, edge.digest()),
            None => wanted.want_digest(edge.destination(), edge.digest()),
        }
    }
    wanted
}

/// What to ask sources, given what is known of the destinations: the digests of edges that the
/// destinations alone don't decide.
pub fn wanted_sources(
    set: &ManifestSet,
    inventory: &Inventory,
    options: &PlanOptions,
) -> WantedInventory {
    let known: Plan = plan(set, Some(inventory), options);
    let mut wanted = WantedInventory::default();
    for edge in known.edges() {
        if edge.code() == codes::SOURCE_UNKNOWN {
            wanted.need_digest(edge.source(), edge.digest());
        }
    }
    wanted
}
