//! Plan → document.

use std::collections::HashMap;

use serde::Serialize;

use super::super::{Plan, PlanOptions, PlannedEdge, PlannedGroup};
use super::document::{
    Document, Group, IdentityName, Inputs, Judgement, Options, SavedException, SavedFinding,
    SummaryDocument, Unchanged,
};
use super::numbers::numbers;
use super::{PlanInputs, SCHEMA, SUMMARY_SCHEMA};
use crate::manifest::Finding;
use crate::oci::RegistryPath;
use crate::ports::ImageSize;

impl Plan {
    /// The plan as a document of the schema `promo.plan/v1`. Groups of which everything is published are
    /// counted, not listed, unless the plan was made with `complete`.
    pub fn to_document(&self, inputs: &PlanInputs) -> impl Serialize + use<> {
        let mut sets = DestinationSets::default();
        let mut unchanged = Unchanged::default();
        let mut groups = Vec::new();
        for group in self.groups() {
            if group.is_unchanged() && !self.options.complete {
                unchanged.groups += 1;
                unchanged.edges += group.counts().edges();
            } else {
                let size = self.size(group.source(), group.digest());
                groups.push(saved_group(&group, size, &mut sets));
            }
        }
        Document {
            schema: SCHEMA.to_owned(),
            inputs: saved_inputs(inputs),
            options: options(&self.options),
            offline: self.offline,
            summary: numbers(&self.summary()),
            cost: self.cost(),
            beside: self.beside().map(<[_]>::to_vec),
            unchanged,
            destination_sets: sets.sets,
            groups,
            findings: self.findings.iter().map(saved_finding).collect(),
        }
    }

    /// The plan in numbers, as a document of the schema `promo.plan-summary/v1`. Of a plan of any size it is small.
    pub fn to_summary_document(&self, inputs: &PlanInputs) -> impl Serialize + use<> {
        SummaryDocument {
            schema: SUMMARY_SCHEMA,
            inputs: saved_inputs(inputs),
            offline: self.offline,
            summary: numbers(&self.summary()),
            cost: self.cost(),
            findings: self.findings.iter().map(saved_finding).collect(),
        }
    }
}

fn saved_inputs(inputs: &PlanInputs) -> Inputs {
    Inputs {
        tree: inputs.tree,
        commit: inputs.commit.clone(),
        inventory_read: inputs.inventory_read.map(|time| time.to_string()),
    }
}

/// Lists of destinations, each once, in the order of their first use.
#[derive(Default)]
struct DestinationSets<'a> {
    sets: Vec<Vec<RegistryPath>>,
    indexes: HashMap<&'a [RegistryPath], usize>,
    /// The list that was asked for last: the groups of a manifest follow each other.
    last: Option<(&'a [RegistryPath], usize)>,
}

impl<'a> DestinationSets<'a> {
    fn index(&mut self, registries: &'a [RegistryPath]) -> usize {
        if let Some((_, index)) = self
            .last
            .filter(|(last, _)| std::ptr::eq(*last, registries))
        {
            return index;
        }
        let sets = &mut self.sets;
        let index = *self.indexes.entry(registries).or_insert_with(|| {
            sets.push(registries.to_vec());
            sets.len() - 1
        });
        self.last = Some((registries, index));
        index
    }
}

fn options(options: &PlanOptions) -> Options {
    let rules = options.identities.rules().iter();
    Options {
        identities: rules
            .map(|rule| IdentityName {
                registry: rule.registry().clone(),
                name: rule.name().clone(),
            })
            .collect(),
        tag_moves: options.tag_moves.clone(),
        mutable_tags: options.mutable_tags.clone(),
        fail_fast: options.fail_fast,
        complete: options.complete,
    }
}

fn saved_group<'a>(
    group: &PlannedGroup<'a>,
    size: Option<ImageSize>,
    sets: &mut DestinationSets<'a>,
) -> Group {
    let registries = group.destination_registries();
    let tags: Vec<_> = group.tags().cloned().collect();
    let exceptions = group.exceptional_cells().iter().filter_map(|cell| {
        Some(SavedException {
            destination: registries.get(cell.destination as usize)?.clone(),
            tag: tags.get(cell.slot as usize).cloned(),
            judgement: group.edge(*cell).as_ref().map(judgement),
        })
    });
    let usual = group.cells().find(|cell| cell.decision == group.usual());
    let usual = usual.and_then(|cell| group.edge(cell));
    Group {
        source: group.source().clone(),
        image: group.image().to_owned(),
        digest: group.digest(),
        destinations: sets.index(registries),
        file: group.file().to_string(),
        line: group.position().line,
        column: group.position().column,
        size,
        usual: usual.as_ref().map(judgement),
        exceptions: exceptions.collect(),
        tags,
    }
}

fn judgement(edge: &PlannedEdge<'_>) -> Judgement {
    let from = edge.moves_from();
    Judgement {
        verdict: edge.verdict(),
        code: edge.code().to_string(),
        reason: edge.reason(),
        from,
        digest_present: from.is_some() && edge.decision.digest_present(),
    }
}

fn saved_finding(finding: &Finding) -> SavedFinding {
    SavedFinding {
        file: finding.file.to_string(),
        line: finding.position.map(|position| position.line),
        column: finding.position.map(|position| position.column),
        severity: finding.severity,
        code: finding.code.to_string(),
        message: finding.message.clone(),
        expected: finding.expected.clone(),
    }
}
