//! A plan as a document, grouped by digest entries: mirrors are named once, what is unchanged is counted.

use std::collections::BTreeMap;

use promo_core::Code;
use promo_core::manifest::{FilePath, Finding, Position};
use promo_core::oci::{Digest, RegistryPath, Repository, Tag};
use promo_core::plan::{Plan, PlannedGroup, Summary, Verdict};
use serde::Serialize;

/// `promo.plan/v1`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanDocument<'a> {
    schema: &'static str,
    /// Made without looking at registries: everything is only wanted.
    offline: bool,
    summary: Summary,
    /// The sets of destination registries that groups name by their place here.
    destination_sets: Vec<&'a [RegistryPath]>,
    /// Digest entries with something to do or something left; the rest is in the summary.
    groups: Vec<Group<'a>>,
    findings: &'a [Finding],
}

/// One digest entry of a promoter manifest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    image: &'a str,
    source: &'a Repository,
    digest: Digest,
    tags: Vec<&'a Tag>,
    destinations: usize,
    /// What most of its edges share; nothing if most are not selected.
    verdict: Option<Verdict>,
    /// The edges that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exceptions: Vec<Edge<'a>>,
    file: &'a FilePath,
    position: Position,
}

/// One edge that was decided otherwise than most of its group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Edge<'a> {
    destination: &'a Repository,
    tag: Option<&'a Tag>,
    verdict: Verdict,
    code: Code,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves_from: Option<Digest>,
}

impl<'a> PlanDocument<'a> {
    /// The document of a plan.
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let mut sets = DestinationSets::default();
        let groups = plan
            .groups()
            .filter(|group| !group.is_unchanged())
            .map(|group| {
                let destinations = sets.place(group.destination_registries());
                Group::new(&group, destinations)
            })
            .collect();
        Self {
            schema: "promo.plan/v1",
            offline: plan.is_offline(),
            summary: plan.summary(),
            destination_sets: sets.sets,
            groups,
            findings: plan.findings(),
        }
    }
}

impl<'a> Group<'a> {
    fn new(group: &PlannedGroup<'a>, destinations: usize) -> Self {
        let exceptions = group.exceptions().map(|edge| Edge {
            destination: edge.destination(),
            tag: edge.tag(),
            verdict: edge.verdict(),
            code: edge.code(),
            reason: edge.reason(),
            moves_from: edge.moves_from(),
        });
        Self {
            image: group.image(),
            source: group.source(),
            digest: group.digest(),
            tags: group.tags().collect(),
            destinations,
            verdict: group.usual_verdict(),
            exceptions: exceptions.collect(),
            file: group.file(),
            position: group.position(),
        }
    }
}

/// Each set of destinations once.
#[derive(Debug, Default)]
struct DestinationSets<'a> {
    sets: Vec<&'a [RegistryPath]>,
    places: BTreeMap<&'a [RegistryPath], usize>,
}

impl<'a> DestinationSets<'a> {
    fn place(&mut self, set: &'a [RegistryPath]) -> usize {
        *self.places.entry(set).or_insert_with(|| {
            self.sets.push(set);
            self.sets.len() - 1
        })
    }
}
