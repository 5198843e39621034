//! Plans as documents: saved, reviewed, loaded and checked again.
//!
//! What is loaded is held against its own numbers, but it is no authority: `recheck` compares it with what
//! manifests and registries say when it is to be carried out.

mod document;
mod load;
mod numbers;
mod save;

use jiff::Timestamp;

use super::Plan;
use crate::oci::Digest;
use crate::{Code, codes};

/// The schema of a saved plan.
const SCHEMA: &str = "promo.plan/v1";

/// The schema of the summary of a plan.
const SUMMARY_SCHEMA: &str = "promo.plan-summary/v1";

/// The JSON Schema of the summary of a plan.
#[cfg(feature = "schema")]
pub(crate) fn summary_schema() -> serde_json::Value {
    crate::json_schema::document::<document::SummaryDocument>(SUMMARY_SCHEMA)
}

/// The JSON Schema of a saved plan.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> serde_json::Value {
    crate::json_schema::document::<document::Document>(SCHEMA)
}

/// What a plan was made from, for those who review it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PlanInputs {
    /// The digest of the tree of promoter manifests.
    pub tree: Option<Digest>,
    /// The git commit of the tree.
    pub commit: Option<String>,
    /// When the inventory was read.
    pub inventory_read: Option<Timestamp>,
}

/// A plan that was loaded, with what it was made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SavedPlan {
    /// The plan. It lists no entries that were published already, only counts them, unless it was made
    /// with `complete`; positions of tags are those of their digests.
    pub plan: Plan,
    /// What it was made from.
    pub inputs: PlanInputs,
}

/// Why a text is not a plan that can be trusted to be whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// It is not JSON of this shape.
    #[error("the plan is not a document of the schema `{SCHEMA}`")]
    Document(#[source] serde_json::Error),
    /// It has another schema: a newer one, or it is no plan.
    #[error("the plan has the schema `{schema}`, this version reads `{SCHEMA}`")]
    Schema {
        /// The schema found.
        schema: String,
    },
    /// Its numbers don't agree with its edges: it was edited or cut.
    #[error("the plan says {said} edges with the verdict `{verdict}` and lists {listed}")]
    Counts {
        /// The verdict.
        verdict: String,
        /// What the summary says.
        said: u64,
        /// What is listed.
        listed: u64,
    },
    /// Something in it refers to what isn't there, or stands twice.
    #[error("the plan contradicts itself: {message}")]
    Contradiction {
        /// What does not fit.
        message: String,
    },
}

impl ArtifactError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Document(_) => codes::PLAN_DOCUMENT,
            Self::Schema { .. } => codes::PLAN_SCHEMA,
            Self::Counts { .. } => codes::PLAN_COUNTS,
            Self::Contradiction { .. } => codes::PLAN_CONTRADICTION,
        }
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Schema { .. } => "take a version of promo that knows this schema".to_owned(),
            _ => "make it anew".to_owned(),
        }]
    }
}
