//! What was attached to images, for people.

use std::fmt::Write as _;

use super::Text;
use super::style::{GREEN, YELLOW};
use super::verification::kind as evidence_kind;
use crate::promoter::{Attached, EvidenceDocument};

/// What was made for each image, or would be, and what stood there already.
pub fn evidence_text(document: &EvidenceDocument) -> Text {
    Text(document.images.iter().map(lines).collect())
}

fn lines(attached: &Attached) -> String {
    let mut text = format!("{} as {}\n", attached.image, attached.identity);
    for kind in &attached.made {
        let _ = writeln!(text, "  {GREEN}made{GREEN:#} {}", evidence_kind(kind));
    }
    for kind in &attached.missing {
        let _ = writeln!(text, "  {YELLOW}missing{YELLOW:#} {}", evidence_kind(kind));
    }
    for kind in &attached.kept {
        let _ = writeln!(text, "  stands already: {}", evidence_kind(kind));
    }
    text
}
