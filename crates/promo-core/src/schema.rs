//! JSON Schemas of the documents that are printed and read: what `docs/reference/schemas` publishes.
//!
//! They are derived from the very types that are written, so that they can't say anything else. Only with the
//! feature `schema`: who embeds the crate doesn't pay for it.

pub mod manifests;

use serde_json::Value;

use crate::evidence::VerificationDocument;
pub use crate::json_schema::document;
use crate::json_schema::object;
use crate::plan::TagMoves;
use crate::report::Report;

/// The schema of `promo.plan/v1`.
pub fn plan() -> Value {
    crate::plan::schema()
}

/// The schema of `promo.plan-summary/v1`.
pub fn plan_summary() -> Value {
    crate::plan::summary_schema()
}

/// The schema of `promo.snapshot/v1`.
pub fn snapshot() -> Value {
    crate::snapshot::schema()
}

/// The schema of `promo.report/v1`.
pub fn report() -> Value {
    document::<Report>(Report::SCHEMA)
}

/// The schema of `promo.verification/v1`.
pub fn verification() -> Value {
    document::<VerificationDocument>(VerificationDocument::SCHEMA)
}

/// The schema of a list of tags that may move. The list has no name of its own in it, since people write it.
pub fn tag_moves() -> Value {
    Value::Object(object::<TagMoves>("tag moves"))
}
