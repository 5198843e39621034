//! What is planned: promoter manifests with what a plan of them says that it was made from, and the options of a plan
//! from settings, narrowed to what patterns select and to what changed since another revision.

use std::path::Path;

use jiff::Timestamp;
use promo_core::manifest::{ManifestSet, TreeFiles};
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::plan::{self, PlanInputs, PlanOptions, Selection, SetDiff, TagMoves};

use crate::error::{Error, Result};
use crate::files;
use crate::git::{Git, Since};
use crate::settings::ScopeSettings;
use crate::tree::TreeSource;

/// Loads the promoter manifests with what a plan of them will say that it was made from: the digest of the tree,
/// and the commit if git knows it.
pub fn load(source: &TreeSource, git: &Git) -> Result<(ManifestSet, PlanInputs)> {
    let files = Files::read(source)?;
    // git and hashing take their time; parsing goes on meanwhile.
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| (files.digest(), git.recorded_manifest(source)));
        let set = files.parse()?;
        let mut inputs = PlanInputs::default();
        // What panicked there has found nothing.
        if let Ok((tree, recorded)) = beside.join() {
            inputs.tree = Some(tree);
            inputs.commit = recorded.and_then(|recorded| recorded.git_commit);
        }
        Ok((set, inputs))
    })
}

/// The options of a plan, from the settings alone. With `complete`, what is published already is work, too.
///
/// # Errors
///
/// `PROMO-X001`: a pattern is no glob. `PROMO-X004`, `PROMO-X008`: the file of tags that may move can't be taken.
pub(crate) fn options(scope: &ScopeSettings, complete: bool) -> Result<PlanOptions> {
    let mut options = PlanOptions::default();
    options.identities = scope.identities().clone();
    options.selection =
        Selection::new(&scope.images, &scope.destinations).map_err(Error::Pattern)?;
    if let Some(path) = scope.tag_moves() {
        options.tag_moves = tag_moves(path)?;
    }
    options.mutable_tags = scope.mutable_tags().clone();
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

/// What promoter manifests are parsed from. They are read once: the digest is that of the very bytes that are planned.
enum Files<'a> {
    Thin(TreeFiles),
    Plain(&'a Path, Vec<u8>),
}

impl<'a> Files<'a> {
    fn read(source: &'a TreeSource) -> Result<Self> {
        Ok(match source {
            TreeSource::Thin(folder) => Self::Thin(TreeFiles::read(folder)?),
            TreeSource::Plain(path) => Self::Plain(path, ManifestSet::read_plain(path)?),
        })
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Thin(files) => files.digest(),
            Self::Plain(_, bytes) => Digest::of(DigestAlgorithm::Sha256, bytes),
        }
    }

    fn parse(&self) -> Result<ManifestSet> {
        Ok(match self {
            Self::Thin(files) => ManifestSet::parse_thin(files)?,
            Self::Plain(path, bytes) => ManifestSet::parse_plain(&path.to_string_lossy(), bytes)?,
        })
    }
}
