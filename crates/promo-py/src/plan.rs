//! Plans as Python objects.

use std::collections::{BTreeMap, VecDeque};

use promo_core::plan as core;
use promo_core::plan::{PlanOptions, PlannedEdge, Planner, Selection};
use promo_core::with_causes;
use pyo3::prelude::*;

use crate::errors::argument_error;
use crate::inventory::{self, PlainInventory};
use crate::manifest::ManifestSet;

/// Compares what manifests want with what an inventory holds.
#[pyfunction]
#[pyo3(signature = (manifests, *, inventory=None, images=None, destinations=None))]
pub(crate) fn plan(
    python: Python<'_>,
    manifests: &ManifestSet,
    inventory: Option<PlainInventory>,
    images: Option<Vec<String>>,
    destinations: Option<Vec<String>>,
) -> PyResult<Plan> {
    let inventory = inventory.map(inventory::parse).transpose()?;
    let mut options = PlanOptions::default();
    options.selection = Selection::new(
        &images.unwrap_or_default(),
        &destinations.unwrap_or_default(),
    )
    .map_err(|error| argument_error(with_causes(&error)))?;
    let plan = python.detach(|| Planner::new(&manifests.set, &options).plan(inventory.as_ref()));
    Ok(Plan { plan })
}

#[pyclass(frozen, module = "promo")]
pub(crate) struct Plan {
    plan: core::Plan,
}

#[pymethods]
impl Plan {
    #[getter]
    fn summary(&self) -> Summary {
        let summary = self.plan.summary();
        Summary {
            edges: summary.edges,
            tagless: summary.tagless,
            images: summary.images,
            digests: summary.digests,
            invalid: summary.invalid,
            verdicts: summary
                .verdicts
                .named()
                .map(|(verdict, count)| (verdict.to_owned(), count))
                .collect(),
        }
    }

    #[getter]
    fn offline(&self) -> bool {
        self.plan.is_offline()
    }

    /// The edges in the order of the files, one at a time.
    fn edges(slf: Py<Self>) -> Edges {
        Edges {
            plan: slf,
            group: 0,
            waiting: VecDeque::new(),
        }
    }

    fn __repr__(&self) -> String {
        format!("Plan({} edges)", self.plan.summary().edges)
    }
}

/// How many digest entries are turned into edges at once.
const GROUPS: usize = 512;

/// Walks over the edges, some digest entries at a time, so that a plan of 700,000 edges is never a list.
#[pyclass(module = "promo")]
pub(crate) struct Edges {
    plan: Py<Plan>,
    group: usize,
    waiting: VecDeque<Edge>,
}

#[pymethods]
impl Edges {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&mut self) -> Option<Edge> {
        if self.waiting.is_empty() {
            let groups = self.plan.get().plan.groups().skip(self.group).take(GROUPS);
            self.waiting.extend(
                groups
                    .flat_map(|group| group.edges())
                    .map(|edge| Edge::from(&edge)),
            );
            self.group += GROUPS;
        }
        self.waiting.pop_front()
    }
}

#[pyclass(frozen, get_all, eq, module = "promo")]
#[derive(Clone, PartialEq)]
pub(crate) struct Summary {
    edges: u64,
    tagless: u64,
    images: u64,
    digests: u64,
    invalid: u64,
    verdicts: BTreeMap<String, u64>,
}

#[pymethods]
impl Summary {
    fn __repr__(&self) -> String {
        format!(
            "Summary({} edges, {} images, {} digests, {} invalid)",
            self.edges, self.images, self.digests, self.invalid
        )
    }
}

#[pyclass(frozen, get_all, eq, module = "promo")]
#[derive(Clone, PartialEq)]
pub(crate) struct Edge {
    image: String,
    source: String,
    destination: String,
    identity: String,
    digest: String,
    tag: Option<String>,
    verdict: String,
    code: String,
    reason: String,
    file: String,
    line: u32,
}

impl From<&PlannedEdge<'_>> for Edge {
    fn from(edge: &PlannedEdge<'_>) -> Self {
        Self {
            image: edge.image().to_owned(),
            source: edge.source().to_string(),
            destination: edge.destination().to_string(),
            identity: edge.identity().to_string(),
            digest: edge.digest().to_string(),
            tag: edge.tag().map(ToString::to_string),
            verdict: edge.verdict().to_string(),
            code: edge.code().to_string(),
            reason: edge.reason(),
            file: edge.file().to_string(),
            line: edge.position().line,
        }
    }
}

#[pymethods]
impl Edge {
    fn __repr__(&self) -> String {
        match &self.tag {
            Some(tag) => format!("Edge({}:{tag}, {})", self.destination, self.verdict),
            None => format!(
                "Edge({}@{}, {})",
                self.destination, self.digest, self.verdict
            ),
        }
    }
}
