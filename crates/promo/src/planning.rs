//! What is planned: the options of a plan from settings, narrowed to what patterns select and to what changed since
//! another revision.

use std::path::Path;

use jiff::Timestamp;
use promo_core::manifest::ManifestSet;
use promo_core::plan::{self, PlanOptions, Selection, SetDiff, TagMoves};

use crate::error::{Error, Result};
use crate::files;
use crate::git::{Git, Since};
use crate::settings::ScopeSettings;
use crate::tree::TreeSource;

/// The options of a plan, from the settings alone. With `complete`, what is published already is work, too.
///
/// # Errors
///
/// `PROMO-X001`: a pattern is no glob. `PROMO-X004`, `PROMO-X008`: the file of tags that may move can't be taken.
pub fn options(scope: &ScopeSettings, complete: bool) -> Result<PlanOptions> {
    let mut options = PlanOptions::default();
    options.identities = scope.identities().clone();
    options.selection =
        Selection::new(&scope.images, &scope.destinations).map_err(Error::Pattern)?;
    if let Some(path) = scope.tag_moves() {
        options.tag_moves = tag_moves(path)?;
    }
    options.fail_fast = scope.fail_fast;
    options.complete = complete;
    Ok(options)
}

/// Narrows what is planned as the settings say.
///
/// # Errors
///
/// `PROMO-X035`: a pattern selects nothing, since a misspelt name must not look like nothing to do. `PROMO-X015`: the
/// revision can't be read.
pub fn narrowed(
    options: PlanOptions,
    scope: &ScopeSettings,
    set: &ManifestSet,
    git: &Git,
    now: Timestamp,
) -> Result<PlanOptions> {
    if let Some(unmatched) = options.selection.unmatched(set) {
        return Err(Error::Unmatched(unmatched));
    }
    match &scope.since {
        Some(since) => narrowed_since(options, scope.tree()?, set, (git, since), now)
            .map(|(options, _)| options),
        None => Ok(options),
    }
}

/// Narrows what is planned to what is wanted only since then; also what changed.
///
/// # Errors
///
/// `PROMO-X015`: the revision can't be read.
pub fn narrowed_since(
    mut options: PlanOptions,
    source: &TreeSource,
    set: &ManifestSet,
    (git, since): (&Git, &Since),
    now: Timestamp,
) -> Result<(PlanOptions, SetDiff)> {
    let diff = match git.manifests_since(source, since, now)? {
        Some(then) => plan::diff(&then, set),
        None => SetDiff::default(),
    };
    options.selection = options.selection.added_by(&diff);
    Ok((options, diff))
}

/// The file of tags that may move, in YAML or JSON: a list of repository, tag, from and to.
fn tag_moves(path: &Path) -> Result<TagMoves> {
    let text = files::read_text(path, &files::TAG_MOVES)?;
    serde_yaml_ng::from_str(&text).map_err(|source| Error::TagMoves {
        path: path.to_owned(),
        source,
    })
}
