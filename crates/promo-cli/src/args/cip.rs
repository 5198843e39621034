//! `promo cip`: kpromo's flags as Go's flag library reads them.
//!
//! `--flag value` and `--flag=value` are the same, a switch may be given a value (`--confirm=false`), and of a flag that is
//! repeated the last one counts. What each flag becomes is decided in `commands::cip`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::StagingArgs;

/// Whose defaults hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompatArg {
    /// Those of kpromo for the Kubernetes project's registries
    K8s,
}

/// Promote with kpromo's flags
///
/// A drop-in for `kpromo cip`. It takes the same promoter manifests and flags: without `--confirm` it stops after the
/// validate phase, nothing is promoted if one edge can't be (`--isolate` changes that), images that are gone from
/// staging are no failure, and the exit code is 0 or 1. A link to promo that is called `kpromo` ends every command so.
/// Nobody's accounts and registries are built in unless `--compat k8s` asks for them.
#[derive(Debug, Clone, Default, Args)]
#[command(args_override_self = true, next_help_heading = "Flags of kpromo")]
pub(crate) struct CipArgs {
    /// Write: copy, sign, attest and publish; without it the run stops after validate
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) confirm: Option<bool>,
    /// A plain promoter manifest; it wins over `--thin-manifest-dir`
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_parser = path())]
    pub(crate) manifest: Option<PathBuf>,
    /// A tree of thin promoter manifests
    #[arg(long, value_name = "DIR", allow_hyphen_values = true, value_parser = path())]
    pub(crate) thin_manifest_dir: Option<PathBuf>,
    /// Only what changed since the revision that Prow names (JOB_TYPE, PULL_BASE_SHA)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) use_prow_manifest_diff: Option<bool>,
    /// Only what changed since a date as git understands it, such as `14 days`
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub(crate) manifest_diff_since: Option<String>,
    /// Stop after the plan: manifests and inventories are read, no image is looked at
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) parse_only: Option<bool>,
    /// Print what this registry holds, and do nothing else
    #[arg(long, value_name = "REGISTRY", allow_hyphen_values = true)]
    pub(crate) snapshot: Option<String>,
    /// Of a snapshot, only the digests that carry this tag, with all their tags
    #[arg(
        hide_short_help = true,
        long,
        value_name = "TAG",
        allow_hyphen_values = true
    )]
    pub(crate) snapshot_tag: Option<String>,
    /// Leave out of a snapshot the digests without a tag that are children of an index
    #[arg(hide_short_help = true, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) minimal_snapshot: Option<bool>,
    /// Print what the promoter manifests want in this registry, and do nothing else
    #[arg(long, value_name = "REGISTRY", allow_hyphen_values = true)]
    pub(crate) manifest_based_snapshot_of: Option<String>,
    /// The form of a snapshot: yaml (the default) or csv
    #[arg(long, value_name = "FORMAT", allow_hyphen_values = true)]
    pub(crate) output: Option<String>,
    /// Sign and attest; `--sign=false` gives up the promise that every tag has its proof
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) sign: Option<bool>,
    /// How many images are signed at once at most
    #[arg(
        hide_short_help = true,
        long,
        value_name = "COUNT",
        allow_negative_numbers = true
    )]
    pub(crate) max_signature_ops: Option<i64>,
    /// The service account of Google's whose identity signs (keyless), where no key and no other identity is named
    #[arg(long, value_name = "ACCOUNT", allow_hyphen_values = true)]
    pub(crate) signer_account: Option<String>,
    /// Who must have signed in staging, if anybody has: the identity of a certificate
    #[arg(long, value_name = "IDENTITY", allow_hyphen_values = true)]
    pub(crate) certificate_identity: Option<String>,
    /// The same as a regular expression, which has to match the whole identity
    #[arg(
        hide_short_help = true,
        long,
        value_name = "REGEXP",
        allow_hyphen_values = true
    )]
    pub(crate) certificate_identity_regexp: Option<String>,
    /// Who vouches for that identity; without it https://accounts.google.com
    #[arg(
        hide_short_help = true,
        long,
        value_name = "URL",
        allow_hyphen_values = true
    )]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// The same as a regular expression
    #[arg(
        hide_short_help = true,
        long,
        value_name = "REGEXP",
        allow_hyphen_values = true
    )]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,
    /// Scan for vulnerabilities, which promo doesn't do: anything but -1 is refused
    #[arg(
        hide_short_help = true,
        long,
        value_name = "LEVEL",
        allow_negative_numbers = true
    )]
    pub(crate) vuln_severity_threshold: Option<i64>,
    /// The account that signs summaries
    #[arg(long, value_name = "ACCOUNT", allow_hyphen_values = true, hide = true)]
    pub(crate) summary_signer_account: Option<String>,
    /// Make verification summaries, which promo doesn't do: true is refused
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool, hide = true)]
    pub(crate) verification_summaries: Option<bool>,
    #[command(flatten)]
    pub(crate) removed: RemovedArgs,
    #[command(flatten)]
    pub(crate) own: CipOwnArgs,
    #[command(flatten)]
    pub(crate) staging: StagingArgs,
}

impl CipArgs {
    /// Whether the defaults of the Kubernetes project hold.
    pub(crate) fn is_k8s(&self) -> bool {
        self.own.compat == Some(CompatArg::K8s)
    }
}

/// What kpromo doesn't have.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Flags of promo")]
pub(crate) struct CipOwnArgs {
    /// Take the defaults of kpromo for a project: accounts, Google credentials, the registry of signatures, public names
    #[arg(long, value_enum, value_name = "PROJECT")]
    pub(crate) compat: Option<CompatArg>,
    /// Leave what can't be promoted and promote the rest; the exit code is 1 if anything but lost images was left
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    pub(crate) isolate: Option<bool>,
    /// The private key that signs and attests; its password comes from COSIGN_PASSWORD
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<PathBuf>,
    /// Tags that may move: a reviewed file of repository, tag, from and to
    #[arg(long, value_name = "FILE")]
    pub(crate) allow_tag_moves: Option<PathBuf>,
    /// Also write the report as JSON into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// Flags and a command that kpromo once had. They are taken, and a warning says that they mean nothing.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RemovedArgs {
    #[arg(hide = true, value_parser = ["replicate-signatures"])]
    pub(crate) command: Option<String>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    pub(crate) max_image_size: Option<String>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    threads: Option<String>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    key_files: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    use_service_account: Option<bool>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    snapshot_service_account: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    json_log_summary: Option<bool>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    max_signature_copies: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    replicate_signatures: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    require_provenance: Option<bool>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    allowed_builders: Option<String>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    allowed_source_repos: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = go_bool)]
    generate_promotion_provenance: Option<bool>,
}

impl RemovedArgs {
    /// The removed flags that were given. `--max-image-size` is not among them: kpromo itself still takes it in
    /// silence.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let flags = [
            ("--threads", self.threads.is_some()),
            ("--key-files", self.key_files.is_some()),
            ("--use-service-account", self.use_service_account.is_some()),
            (
                "--snapshot-service-account",
                self.snapshot_service_account.is_some(),
            ),
            ("--json-log-summary", self.json_log_summary.is_some()),
            (
                "--max-signature-copies",
                self.max_signature_copies.is_some(),
            ),
            (
                "--replicate-signatures",
                self.replicate_signatures.is_some(),
            ),
            ("--require-provenance", self.require_provenance.is_some()),
            ("--allowed-builders", self.allowed_builders.is_some()),
            (
                "--allowed-source-repos",
                self.allowed_source_repos.is_some(),
            ),
            (
                "--generate-promotion-provenance",
                self.generate_promotion_provenance.is_some(),
            ),
        ];
        let given = flags.into_iter().filter(|(_, given)| *given);
        given.map(|(flag, _)| flag).collect()
    }
}

/// A boolean as Go writes them.
fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// A path that may be empty, which counts as none.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
