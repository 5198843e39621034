//! What became of a saved plan, for people: the report, then what is no longer wanted.

use std::fmt::Write as _;

use super::layout::Layout;
use super::report::report_text;
use super::style::RED;
use super::{Text, counted};
use crate::error::codes::UNWANTED;
use crate::promoter::Applied;

/// The report of the run, and what of the plan was refused as no longer wanted.
pub fn applied_text(applied: &Applied, layout: Layout) -> Text {
    let mut text = report_text(&applied.report, layout).into_styled();
    if applied.planned_tree != applied.tree {
        text.push_str("the promoter manifests have changed since the plan was made\n");
    }
    for edge in &applied.unwanted {
        let _ = writeln!(
            text,
            "{RED}refused[{UNWANTED}]{RED:#} {edge}: no promoter manifest wants it any longer"
        );
    }
    if !applied.unwanted.is_empty() {
        let count = counted(applied.unwanted.len() as u64, "edge");
        let _ = writeln!(text, "{count} of the plan refused as no longer wanted");
    }
    Text(text)
}
