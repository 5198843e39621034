//! A plan in numbers.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde::{Serialize, Serializer};

use super::{Plan, Verdict};
use crate::manifest::Severity;
use crate::oci::Digest;

/// How many of what a plan has. Counts what is selected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// Edges, those without a tag included.
    pub edges: u64,
    /// Edges without a tag.
    pub tagless: u64,
    /// Image entries of promoter manifests.
    pub images: u64,
    /// Digests, each counted once, however many images have it.
    pub digests: u64,
    /// Repositories, sources and destinations together.
    pub repositories: u64,
    /// Bad entries of promoter manifests, of the whole set.
    pub invalid: u64,
    /// Edges by verdict; `invalid` once more among them.
    pub verdicts: VerdictCounts,
}

/// How many edges have which verdict, and how many bad entries there are, which make no edges.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct VerdictCounts {
    edges: [u64; Verdict::ALL.len()],
    invalid: u64,
}

impl VerdictCounts {
    pub(super) const INVALID: &'static str = "invalid";

    /// How many have this verdict.
    pub fn get(&self, verdict: Verdict) -> u64 {
        self.edges
            .get(verdict as usize)
            .copied()
            .unwrap_or_default()
    }

    /// All verdicts with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Verdict, u64)> {
        Verdict::ALL.into_iter().zip(self.edges)
    }

    /// The same by name, and `invalid` last: what people and documents are told.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let edges = self
            .iter()
            .map(|(verdict, count)| (verdict.as_str(), count));
        edges.chain([(Self::INVALID, self.invalid)])
    }

    /// How many bad entries of promoter manifests there are.
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// All edges together.
    pub fn edges(&self) -> u64 {
        self.sum(|_| true)
    }

    /// How many there are to publish.
    pub fn actionable(&self) -> u64 {
        self.sum(Verdict::is_actionable)
    }

    /// How many are blocked, bad entries included.
    pub fn blocked(&self) -> u64 {
        self.sum(Verdict::is_blocked) + self.invalid
    }

    pub(super) fn add(&mut self, verdict: Verdict, edges: u64) {
        if let Some(count) = self.edges.get_mut(verdict as usize) {
            *count += edges;
        }
    }

    pub(super) fn with_invalid(self, invalid: u64) -> Self {
        Self { invalid, ..self }
    }

    fn sum(&self, of: impl Fn(Verdict) -> bool) -> u64 {
        let counts = self.iter().filter(|(verdict, _)| of(*verdict));
        counts.map(|(_, count)| count).sum()
    }
}

impl fmt::Debug for VerdictCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.named().filter(|(_, count)| *count > 0);
        f.debug_map().entries(counts).finish()
    }
}

impl Serialize for VerdictCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.named())
    }
}

/// How many different digests there are. Most differ in their first bytes, which are compared where they stand.
fn distinct(digests: &mut [(u64, &Digest)]) -> u64 {
    digests.sort_unstable();
    digests.chunk_by(|a, b| a == b).count() as u64
}

/// A digest with its beginning as a number.
fn with_beginning(digest: &Digest) -> (u64, &Digest) {
    let beginning = digest.as_bytes().first_chunk().copied().unwrap_or_default();
    (u64::from_be_bytes(beginning), digest)
}

impl Plan {
    /// The plan in numbers.
    pub fn summary(&self) -> Summary {
        if let Some(saved) = &self.saved_summary {
            return saved.clone();
        }
        let mut summary = Summary::default();
        let mut digests = Vec::with_capacity(self.manifests.entries.len());
        let mut sources = HashSet::new();
        let mut reached = vec![false; self.manifests.repositories.len()];
        let mut last_image = None;
        let mut last_whole = None;
        for group in self.groups() {
            let counts = group.counts();
            for (verdict, count) in counts.iter() {
                summary.verdicts.add(verdict, count);
            }
            if group.tags().len() == 0 {
                summary.tagless += counts.edges();
            }
            digests.push(with_beginning(group.digest_ref()));
            // The groups of an image follow each other.
            if last_image.replace(group.image_index()) != Some(group.image_index()) {
                summary.images += 1;
                sources.insert(group.source());
            }
            // All whole groups of an image land in the same repositories.
            let whole = (!group.is_partial()).then(|| group.image_index());
            if whole.is_none() || whole != last_whole {
                last_whole = whole;
                group.each_repository(|index| {
                    if let Some(reached) = reached.get_mut(index as usize) {
                        *reached = true;
                    }
                });
            }
        }
        // The destinations are interned; only a source can be one of them, mostly on a host of its own.
        let hosts: BTreeSet<&str> = sources.iter().map(|source| source.host_str()).collect();
        let reached = (0..).zip(reached);
        let reached = reached.filter_map(|(index, reached)| reached.then_some(index));
        let is_source = |index: &u32| {
            let host = self.manifests.repository_host(*index);
            host.is_some_and(|host| hosts.contains(host))
                && self
                    .manifests
                    .repository(*index)
                    .is_some_and(|one| sources.contains(one))
        };
        let is_new = |index: &u32| !is_source(index);
        summary.repositories = sources.len() as u64 + reached.filter(is_new).count() as u64;
        summary.edges = summary.verdicts.edges();
        summary.digests = distinct(&mut digests);
        summary.invalid = self.invalid();
        summary.verdicts = summary.verdicts.with_invalid(summary.invalid);
        summary
    }

    /// The edges by verdict, as the summary has them.
    pub fn verdicts(&self) -> VerdictCounts {
        if let Some(saved) = &self.saved_summary {
            return saved.verdicts;
        }
        let mut verdicts = VerdictCounts::default();
        for group in self.groups() {
            for (verdict, count) in group.counts().iter() {
                verdicts.add(verdict, count);
            }
        }
        verdicts.with_invalid(self.invalid())
    }

    fn invalid(&self) -> u64 {
        let bad = |severity| severity == Severity::Invalid;
        self.findings.iter().filter(|f| bad(f.severity)).count() as u64
    }
}
