//! What was typed: the command line as clap reads it.
//!
//! Nothing here looks at the environment or at files: the library's settings do, and join both. Help texts
//! live here, examples in [`examples`], where a test finds and runs them.

mod apply;
mod cip;
#[cfg(feature = "embedded")]
mod embedded;
pub(crate) mod examples;
mod global;
mod image;
mod login;
mod manifest;
mod promotion;
mod setting_flags;
mod shown;
mod trace;
mod tree;

use clap::{Parser, Subcommand};

pub(crate) use apply::ApplyArgs;
pub(crate) use cip::CipArgs;
#[cfg(feature = "embedded")]
pub(crate) use embedded::{DemoArgs, RegistryServeArgs};
pub(crate) use global::{ColorArg, GlobalArgs, LogFormatArg, LogLevelArg};
pub(crate) use image::{AttestArgs, SignArgs, SnapshotArgs, VerifyArgs};
pub(crate) use login::{LoginArgs, LogoutArgs};
pub(crate) use manifest::{ManifestAddArgs, ManifestDigestArgs, ManifestFormatArgs};
pub(crate) use promotion::{
    EvidenceExtentArgs, ExtentArgs, KeylessArgs, ManifestsArgs, PlanArgs, PromoteArgs, SigningArgs,
    StagingArgs,
};
pub(crate) use setting_flags::{SETTING_FLAGS, flag_of};
pub(crate) use shown::{PlanShownArgs, RunShownArgs};
pub(crate) use trace::TraceArgs;
pub(crate) use tree::{InitArgs, KeyGenerateArgs, ManifestCheckArgs};

use crate::output::Format;

/// Promote container images from staging to production, with proof
///
/// promo reads promoter manifests (YAML in git that says which digests go to which registries under which
/// tags), compares them with what the registries hold, copies what is missing, signs and attests it, and
/// only then makes tags visible: every tag that promo publishes has its proof in place first.
///
/// Nothing is written to a registry without `--confirm`; everything before is a dry run.
#[derive(Debug, Parser)]
#[command(name = "promo", version, max_term_width = 110, after_long_help = examples::PROMO)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[cfg(feature = "embedded")]
    #[command(after_long_help = examples::DEMO)]
    Demo(DemoArgs),
    #[command(after_long_help = examples::INIT)]
    Init(InitArgs),
    #[command(after_long_help = examples::LOGIN)]
    Login(LoginArgs),
    #[command(after_long_help = examples::LOGOUT)]
    Logout(LogoutArgs),
    #[command(after_long_help = examples::PLAN)]
    Plan(Box<PlanArgs>),
    #[command(after_long_help = examples::PROMOTE)]
    Promote(Box<PromoteArgs>),
    #[command(after_long_help = examples::APPLY)]
    Apply(Box<ApplyArgs>),
    #[command(after_long_help = examples::CIP)]
    Cip(Box<CipArgs>),
    #[command(after_long_help = examples::SNAPSHOT)]
    Snapshot(SnapshotArgs),
    #[command(after_long_help = examples::VERIFY)]
    Verify(VerifyArgs),
    #[command(after_long_help = examples::SIGN)]
    Sign(SignArgs),
    #[command(after_long_help = examples::ATTEST)]
    Attest(AttestArgs),
    #[command(after_long_help = examples::TRACE)]
    Trace(TraceArgs),
    /// Make keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Work on promoter manifests
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Run the embedded registry
    #[cfg(feature = "embedded")]
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Look at settings
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Print a completion script for a shell
    ///
    /// The script goes to standard output. Put it where your shell looks for completions.
    #[command(after_long_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages
    ///
    /// One page for each command, into a folder that is made if it isn't there.
    #[command(after_long_help = examples::MAN)]
    Man {
        /// The folder
        dir: std::path::PathBuf,
    },
    /// Print the version, as `kpromo version` does
    #[command(hide = true)]
    Version,
    /// Write the reference pages of the book into a folder
    #[command(hide = true)]
    Reference {
        /// The folder
        dir: std::path::PathBuf,
    },
}

/// `promo key …`
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    #[command(after_long_help = examples::KEY_GENERATE)]
    Generate(KeyGenerateArgs),
}

/// `promo manifest …`
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    #[command(after_long_help = examples::MANIFEST_CHECK)]
    Check(ManifestCheckArgs),
    #[command(after_long_help = examples::MANIFEST_FORMAT)]
    Format(ManifestFormatArgs),
    #[command(after_long_help = examples::MANIFEST_ADD)]
    Add(ManifestAddArgs),
    #[command(after_long_help = examples::MANIFEST_DIGEST)]
    Digest(ManifestDigestArgs),
}

/// `promo registry …`
#[cfg(feature = "embedded")]
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    #[command(after_long_help = examples::REGISTRY_SERVE)]
    Serve(RegistryServeArgs),
}

/// `promo settings …`
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show every setting, its value and where it comes from
    ///
    /// A flag wins over a `PROMO_*` variable, that over promo.toml in the project, that over the user's
    /// promo.toml, that over the default. Secrets are never shown.
    #[command(after_long_help = examples::SETTINGS_SHOW)]
    Show {
        #[arg(long, value_name = "FORMAT", value_parser = Format::parser(&Format::DATA),
              help = Format::help(&Format::DATA))]
        output: Option<Format>,
    },
}
