//! What was attached to images, for people and as a document.

use std::fmt::Write as _;

use promo::{Attached, EvidenceDocument};

use super::{Format, Outcome, evidence_kind, json, yaml};
use crate::diagnostics::GREEN;
use crate::error::Result;

/// The result in the form asked for.
pub(crate) fn evidence_outcome(document: &EvidenceDocument, format: Format) -> Result<Outcome> {
    let text = match format {
        Format::Json => json(document)?,
        Format::Yaml => yaml(document)?,
        _ => document.images.iter().map(lines).collect(),
    };
    Ok(Outcome::done(text))
}

fn lines(attached: &Attached) -> String {
    let mut text = format!("{} as {}\n", attached.image, attached.identity);
    for kind in &attached.made {
        let _ = writeln!(text, "  {GREEN}made{GREEN:#} {}", evidence_kind(kind));
    }
    for kind in &attached.kept {
        let _ = writeln!(text, "  stands already: {}", evidence_kind(kind));
    }
    text
}
