//! `promo plan` and `promo promote`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use promo::Extent;
use promo::git::Since;
use promo::settings::{ScopeOverrides, SigningOverrides, StagingOverrides};
use promo::snapshot_file::GivenInventory;

use super::{PlanShownArgs, RunShownArgs};

/// Which promoter manifests.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ManifestsArgs {
    /// A plain promoter manifest: registries and images in one file
    #[arg(long, value_name = "FILE", conflicts_with = "thin_manifest_dir")]
    pub(crate) manifest: Option<PathBuf>,
    /// A tree of thin promoter manifests: `manifests/*/promoter-manifest.yaml`, `images/*/images.yaml`
    #[arg(long, value_name = "DIR")]
    pub(crate) thin_manifest_dir: Option<PathBuf>,
}

/// Which promoter manifests, and which part of them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What to promote")]
pub(crate) struct ScopeArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestsArgs,
    /// Only images whose name matches (may be repeated)
    #[arg(long, value_name = "GLOB")]
    pub(crate) image: Vec<String>,
    /// Only destination repositories that match, such as `*.example.com/**` (may be repeated)
    #[arg(long, value_name = "GLOB")]
    pub(crate) destination: Vec<String>,
    /// Only what is wanted now and wasn't at this revision of git; manifests are compared by what they mean
    #[arg(long, value_name = "REV", conflicts_with = "since_date")]
    pub(crate) since: Option<String>,
    /// Only what is wanted now and wasn't at this date, such as `14 days`
    #[arg(hide_short_help = true, long, value_name = "DATE")]
    pub(crate) since_date: Option<String>,
    /// Tags that may move: a reviewed file of repository, tag, from and to
    #[arg(long, value_name = "FILE")]
    pub(crate) allow_tag_moves: Option<PathBuf>,
    /// Do nothing at all if any edge is left: one bad entry stops the run
    #[arg(long)]
    pub(crate) fail_fast: bool,
}

/// A snapshot that stands for registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InventoryArg(pub(crate) GivenInventory);

/// `REGISTRY=FILE`, or a file. `./` before it makes a file of any name with `=`.
impl From<OsString> for InventoryArg {
    fn from(text: OsString) -> Self {
        let named = text.to_str().and_then(|text| {
            let (registry, file) = text.split_once('=')?;
            Some((registry.parse().ok()?, PathBuf::from(file)))
        });
        Self(match named {
            Some((registry, file)) => GivenInventory {
                registry: Some(registry),
                file,
            },
            None => GivenInventory {
                registry: None,
                file: text.into(),
            },
        })
    }
}

/// What is demanded of signatures in staging.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Signatures in staging")]
pub(crate) struct StagingArgs {
    /// The trust document (TOML): who is trusted, and what signatures and attestations in staging need
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// A public key whose signatures in staging are accepted (may be repeated)
    #[arg(long, value_name = "PUB")]
    pub(crate) staging_key: Vec<PathBuf>,
    /// Whether images in staging must be signed: `off` (the default without keys), `if-present` (the
    /// default with keys) or `require`
    #[arg(hide_short_help = true, long, value_name = "POLICY")]
    pub(crate) staging_signatures: Option<String>,
    /// A name that signatures in staging may speak of besides the repository there and the image's public names: a
    /// registry with a path, and all below it, or `*` for any (may be repeated)
    #[arg(hide_short_help = true, long, value_name = "NAME")]
    pub(crate) staging_name: Vec<String>,
    /// A predicate type of attestations by accepted keys that are carried to production (may be repeated); signatures
    /// always are
    #[arg(hide_short_help = true, long, value_name = "TYPE")]
    pub(crate) staging_attestation: Vec<String>,
    /// A type of artifacts, such as `application/spdx+json`, that refer to an image and are copied with it as they are
    /// (may be repeated)
    #[arg(hide_short_help = true, long, value_name = "TYPE")]
    pub(crate) carry: Vec<String>,
}

/// What is asked about the images of a plan besides.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlanAskedArgs {
    /// Also read the manifests of what is to be promoted, and say how many bytes and requests it takes
    #[arg(long, conflicts_with_all = ["offline", "inventory"])]
    pub(crate) cost: bool,
    /// Also look at what staging has beside what is to be promoted (SBOMs, say), and say what becomes of it
    #[arg(long, conflicts_with_all = ["offline", "inventory"])]
    pub(crate) beside: bool,
}

/// Show what a promotion would do, and why
///
/// Compares the promoter manifests with what the registries hold and gives every edge (one digest and tag
/// from one repository to another) a verdict. Nothing is written to any registry.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Send nothing: count and check what the manifests want, without looking at registries
    #[arg(long, conflicts_with = "inventory")]
    pub(crate) offline: bool,
    /// Take what registries hold from a snapshot, not from them (may be repeated). One in JSON (`promo snapshot --output
    /// json`) is given as FILE; one in YAML or CSV as REGISTRY=FILE, and is taken as all that the registry holds
    #[arg(long, value_name = "[REGISTRY=]FILE")]
    pub(crate) inventory: Vec<InventoryArg>,
    #[command(flatten)]
    pub(crate) asked: PlanAskedArgs,
    /// End with exit code 6 if there is something to promote
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Save the plan into this file, for `promo apply`
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: PlanShownArgs,
    /// Also write the plan into this file: as a page for browsers if its name ends in `.html`, else as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// Copy, sign, attest and publish what the promoter manifests want
///
/// Without `--confirm` it is a dry run: it plans, verifies what staging holds, and stops before anything is
/// written. A run that was cut off is completed by the next one; a run with nothing left to do sends no write.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PromoteArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    #[command(flatten)]
    pub(crate) extent: ExtentArgs,
    /// Also examine what is published already, and complete its evidence
    #[arg(long)]
    pub(crate) complete: bool,
    #[command(flatten)]
    pub(crate) staging: StagingArgs,
    #[command(flatten)]
    pub(crate) signing: SigningArgs,
    /// Also write the report as JSON into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: RunShownArgs,
}

/// Whether a command writes to registries.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct ExtentArgs {
    /// Write to registries
    #[arg(long, conflicts_with = "dry_run")]
    confirm: bool,
    /// Only look and tell, which is the default
    #[arg(long)]
    dry_run: bool,
}

impl ExtentArgs {
    /// How far the command goes.
    pub(crate) fn extent(self) -> Extent {
        // Without any word it is a dry run, as with the word for it.
        if self.confirm && !self.dry_run {
            Extent::Confirmed
        } else {
            Extent::DryRun
        }
    }
}

/// How far a command goes that adds evidence to the images that it is called with. It writes at once, as cosign does: what it
/// writes is named in the call, no tag appears or moves by it, and nothing that stands is replaced.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct EvidenceExtentArgs {
    /// Write, which is the default: evidence is added to the images that are named, and no tag of theirs is touched
    #[arg(long, conflicts_with = "dry_run")]
    confirm: bool,
    /// Only tell what is missing
    #[arg(long)]
    dry_run: bool,
}

impl EvidenceExtentArgs {
    /// How far the command goes.
    pub(crate) fn extent(self) -> Extent {
        if self.dry_run {
            Extent::DryRun
        } else {
            Extent::Confirmed
        }
    }
}

/// How promoted images are signed and attested.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Proof")]
pub(crate) struct SigningArgs {
    /// The private key that signs and attests; its password comes from COSIGN_PASSWORD
    #[arg(long, value_name = "KEY", conflicts_with = "no_sign")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keyless: KeylessArgs,
    /// Neither sign nor attest: what is promoted has no proof
    #[arg(long, conflicts_with = "keyless")]
    pub(crate) no_sign: bool,
    /// Also sign and attest the children of indexes
    #[arg(long)]
    pub(crate) recursive: bool,
    /// The forms of signatures: `bundle`, `sig` or both, separated by a comma
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    pub(crate) signature_formats: Option<Vec<String>>,
    /// Write an in-toto link of the promotion into this file
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FILE",
        requires = "link_key"
    )]
    pub(crate) link: Option<PathBuf>,
    /// The Ed25519 key (PKCS#8 PEM) that signs the link
    #[arg(hide_short_help = true, long, value_name = "KEY", requires = "link")]
    pub(crate) link_key: Option<PathBuf>,
}

/// Keyless signing, for whatever command signs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeylessArgs {
    /// Sign and attest with certificates for the identity of a token instead of a key; the signatures are entered into
    /// transparency logs
    #[arg(long, conflicts_with = "key")]
    pub(crate) keyless: bool,
    /// The URL of the TUF repository that names the services of keyless signing; without it that of the public sigstore
    #[arg(
        hide_short_help = true,
        long,
        value_name = "URL",
        conflicts_with = "signing_config"
    )]
    pub(crate) tuf_repository: Option<String>,
    /// The `root.json` by which that repository is believed; without it, it is a mirror of the public sigstore's
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FILE",
        requires = "tuf_repository"
    )]
    pub(crate) tuf_root: Option<PathBuf>,
    /// The services of keyless signing: the `signing_config.json` of a sigstore, in place of a TUF repository
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FILE",
        requires = "trusted_root"
    )]
    pub(crate) signing_config: Option<PathBuf>,
    /// The `trusted_root.json` of the same sigstore, by which promo verifies what it signs
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FILE",
        requires = "signing_config"
    )]
    pub(crate) trusted_root: Option<PathBuf>,
    /// Where the identity token comes from: `auto` (SIGSTORE_ID_TOKEN, or the CI system or machine that promo runs on),
    /// `variable`, `github-actions`, `buildkite`, `circleci`, `google`, `account:EMAIL`, `file:PATH` or `command:PROGRAM
    /// ARGUMENT…`
    #[arg(hide_short_help = true, long, value_name = "SOURCE")]
    pub(crate) identity_token: Option<String>,
}

impl ManifestsArgs {
    /// The promoter manifests, all of them.
    pub(crate) fn overrides(&self) -> ScopeOverrides {
        ScopeOverrides {
            manifest: self.manifest.clone(),
            thin_manifest_dir: self.thin_manifest_dir.clone(),
            ..ScopeOverrides::default()
        }
    }
}

impl ScopeArgs {
    /// Which promoter manifests, and which part of them.
    pub(crate) fn overrides(&self) -> ScopeOverrides {
        let date = self.since_date.clone().map(Since::Date);
        ScopeOverrides {
            allow_tag_moves: self.allow_tag_moves.clone(),
            images: self.image.clone(),
            destinations: self.destination.clone(),
            since: self.since.clone().map(Since::Revision).or(date),
            fail_fast: self.fail_fast,
            ..self.manifests.overrides()
        }
    }
}

impl StagingArgs {
    /// What is asked of staging.
    pub(crate) fn overrides(&self) -> StagingOverrides {
        StagingOverrides {
            trust: self.trust.clone(),
            keys: self.staging_key.clone(),
            signatures: self.staging_signatures.clone(),
            names: self.staging_name.clone(),
            attestations: self.staging_attestation.clone(),
            carry: self.carry.clone(),
        }
    }
}

impl SigningArgs {
    /// How images are signed and attested.
    pub(crate) fn overrides(&self) -> SigningOverrides {
        SigningOverrides {
            no_sign: self.no_sign,
            recursive: self.recursive,
            formats: self.signature_formats.clone(),
            link: self.link.clone().zip(self.link_key.clone()),
            ..self.keyless.overrides(self.key.as_ref())
        }
    }
}

impl KeylessArgs {
    /// With which key, or with which sigstore, evidence is signed.
    pub(crate) fn overrides(&self, key: Option<&PathBuf>) -> SigningOverrides {
        SigningOverrides {
            key: key.cloned(),
            keyless: self.keyless,
            tuf_repository: self.tuf_repository.clone(),
            tuf_root: self.tuf_root.clone(),
            signing_config: self.signing_config.clone(),
            trusted_root: self.trusted_root.clone(),
            identity_token: self.identity_token.clone(),
            ..SigningOverrides::default()
        }
    }
}
