//! The plan: promoter manifests compared with what registries hold.
//!
//! Second stage of the flow: `ManifestSet` + `Inventory` → [`Plan`], by the [`Planner`], which is pure. Every
//! edge gets exactly one [`Verdict`], with a code and a sentence. Nothing here sends a request: the planner
//! says what has to be known, an inventory reader finds it out, and [`Plan::work`] is what the pipeline
//! carries out.
//!
//! A plan of 720,000 edges is kept as its 20,000 digest entries: what all edges of an entry share, and the
//! exceptions. Edges are made while one walks over them.

mod artifact;
mod beside;
mod checked;
mod collisions;
mod cost;
mod decision;
mod diff;
mod edge_key;
mod edges;
mod flat_manifests;
mod groups;
mod index;
mod judge;
mod mutable_tags;
mod options;
mod planner;
mod provenance;
mod reason;
mod recheck;
mod repositories;
mod rows;
mod source_questions;
mod summary;
mod tag_moves;
mod unmatched;
mod verdict;
mod work;

use std::sync::Arc;

use crate::manifest::Finding;
use crate::oci::Digest;

use collisions::Conflict;
use decision::{Cause, Decisions, Statement};
use flat_manifests::FlatManifests;

pub use artifact::{ArtifactError, PlanInputs, SavedPlan};
#[cfg(feature = "schema")]
pub(crate) use artifact::{schema, summary_schema};
pub use beside::{Becomes, Beside};
pub use checked::PlanCheck;
pub use cost::{Cost, ImageSizes, Traffic};
pub use diff::{Change, ChangeKind, SetDiff, diff};
pub use edge_key::EdgeKey;
pub use edges::PlannedEdge;
pub use groups::PlannedGroup;
pub use mutable_tags::{MutableTags, NamePattern, NamePatternError, TagRule};
pub use options::{PlanOptions, Selection, SelectionError};
pub use planner::Planner;
pub use provenance::ProvenanceDemand;
pub use recheck::{Rechecked, actionable, recheck};
pub use rows::PlannedRow;
pub use source_questions::SourceQuestions;
pub use summary::{Summary, VerdictCounts};
pub use tag_moves::{TagMove, TagMoves, TagMovesError};
pub use unmatched::Unmatched;
pub use verdict::{Verdict, codes};
pub use work::{DestinationWork, ImageWork, WantedTag};

/// What a run would do, edge by edge, and why. Plain data, which lives without what it was made from.
#[derive(Debug, Clone)]
pub struct Plan {
    manifests: Arc<FlatManifests>,
    conflicts: Vec<Conflict>,
    decisions: Decisions,
    /// Digests that tags point to where they should not.
    found: Vec<Digest>,
    causes: Vec<Cause>,
    /// What a saved plan or a check said in its own words.
    statements: Vec<Statement>,
    findings: Vec<Finding>,
    options: PlanOptions,
    offline: bool,
    /// The sizes of images, of a plan that was measured.
    sizes: Option<ImageSizes>,
    /// What is beside the images, of a plan for which somebody looked.
    beside: Option<Vec<Beside>>,
    /// Of a plan that was loaded: its numbers, since a saved plan doesn't list what is unchanged.
    saved_summary: Option<Summary>,
}

impl Plan {
    /// Bad entries of the manifests that were left out, and warnings; ordered by file and position.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether it was made without an inventory, so that it says only what is wanted.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// The options it was made with.
    pub fn options(&self) -> &PlanOptions {
        &self.options
    }

    /// The edges, in the order of files: entry by entry, tag by tag, destination by destination. They
    /// are made while one walks.
    pub fn edges(&self) -> impl Iterator<Item = PlannedEdge<'_>> {
        self.groups().flat_map(|group| group.edges())
    }

    /// The digest entries with the edges of each, in the order of files. Entries of which nothing is
    /// selected are passed over.
    pub fn groups(&self) -> impl Iterator<Item = PlannedGroup<'_>> {
        (0..self.manifests.entries.len()).filter_map(|entry| PlannedGroup::new(self, entry))
    }

    /// What `fail_fast` stops at: the first edge in the way (a conflict, a tag move, or one that can't be
    /// decided). Without `fail_fast` nothing stops a plan as a whole.
    pub fn stopped_by(&self) -> Option<PlannedEdge<'_>> {
        if !self.options.fail_fast {
            return None;
        }
        self.edges().find(|edge| edge.verdict().stops_all())
    }
}

#[cfg(test)]
mod tests;
