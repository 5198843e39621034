//! `--since`: of what was selected, only what the promoter manifests want now and didn't then.

use promo_core::manifest::ManifestSet;
use promo_core::plan::{self, PlanOptions, SetDiff};

use crate::error::Result;
use crate::settings::{ScopeSettings, Since, TreeSource, manifests_since};

/// Narrows what is planned as the settings say.
pub(super) fn apply(
    options: PlanOptions,
    scope: &ScopeSettings,
    set: &ManifestSet,
) -> Result<PlanOptions> {
    match &scope.since {
        Some(since) => narrow(options, scope.tree()?, set, since).map(|(options, _)| options),
        None => Ok(options),
    }
}

/// Narrows what is planned to what is wanted only since then; also what changed.
pub(super) fn narrow(
    mut options: PlanOptions,
    source: &TreeSource,
    set: &ManifestSet,
    since: &Since,
) -> Result<(PlanOptions, SetDiff)> {
    let diff = match manifests_since(source, since)? {
        Some(then) => plan::diff(&then, set),
        None => SetDiff::default(),
    };
    options.selection = options.selection.added_by(&diff);
    Ok((options, diff))
}
