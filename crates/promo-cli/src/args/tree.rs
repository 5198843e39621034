//! Commands to begin with: `init`, `key generate`, `manifest check`.

use std::path::PathBuf;

use clap::Args;

use promo::settings::Overrides;

use super::ManifestsArgs;
use crate::output::Format;

/// Write a first promo.toml and a tree of promoter manifests
///
/// Asks on a terminal for the registries that no flag names; elsewhere names that are nobody's stand in for them. Nothing that
/// exists is overwritten: what is there already is said and left alone.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct InitArgs {
    /// The folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The staging registry; without it you are asked on a terminal
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) staging: Option<String>,
    /// The staging registry, whose images with their tags are the first to be listed
    #[arg(long, value_name = "REGISTRY", conflicts_with = "staging")]
    pub(crate) from: Option<String>,
    /// A production registry (may be repeated); without it you are asked on a terminal
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) production: Vec<String>,
}

/// Make a key pair as cosign uses it
///
/// Writes PREFIX.key, encrypted with the password from COSIGN_PASSWORD (or asked for on a terminal) and readable by
/// you alone, and PREFIX.pub. Files that exist are never overwritten.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeyGenerateArgs {
    /// Where to write: PREFIX.key and PREFIX.pub
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    pub(crate) output_prefix: PathBuf,
}

/// Check promoter manifests and show every finding with its place
///
/// Errors are broken structure: the tree can't be used. Invalid entries are left out of a promotion while the rest goes on.
/// Warnings are oddities such as an image that stands twice, the tag `latest`, or two entries that meet in one repository.
/// No registry is asked. Exit code 2 if there is an error, 3 if there is an invalid entry.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ManifestCheckArgs {
    /// A plain promoter manifest (FILE) or a tree of thin ones (DIR); without it the one in the settings
    #[arg(value_name = "FILE|DIR", conflicts_with_all = ["thin_manifest_dir", "manifest"])]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    manifests: ManifestsArgs,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::CHECK),
          help = Format::help(&Format::CHECK))]
    pub(crate) output: Option<Format>,
}

impl ManifestCheckArgs {
    /// The promoter manifests.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            scope: self.manifests.overrides(),
            ..Overrides::default()
        }
    }
}
