//! What staging has beside images, for people: in a plan and in a report. Signatures that are judged are told elsewhere.

use std::fmt::Write as _;

use promo_core::plan::{Becomes, Beside};

use super::plan_text::short;
use super::style::{YELLOW, one_line};

/// One line each.
pub(super) fn beside_text(beside: &[Beside]) -> String {
    let mut text = String::new();
    for beside in beside {
        let Some(what) = becomes(beside.becomes) else {
            continue;
        };
        let of = beside.artifact_type.as_deref().map(one_line);
        let of = of.map_or_else(String::new, |of| format!(" ({of})"));
        let (name, image) = (name(beside), short(beside.image));
        let _ = writeln!(text, "{YELLOW}{what}{YELLOW:#} {name}{of}, beside {image}");
    }
    text
}

/// What becomes of it, if it isn't a signature.
pub(super) fn becomes(becomes: Becomes) -> Option<&'static str> {
    match becomes {
        Becomes::Carried => Some("carried"),
        Becomes::LeftBehind => Some("left behind"),
        _ => None,
    }
}

/// Where it is.
pub(super) fn name(beside: &Beside) -> String {
    match &beside.tag {
        Some(tag) => format!("{}:{tag}", beside.source),
        None => format!("{}@{}", beside.source, short(beside.digest)),
    }
}
