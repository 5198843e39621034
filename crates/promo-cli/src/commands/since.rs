//! Which part of the promoter manifests is planned: what `--image` and `--destination` select, and of that with `--since`
//! only what the promoter manifests want now and didn't then.

use promo_core::Code;
use promo_core::manifest::ManifestSet;
use promo_core::plan::{self, PlanOptions, SetDiff, Unmatched};

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::counted;
use crate::settings::{ScopeSettings, Since, TreeSource, manifests_since};

/// Narrows what is planned as the settings say.
pub(super) fn apply(
    options: PlanOptions,
    scope: &ScopeSettings,
    set: &ManifestSet,
) -> Result<PlanOptions> {
    check(&options, set)?;
    match &scope.since {
        Some(since) => narrow(options, scope.tree()?, set, since).map(|(options, _)| options),
        None => Ok(options),
    }
}

/// Refuses patterns that select nothing: a misspelt name must not look like nothing to do.
fn check(options: &PlanOptions, set: &ManifestSet) -> Result<()> {
    let Some(unmatched) = options.selection.unmatched(set) else {
        return Ok(());
    };
    let hint = match &unmatched {
        Unmatched::Image { count, nearest, .. } => known(*count, "image", nearest),
        Unmatched::Destination { count, nearest, .. } => known(*count, "destination", nearest),
        _ => "an image goes to the destinations of its own promoter manifest".to_owned(),
    };
    Err(Error::Other {
        message: unmatched.to_string(),
        code: Code::new("PROMO-X035"),
        hints: vec![hint],
        exit: Exit::Usage,
        source: None,
    })
}

/// What there is instead.
fn known(count: usize, noun: &str, nearest: &[String]) -> String {
    let names: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
    match (count, names.join(", ")) {
        (0, _) => format!("the promoter manifests have no {noun}"),
        (count, names) if count == nearest.len() => {
            format!(
                "the promoter manifests have {}: {names}",
                counted(count as u64, noun)
            )
        }
        (count, names) => format!(
            "the promoter manifests have {}; nearest: {names}",
            counted(count as u64, noun)
        ),
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
