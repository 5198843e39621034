//! The edges of a digest entry as rows of a table: what a person reads must be true of each edge that it names.

use std::collections::BTreeMap;

use super::decision::Decision;
use super::{PlannedGroup, Verdict};
use crate::oci::{Digest, RegistryPath, Tag};

/// Edges of one entry with one verdict: each of the tags (or the digest, if there are none) at each of the destinations.
/// Tags that move do so from the same digest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedRow<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// The digest that the tags point to now, where that is another one.
    pub moves_from: Option<Digest>,
    /// The tags, in the order of the file. None: edges by digest only.
    pub tags: Vec<&'a Tag>,
    /// The destination registries, in the order of the promoter manifest.
    pub destinations: Vec<&'a RegistryPath>,
}

impl<'a> PlannedGroup<'a> {
    /// Its edges as rows, as few as there can be without one that says too much; ordered by verdict, then as in the file.
    pub fn rows(&self) -> Vec<PlannedRow<'a>> {
        let registries = self.destination_registries();
        if self.exceptional_cells().is_empty() {
            let row = |verdict| PlannedRow {
                verdict,
                moves_from: self.found(moved_from(self.usual())),
                tags: self.tags().collect(),
                destinations: registries.iter().collect(),
            };
            return self.usual_verdict().map(row).into_iter().collect();
        }
        // For each tag, where what holds; then tags of which the same is true.
        let mut by_tag: BTreeMap<(u32, Judged), Vec<u32>> = BTreeMap::new();
        for cell in self.cells() {
            if let Some(verdict) = cell.decision.verdict() {
                let key = (cell.slot, (verdict, moved_from(cell.decision)));
                by_tag.entry(key).or_default().push(cell.destination);
            }
        }
        let mut rows: Vec<(Judged, Vec<u32>, Vec<u32>)> = Vec::new();
        let mut known: BTreeMap<(Judged, Vec<u32>), usize> = BTreeMap::new();
        for ((slot, judged), destinations) in by_tag {
            let index = *known
                .entry((judged, destinations.clone()))
                .or_insert_with(|| {
                    rows.push((judged, Vec::new(), destinations));
                    rows.len() - 1
                });
            if let Some((_, slots, _)) = rows.get_mut(index) {
                slots.push(slot);
            }
        }
        rows.sort_by_key(|((verdict, _), ..)| *verdict);
        let tags: Vec<&Tag> = self.tags().collect();
        let rows = rows
            .into_iter()
            .map(|((verdict, from), slots, destinations)| PlannedRow {
                verdict,
                moves_from: self.found(from),
                tags: picked(&slots, |at| tags.get(at).copied()),
                destinations: picked(&destinations, |at| registries.get(at)),
            });
        rows.collect()
    }
}

/// A verdict, and the index of the digest that a tag moves from.
type Judged = (Verdict, Option<u32>);

fn moved_from(decision: Decision) -> Option<u32> {
    match decision {
        Decision::Move { from, .. } | Decision::TagMove { from } => Some(from),
        _ => None,
    }
}

fn picked<T>(indexes: &[u32], get: impl Fn(usize) -> Option<T>) -> Vec<T> {
    let indexes = indexes
        .iter()
        .filter_map(|index| usize::try_from(*index).ok());
    indexes.filter_map(get).collect()
}
