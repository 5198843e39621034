//! Verdicts in words.

use super::decision::{Decision, Doubt};
use super::layout::{Layout, Slot};
use super::{Plan, PlannedEdge};
use crate::oci::Repository;

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
        Decision::Move { .. } => format!("{}, which is allowed", movement(edge)),
        Decision::Finish => "the digest is there, the tag is not".to_owned(),
        Decision::Wanted => "wanted; no registry was asked".to_owned(),
        Decision::Redundant(kept) => format!("{} asks for the same", place(plan, kept)),
        Decision::Lost => format!("{} no longer holds the digest", edge.source()),
        Decision::TagMove { .. } => format!("{}, which nobody allowed", movement(edge)),
        Decision::Conflict(conflict) => rivals(edge, conflict),
        Decision::Undecided(doubt) => in_doubt(edge, doubt),
    }
}

fn movement(edge: &PlannedEdge<'_>) -> String {
    let from = edge
        .moves_from()
        .map_or_else(|| "another digest".to_owned(), |from| from.to_string());
    format!("the tag would move from {from} to {}", edge.digest())
}

/// Names the others that want the tag for another digest.
fn rivals(edge: &PlannedEdge<'_>, conflict: u32) -> String {
    let layout: &Layout = &edge.plan.layout;
    let rivals = edge
        .plan
        .conflicts
        .get(conflict as usize)
        .map_or(&[][..], |conflict| &conflict.rivals);
    let others: Vec<String> = rivals
        .iter()
        .filter_map(|rival| Some((*rival, layout.entry(rival.entry)?.digest)))
        .filter(|(_, digest)| *digest != edge.digest())
        .map(|(rival, digest)| format!("{digest} by {}", place(edge.plan, rival)))
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

fn in_doubt(edge: &PlannedEdge<'_>, doubt: Doubt) -> String {
    match doubt {
        Doubt::DestinationUnreadable { cause } => unreadable(edge.plan, edge.destination(), cause),
        Doubt::SourceUnreadable { cause } => unreadable(edge.plan, edge.source(), cause),
        Doubt::TagUnknown => format!(
            "the inventory does not say where the tag points in {}",
            edge.destination()
        ),
        Doubt::DigestUnknown => format!(
            "the inventory does not say whether {} holds the digest",
            edge.destination()
        ),
        Doubt::SourceUnknown => format!(
            "the inventory does not say whether {} holds the digest",
            edge.source()
        ),
    }
}

fn unreadable(plan: &Plan, repository: &Repository, cause: u32) -> String {
    match plan.causes.get(cause as usize) {
        Some(cause) if cause.message.is_empty() => {
            format!("{repository} could not be read ({})", cause.code)
        }
        Some(cause) => format!(
            "{repository} could not be read: {} ({})",
            cause.message, cause.code
        ),
        None => format!("{repository} could not be read"),
    }
}

/// `file:line:column` of a slot.
fn place(plan: &Plan, slot: Slot) -> String {
    plan.layout.place(slot).map_or_else(
        || "another entry".to_owned(),
        |(file, position)| format!("{file}:{position}"),
    )
}
