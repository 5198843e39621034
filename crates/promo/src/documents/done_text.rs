//! What a run did, on one screen: per image the tags that were put and where. What doesn't fit is a number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use promo_core::oci::{Digest, Tag};
use promo_core::report::Report;

use super::counted;
use super::layout::Layout;
use super::plan_text::{short, tags};
use super::report::went_through;
use super::review::{MirrorSets, parted};
use super::review_text::legend_text;
use super::style::BOLD;
use super::table::Table;

/// So many rows fit a screen beside what else is told.
const MAX_ROWS: usize = 12;
/// So many sets of mirrors are spelled out.
const MAX_SETS: usize = 3;

/// What, which image, which digest.
type Image<'a> = (&'static str, &'a str, Digest);

/// The table of what was published, found published or is ready, and the mirrors.
pub(super) fn done_text(report: &Report, layout: Layout) -> String {
    let rows = rows(report);
    if rows.is_empty() {
        return String::new();
    }
    let mut mirrors: MirrorSets<&str> = MirrorSets::default();
    let mut table = Table::new(["", "IMAGE", "TAGS", "DIGEST", "WHERE"]);
    for ((what, image, digest), names, places) in rows.iter().take(MAX_ROWS) {
        table.styled_row(
            anstyle::Style::new(),
            [
                (*what).to_owned(),
                (*image).to_owned(),
                tags(names),
                short(*digest),
                mirrors.name(places),
            ],
        );
    }
    let mut text = table.render_within(layout.width);
    if let Some(more) = rows.get(MAX_ROWS..).filter(|more| !more.is_empty()) {
        let images: BTreeSet<&str> = more.iter().map(|((_, image, _), ..)| *image).collect();
        let _ = writeln!(
            text,
            "{BOLD}and {} more{BOLD:#}",
            counted(images.len() as u64, "image")
        );
    }
    let legend = legend_text(&mirrors, layout);
    if mirrors.len() <= MAX_SETS && !legend.is_empty() {
        text.push('\n');
        text.push_str(legend.trim_end_matches('\n'));
        text.push('\n');
    }
    text
}

/// Tags of one digest that ended alike at the same mirrors.
fn rows(report: &Report) -> Vec<(Image<'_>, Vec<&Tag>, Vec<&str>)> {
    let mut images: BTreeMap<Image<'_>, BTreeMap<Option<&Tag>, Vec<&str>>> = BTreeMap::new();
    for edge in &report.edges {
        if let Some(what) = went_through(&edge.result) {
            let (mirror, image) = parted(&edge.source, &edge.destination);
            let tags = images.entry((what, image, edge.digest)).or_default();
            tags.entry(edge.tag.as_ref()).or_default().push(mirror);
        }
    }
    let mut rows = Vec::new();
    for (image, tags) in images {
        let mut by_place: BTreeMap<Vec<&str>, Vec<&Tag>> = BTreeMap::new();
        for (tag, places) in tags {
            by_place.entry(places).or_default().extend(tag);
        }
        rows.extend(
            by_place
                .into_iter()
                .map(|(places, tags)| (image, tags, places)),
        );
    }
    rows
}
