//! What a plan changes: the tags that are put, where, and why. What is published already is not among it.

use promo_core::manifest::{FilePath, Position};
use promo_core::oci::{Digest, RegistryPath, Tag};
use promo_core::plan::{Plan, PlannedGroup, PlannedRow, Verdict};

/// Tags of one digest that are put at the same mirrors, for the same reason.
#[derive(Debug)]
pub(in crate::documents) struct Change<'a> {
    /// The name of the image in its promoter manifest.
    pub(in crate::documents) image: &'a str,
    /// What the tags are going to point to.
    pub(in crate::documents) digest: Digest,
    /// What they point to now, if they move.
    pub(in crate::documents) moves_from: Option<Digest>,
    /// The tags; none: the image is put by its digest only.
    pub(in crate::documents) tags: Vec<&'a Tag>,
    /// The destination registries, in the order of the promoter manifest.
    pub(in crate::documents) mirrors: Vec<&'a RegistryPath>,
    /// What a run does.
    pub(in crate::documents) verdict: Verdict,
    /// Where the promoter manifest asks for the digest.
    pub(in crate::documents) written_at: (&'a FilePath, Position),
}

impl Change<'_> {
    /// Why there is something to do, in a few words.
    pub(in crate::documents) fn why(&self) -> &'static str {
        match self.verdict {
            _ if self.moves_from.is_some() => "moves, as allowed",
            Verdict::Finish => "only the tag is missing",
            Verdict::Wanted => "wanted",
            _ if self.tags.is_empty() => "new, by digest",
            _ => "new",
        }
    }
}

/// All changes: tags that move first, then in the order of files.
pub(in crate::documents) fn changes(plan: &Plan) -> Vec<Change<'_>> {
    let (mut moves, others): (Vec<_>, Vec<_>) = plan
        .groups()
        .filter(|group| !group.is_unchanged())
        .flat_map(|group| {
            let rows = group
                .rows()
                .into_iter()
                .filter(|row| is_change(row.verdict));
            rows.map(move |row| change(&group, row))
        })
        .partition(|change| change.moves_from.is_some());
    moves.extend(others);
    moves
}

fn is_change(verdict: Verdict) -> bool {
    verdict.is_actionable() || verdict == Verdict::Wanted
}

fn change<'a>(group: &PlannedGroup<'a>, row: PlannedRow<'a>) -> Change<'a> {
    Change {
        image: group.image(),
        digest: group.digest(),
        moves_from: row.moves_from,
        tags: row.tags,
        mirrors: row.destinations,
        verdict: row.verdict,
        written_at: (group.file(), group.position()),
    }
}
