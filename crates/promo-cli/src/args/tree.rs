//! Commands to begin with: `init`, `key generate`, `manifest check`.

use std::path::PathBuf;

use clap::Args;

use crate::output::Format;

/// Write a first promo.toml and a tree of promoter manifests
///
/// Nothing that exists is overwritten: what is there already is said and left alone.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct InitArgs {
    /// The folder
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The staging registry
    #[arg(
        long,
        value_name = "REGISTRY",
        default_value = "staging.example.com/team"
    )]
    pub(crate) staging: String,
    /// A production registry (may be repeated)
    #[arg(
        long,
        value_name = "REGISTRY",
        default_value = "registry.example.com/team"
    )]
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
    #[arg(value_name = "FILE|DIR")]
    pub(crate) path: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::CHECK),
          help = Format::help(&Format::CHECK))]
    pub(crate) output: Option<Format>,
}
