//! What has to be known for a plan: the questions to registries, no more than needed.
//!
//! What checks would say plays no part: it is asked about as if nobody objected, since what an edge is now comes first.
//! First the destinations are asked, then the sources of what the destinations alone don't decide: in a
//! steady state, none.

use super::{Plan, PlanOptions, Verdict, codes, unchecked};
use crate::inventory::{Inventory, WantedInventory};
use crate::manifest::ManifestSet;

/// What to ask destinations: the tags of selected edges, and the digests of those without a tag.
/// Conflicts and redundant edges ask nothing.
pub fn wanted_destinations(set: &ManifestSet, options: &PlanOptions) -> WantedInventory {
    let offline = unchecked(set, None, options);
    let mut wanted = WantedInventory::default();
    for edge in offline.edges() {
        if edge.verdict() != Verdict::Wanted {
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
    let known: Plan = unchecked(set, Some(inventory), options);
    let mut wanted = WantedInventory::default();
    for edge in known.edges() {
        if edge.code() == codes::SOURCE_UNKNOWN {
            wanted.need_digest(edge.source(), edge.digest());
        }
    }
    wanted
}
