//! The numbers of a plan as its document says them, there and back. What a document says is held against what its
//! groups list: a plan that was edited or cut is found out by that.

use super::super::{ImageSizes, Plan, Summary, Verdict, VerdictCounts};
use super::ArtifactError;
use super::document::{Counts, Group, Numbers};

pub(super) fn numbers(summary: &Summary) -> Numbers {
    Numbers {
        edges: summary.edges,
        tagless: summary.tagless,
        images: summary.images,
        digests: summary.digests,
        repositories: summary.repositories,
        invalid: summary.invalid,
        verdicts: counts(&summary.verdicts),
    }
}

fn counts(counts: &VerdictCounts) -> Counts {
    Counts {
        present: counts.get(Verdict::Present),
        promote: counts.get(Verdict::Promote),
        finish: counts.get(Verdict::Finish),
        wanted: counts.get(Verdict::Wanted),
        redundant: counts.get(Verdict::Redundant),
        lost: counts.get(Verdict::Lost),
        tag_move: counts.get(Verdict::TagMove),
        conflict: counts.get(Verdict::Conflict),
        undecided: counts.get(Verdict::Undecided),
        refused: counts.get(Verdict::Refused),
        invalid: counts.invalid(),
    }
}

/// The sizes that groups say.
pub(super) fn sizes(groups: &[Group]) -> ImageSizes {
    let sized = groups
        .iter()
        .filter_map(|group| Some(((group.source.clone(), group.digest), group.size?)));
    sized.collect()
}

/// The summary must say what the groups list; what is unchanged and not listed is present.
pub(super) fn check_counts(
    plan: &Plan,
    said: &Numbers,
    unchanged: u64,
) -> Result<(), ArtifactError> {
    let listed = plan.summary();
    let said = summary(said);
    for (verdict, said) in said.verdicts.iter() {
        let mut listed = listed.verdicts.get(verdict);
        if verdict == Verdict::Present {
            listed = listed.saturating_add(unchanged);
        }
        check(verdict.as_str(), said, listed)?;
    }
    let bad = (said.verdicts.invalid(), listed.verdicts.invalid());
    check(VerdictCounts::INVALID, bad.0, bad.1)?;
    check("all", said.edges, listed.edges.saturating_add(unchanged))?;
    check(VerdictCounts::INVALID, said.invalid, listed.invalid)
}

fn check(verdict: &str, said: u64, listed: u64) -> Result<(), ArtifactError> {
    if said == listed {
        return Ok(());
    }
    Err(ArtifactError::Counts {
        verdict: verdict.to_owned(),
        said,
        listed,
    })
}

pub(super) fn summary(numbers: &Numbers) -> Summary {
    Summary {
        edges: numbers.edges,
        tagless: numbers.tagless,
        images: numbers.images,
        digests: numbers.digests,
        repositories: numbers.repositories,
        invalid: numbers.invalid,
        verdicts: verdict_counts(&numbers.verdicts),
    }
}

fn verdict_counts(saved: &Counts) -> VerdictCounts {
    let mut counts = VerdictCounts::default();
    counts.add(Verdict::Present, saved.present);
    counts.add(Verdict::Promote, saved.promote);
    counts.add(Verdict::Finish, saved.finish);
    counts.add(Verdict::Wanted, saved.wanted);
    counts.add(Verdict::Redundant, saved.redundant);
    counts.add(Verdict::Lost, saved.lost);
    counts.add(Verdict::TagMove, saved.tag_move);
    counts.add(Verdict::Conflict, saved.conflict);
    counts.add(Verdict::Undecided, saved.undecided);
    counts.add(Verdict::Refused, saved.refused);
    counts.with_invalid(saved.invalid)
}
