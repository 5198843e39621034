//! Verdicts in words. A sentence says nothing that differs between the destinations of one entry, so that it
//! can be said once for all of them.

use super::decision::{Decision, Doubt};
use super::flat_manifests::{FlatManifests, Slot};
use super::{Plan, PlannedEdge};

/// How many rivals of a conflict are named.
const NAMED_RIVALS: usize = 10;

/// Why an edge has its verdict.
pub(super) fn sentence(edge: &PlannedEdge<'_>) -> String {
    let plan = edge.plan;
    match edge.decision {
        Decision::Unselected => "not selected".to_owned(),
        Decision::Present if edge.tag().is_none() => "the digest is there already".to_owned(),
        Decision::Present => "the tag points to the digest already".to_owned(),
        Decision::Promote if edge.tag().is_none() => "the digest is not there yet".to_owned(),
        Decision::Promote => "the tag is not there yet".to_owned(),
        Decision::Move { .. } => format!("{}, {}", movement(edge), why_it_may(edge)),
        Decision::Finish => "the digest is there, the tag is not".to_owned(),
        Decision::Wanted => "wanted; no registry was asked".to_owned(),
        Decision::Redundant(kept) => format!("{} asks for the same", written_at(plan, kept)),
        Decision::Lost => format!("{} no longer holds the digest", edge.source()),
        Decision::TagMove { .. } => format!("{}, which nobody allowed", movement(edge)),
        Decision::Conflict(conflict) => rivals(edge, conflict),
        Decision::Undecided(doubt) => in_doubt(plan, doubt),
        Decision::Stated { statement, .. } => plan
            .statements
            .get(statement as usize)
            .map_or_else(String::new, |statement| statement.reason.clone()),
    }
}

fn movement(edge: &PlannedEdge<'_>) -> String {
    let from = edge
        .moves_from()
        .map_or_else(|| "another digest".to_owned(), |from| from.to_string());
    format!("the tag would move from {from} to {}", edge.digest())
}

/// By what a tag may move.
fn why_it_may(edge: &PlannedEdge<'_>) -> &'static str {
    let rules = &edge.plan.options.mutable_tags;
    let is_mutable = edge
        .tag()
        .is_some_and(|tag| rules.allows(edge.image(), tag));
    if is_mutable {
        "as a tag that may move"
    } else {
        "which is allowed"
    }
}

/// Names the others that want the tag for another digest.
fn rivals(edge: &PlannedEdge<'_>, conflict: u32) -> String {
    let manifests: &FlatManifests = &edge.plan.manifests;
    let rivals = edge
        .plan
        .conflicts
        .get(conflict as usize)
        .map_or(&[][..], |conflict| &conflict.rivals);
    let others: Vec<String> = rivals
        .iter()
        .filter_map(|rival| Some((*rival, manifests.entry(rival.entry)?.digest)))
        .filter(|(_, digest)| *digest != edge.digest())
        .map(|(rival, digest)| format!("{digest} by {}", written_at(edge.plan, rival)))
        .collect();
    let named = others.get(..NAMED_RIVALS).unwrap_or(&others);
    let more = others.len() - named.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("the tag is also given to {}{more}", named.join(", "))
}

fn in_doubt(plan: &Plan, doubt: Doubt) -> String {
    match doubt {
        Doubt::DestinationUnreadable { cause } => unreadable(plan, "destination", cause),
        Doubt::SourceUnreadable { cause } => unreadable(plan, "source", cause),
        Doubt::TagUnknown => {
            "the inventory does not say where the tag points at the destination".to_owned()
        }
        Doubt::DigestUnknown => {
            "the inventory does not say whether the destination holds the digest".to_owned()
        }
        Doubt::SourceUnknown => {
            "the inventory does not say whether the source holds the digest".to_owned()
        }
    }
}

fn unreadable(plan: &Plan, which: &str, cause: u32) -> String {
    match plan.causes.get(cause as usize) {
        Some(cause) if cause.message.is_empty() => {
            format!("the {which} could not be read ({})", cause.code)
        }
        Some(cause) => format!(
            "the {which} could not be read: {} ({})",
            cause.message, cause.code
        ),
        None => format!("the {which} could not be read"),
    }
}

/// `file:line:column` of a slot.
fn written_at(plan: &Plan, slot: Slot) -> String {
    plan.manifests.written_at(slot).map_or_else(
        || "another entry".to_owned(),
        |(file, position)| format!("{file}:{position}"),
    )
}
