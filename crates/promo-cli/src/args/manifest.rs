//! `promo manifest format`, `add` and `digest`.

use std::path::PathBuf;

use clap::Args;

use promo::settings::Overrides;

use super::ManifestsArgs;
use crate::output::Format;

/// Write promoter manifests in the canonical layout, with their comments
///
/// Nothing is written unless every file can be formatted. With `--check` nothing is written at all, and the exit code is
/// 3 if a file would change.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ManifestFormatArgs {
    /// Promoter manifests and images files; without them all files of the tree that flags or settings name
    #[arg(value_name = "FILE", conflicts_with_all = ["thin_manifest_dir", "manifest"])]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    manifests: ManifestsArgs,
    /// Only say which files would change
    #[arg(long)]
    pub(crate) check: bool,
}

impl ManifestFormatArgs {
    /// The promoter manifests.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            scope: self.manifests.overrides(),
            ..Overrides::default()
        }
    }
}

/// Add an image of the staging registry to the promoter manifest that it belongs to
///
/// Asks the staging registry for the digest, finds the images file by the registry that it comes from, and puts the
/// digest at its sorted place. Everything else in the file stays as it is, byte for byte.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ManifestAddArgs {
    /// The image in staging: HOST/NAME:TAG or HOST/NAME@sha256:DIGEST
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// The tag in production (may be repeated); without it that of the image, or none
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    #[command(flatten)]
    manifests: ManifestsArgs,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}

impl ManifestAddArgs {
    /// The promoter manifests.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            scope: self.manifests.overrides(),
            ..Overrides::default()
        }
    }
}

/// Print the digest that a tag points to
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ManifestDigestArgs {
    /// The image: HOST/NAME:TAG
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}
