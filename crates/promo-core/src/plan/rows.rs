//! The edges of a digest entry as rows of a table: what a person reads must be true of each edge that it names.

use std::collections::BTreeMap;

use super::{PlannedGroup, Verdict};
use crate::oci::{RegistryPath, Tag};

/// Edges of one entry with one verdict: each of the tags (or the digest, if there are none) at each of the destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedRow<'a> {
    /// The verdict.
    pub verdict: Verdict,
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
                tags: self.tags().collect(),
                destinations: registries.iter().collect(),
            };
            return self.usual_verdict().map(row).into_iter().collect();
        }
        // For each tag, where which verdict holds; then tags of which the same is true.
        let mut by_tag: BTreeMap<(u32, Verdict), Vec<u32>> = BTreeMap::new();
        for cell in self.cells() {
            if let Some(verdict) = cell.decision.verdict() {
                let key = (cell.slot, verdict);
                by_tag.entry(key).or_default().push(cell.destination);
            }
        }
        let mut rows: Vec<(Verdict, Vec<u32>, Vec<u32>)> = Vec::new();
        let mut known: BTreeMap<(Verdict, Vec<u32>), usize> = BTreeMap::new();
        for ((slot, verdict), destinations) in by_tag {
            let index = *known
                .entry((verdict, destinations.clone()))
                .or_insert_with(|| {
                    rows.push((verdict, Vec::new(), destinations));
                    rows.len() - 1
                });
            if let Some((_, slots, _)) = rows.get_mut(index) {
                slots.push(slot);
            }
        }
        rows.sort_by_key(|(verdict, ..)| *verdict);
        let tags: Vec<&Tag> = self.tags().collect();
        let rows = rows
            .into_iter()
            .map(|(verdict, slots, destinations)| PlannedRow {
                verdict,
                tags: picked(&slots, |at| tags.get(at).copied()),
                destinations: picked(&destinations, |at| registries.get(at)),
            });
        rows.collect()
    }
}

fn picked<T>(indexes: &[u32], get: impl Fn(usize) -> Option<T>) -> Vec<T> {
    let indexes = indexes
        .iter()
        .filter_map(|index| usize::try_from(*index).ok());
    indexes.filter_map(get).collect()
}
