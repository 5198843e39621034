//! Results as they are shown: texts for people, markdown, and documents for machines.
//!
//! A document carries `"schema": "promo.<name>/v1"` first. A text has styles, and can be had without; what comes from
//! outside never ends a line or starts a style of its own.

mod applied;
mod beside;
mod document;
mod done_text;
mod event;
mod evidence;
mod explanation;
mod findings;
mod forge;
mod formatted;
mod hosts_text;
mod layout;
mod plan_markdown;
mod plan_page;
mod plan_text;
mod report;
mod review;
mod review_text;
mod settings;
pub mod style;
mod table;
mod trace_text;
mod verification;

use crate::counted::{counted, named};
pub use applied::applied_text;
pub use document::{json, yaml};
pub use event::{Detail, EventDocument};
pub use evidence::evidence_text;
pub use findings::{check_annotations, check_text};
pub use forge::{Forge, LinkBase, LinkBaseError};
pub use formatted::{formatted_text, unformatted_text};
pub use hosts_text::{hosts_text, traffic_text};
pub use layout::{Layout, LayoutExtent};
pub use plan_markdown::{Comment, plan_markdown, summary_markdown};
pub use plan_page::plan_page;
pub use plan_text::{plan_text, summary_text};
pub use report::report_text;
pub use settings::{SettingsDocument, settings_text};
pub use table::Table;
pub use trace_text::trace_text;
pub use verification::verification_text;

/// A text for people, with styles for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text without any style.
    pub fn plain(&self) -> String {
        anstream::adapter::strip_str(&self.0).to_string()
    }

    /// The text with its styles, as escape sequences.
    pub fn styled(&self) -> &str {
        &self.0
    }

    /// The same, taken over.
    pub fn into_styled(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests;
