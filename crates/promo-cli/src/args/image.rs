//! Commands about single images and registries: `verify`, `sign`, `attest`, `snapshot`.

use std::path::PathBuf;

use clap::Args;

use super::{EvidenceExtentArgs, KeylessArgs};
use crate::output::Format;

/// Show who signed and attested images, and judge it
///
/// Reads all evidence of each image and checks it with the keys given: signature, subject digest, statement
/// and predicate types, and the name that a signature speaks of. Exit code 5 if something that claims an accepted key fails,
/// or if nothing was accepted.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct VerifyArgs {
    /// The images, each HOST/NAME:TAG or HOST/NAME@sha256:DIGEST
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// An accepted public key (may be repeated)
    #[arg(long, required_unless_present = "trust", value_name = "PUB")]
    pub(crate) key: Vec<PathBuf>,
    /// The trust document (TOML): who is trusted, and what signatures and attestations need
    #[arg(long, conflicts_with = "key", value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// The name that signatures must speak of; without it the image's public name by `[[identity]]` rules
    #[arg(long, value_name = "NAME")]
    pub(crate) identity: Option<String>,
    /// Also demand an accepted attestation with this predicate type (may be repeated)
    #[arg(long, value_name = "TYPE")]
    pub(crate) attestation_type: Vec<String>,
    /// Tell of each piece of evidence what was found and wanted, and why it counts or doesn't
    #[arg(long)]
    pub(crate) explain: bool,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}

/// Sign images by hand
///
/// Resolves each image to its digest and attaches a signature in each form asked for. What stands already is kept,
/// and a signature of ours that verifies is not made again. It writes at once: what it adds makes no tag appear or move.
/// `--dry-run` tells what is missing.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SignArgs {
    /// The images, each HOST/NAME:TAG or HOST/NAME@sha256:DIGEST
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// The private key; its password comes from COSIGN_PASSWORD
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keyless: KeylessArgs,
    /// The name that the signatures speak of; without it the image's public name by `[[identity]]` rules
    #[arg(long, value_name = "NAME")]
    pub(crate) identity: Option<String>,
    /// The forms of signatures: `bundle`, `sig` or both, separated by a comma
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    pub(crate) signature_formats: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) extent: EvidenceExtentArgs,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}

/// Attest by hand that images were promoted
///
/// Attaches the promotion attestation to each image: where it came from, where it went, under which tags, when and
/// by whom. An attestation of ours that verifies is not made again. It writes at once: what it adds makes no tag appear or
/// move. `--dry-run` tells what is missing.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AttestArgs {
    /// The images, each HOST/NAME:TAG or HOST/NAME@sha256:DIGEST
    #[arg(required = true, value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// The private key; its password comes from COSIGN_PASSWORD
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keyless: KeylessArgs,
    /// The repository that the images were promoted from
    #[arg(long, required = true, value_name = "REPOSITORY")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) extent: EvidenceExtentArgs,
    /// The public name of the images; without it by `[[identity]]` rules
    #[arg(long, value_name = "NAME")]
    pub(crate) identity: Option<String>,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
          help = Format::help(&Format::DATA))]
    pub(crate) output: Option<Format>,
}

/// Print what a registry holds, or what the manifests want there
///
/// Walks all repositories below a registry path. The result in JSON can be fed back with `promo plan --inventory`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SnapshotArgs {
    /// The registry: HOST or HOST/PATH
    pub(crate) registry: String,
    /// Leave out digests without a tag that are children of an index
    #[arg(long)]
    pub(crate) minimal: bool,
    /// Only digests that carry this tag, with all their tags
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,
    /// What these promoter manifests (a file or a thin tree) want there; no registry is asked
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["minimal"])]
    pub(crate) from_manifests: Option<PathBuf>,
    /// Only what can stand in a promoter manifest, as the images of one: without tags of signatures and the like, and without
    /// digests that have no tag. What is left out is told
    #[arg(long, conflicts_with_all = ["output", "from_manifests"])]
    pub(crate) as_manifest: bool,
    #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::SNAPSHOT),
          help = Format::help(&Format::SNAPSHOT))]
    pub(crate) output: Option<Format>,
}
