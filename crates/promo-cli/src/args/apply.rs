//! `promo apply`.

use std::path::PathBuf;

use clap::Args;

use promo::settings::{Overrides, ScopeOverrides};

use super::{ExtentArgs, ManifestsArgs, RunShownArgs, SigningArgs, StagingArgs};

/// Execute a saved plan
///
/// Reads the registries and plans anew, and carries out only what the saved plan and the promoter manifests both want:
/// a plan file is no authority. What the plan saw and no longer holds is refused and named. Provenance and signatures
/// are verified again, and tags that move need the list of allowed moves again. Without `--confirm` it is a dry run.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ApplyArgs {
    /// The plan, as `promo plan --save` wrote it
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    manifests: ManifestsArgs,
    /// Tags that may move: a reviewed file of repository, tag, from and to
    #[arg(long, value_name = "FILE")]
    allow_tag_moves: Option<PathBuf>,
    /// Do nothing at all if anything of the saved plan no longer holds
    #[arg(long)]
    fail_fast: bool,
    #[command(flatten)]
    pub(crate) extent: ExtentArgs,
    #[command(flatten)]
    pub(crate) staging: StagingArgs,
    #[command(flatten)]
    pub(crate) signing: SigningArgs,
    /// Also write the result as JSON into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: RunShownArgs,
}

impl ApplyArgs {
    /// What was typed. There is no selection: a saved plan is applied as a whole.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            scope: ScopeOverrides {
                allow_tag_moves: self.allow_tag_moves.clone(),
                fail_fast: self.fail_fast,
                ..self.manifests.overrides()
            },
            signing: self.signing.overrides(),
            staging: self.staging.overrides(),
            ..Overrides::default()
        }
    }
}
