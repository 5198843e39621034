//! What is printed of a plan and of a run, and in which form.

use clap::{Args, ValueEnum};
use promo::documents::{Forge, LinkBase};

use crate::output::Format;

/// What is printed of a plan.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlanShownArgs {
    /// Print only the numbers: how many edges there are of each verdict
    #[arg(long)]
    pub(crate) summary: bool,
    /// Print each edge as one line of JSON, the published ones, too
    #[arg(long, conflicts_with_all = ["output", "summary"])]
    pub(crate) edges: bool,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::PLAN),
          help = Format::help(&Format::PLAN))]
    pub(crate) output: Option<Format>,
    /// Where a comment in Markdown is put: what it has no room for is folded away or counted
    #[arg(long, value_enum, value_name = "FORGE", default_value_t)]
    pub(crate) forge: ForgeArg,
    /// Where the folder of the promoter manifests is shown, such as `https://github.com/ORG/REPOSITORY/blob/main/tree`: Markdown
    /// and a page link to its lines
    #[arg(long, value_name = "URL")]
    pub(crate) link_base: Option<LinkBase>,
}

/// A forge, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ForgeArg {
    /// 65,536 characters
    #[default]
    #[value(name = "github")]
    GitHub,
    /// 1 MiB
    #[value(name = "gitlab")]
    GitLab,
}

impl From<ForgeArg> for Forge {
    fn from(forge: ForgeArg) -> Self {
        match forge {
            ForgeArg::GitHub => Self::GitHub,
            ForgeArg::GitLab => Self::GitLab,
        }
    }
}

/// What is printed of a run.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RunShownArgs {
    /// Print each edge in a line of its own, those that were left, too
    #[arg(long, conflicts_with = "output")]
    pub(crate) edges: bool,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}
