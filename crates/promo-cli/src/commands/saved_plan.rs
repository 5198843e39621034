//! Saved plans: what a plan was made from, the file of `--save`, and one line for each edge.

use std::path::Path;

use promo_core::Code;
use promo_core::manifest::{ManifestSet, TreeFiles};
use promo_core::oci::{Digest, DigestAlgorithm};
use promo_core::plan::{Plan, PlanInputs, SavedPlan};

use crate::app;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::files;
use crate::settings::{TreeSource, recorded_manifest};
use crate::terminal::Terminal;

/// Loads promoter manifests with what a plan of them will say that it was made from.
pub(super) fn load(source: &TreeSource) -> Result<(ManifestSet, PlanInputs)> {
    let files = Files::read(source)?;
    // git and hashing take their time, but need take none of ours.
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| (files.digest(), recorded_manifest(source)));
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

/// Notes that registries were read now.
pub(super) fn read_now(inputs: &mut PlanInputs) {
    inputs.inventory_read = Some(app::clock().now());
}

/// Loads a saved plan that can be executed.
pub(super) fn open(path: &Path) -> Result<SavedPlan> {
    let bytes = files::read(path, &files::PLANS)?;
    let saved = SavedPlan::from_json(&bytes).map_err(|error| Error::Other {
        message: format!("`{}` can't be taken as a plan", path.display()),
        code: error.code(),
        hints: error.hints(),
        exit: Exit::Usage,
        source: Some(Box::new(error)),
    })?;
    if saved.plan.is_offline() {
        return Err(Error::Other {
            message: format!(
                "the plan `{}` was made without looking at registries: there is nothing to hold it against",
                path.display()
            ),
            code: Code::new("PROMO-X030"),
            hints: vec!["leave out `--offline` of `promo plan --save`".to_owned()],
            exit: Exit::Usage,
            source: None,
        });
    }
    Ok(saved)
}

/// How many bytes of lines are written at once.
const CHUNK: usize = 64 << 10;

/// Prints each edge as a line of JSON. A plan of 720,000 edges is never held as text.
pub(super) fn stream_edges(plan: &Plan, terminal: Terminal) -> Result<()> {
    let mut text = String::new();
    for edge in plan.edges() {
        let line = serde_json::to_string(&edge).map_err(|error| Error::Output {
            source: error.into(),
        })?;
        text.push_str(&line);
        text.push('\n');
        if text.len() >= CHUNK {
            terminal.result(&text)?;
            text.clear();
        }
    }
    terminal.result(&text)
}
