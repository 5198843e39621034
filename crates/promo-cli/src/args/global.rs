//! Options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use promo::settings::NetworkOverrides;

/// When to write colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How progress and diagnostics look on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormatArg {
    /// Bars on a terminal, lines elsewhere
    Text,
    /// One JSON object for each event
    Json,
}

/// How much kpromo's log tells, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevelArg {
    Panic,
    Fatal,
    Error,
    #[value(alias = "warning")]
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevelArg {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warn => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    /// Read this promo.toml in place of the project's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take registry credentials from this file
    ///
    /// A docker config.json or a containers auth.json. Without it: REGISTRY_AUTH_FILE, the containers
    /// auth.json in the runtime folder, then the docker configuration.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
    /// Speak plain HTTP with this registry host (may be repeated)
    ///
    /// Registries on loopback addresses may always be spoken to so.
    #[arg(long, global = true, value_name = "HOST")]
    pub(crate) insecure_host: Vec<String>,
    /// Write each request, wait and phase of the run into this file, for `promo trace`
    ///
    /// A line of JSON for each, without credentials and URLs. An existing file is replaced, unless another run is writing it.
    /// PROMO_TRACE names one for all commands of a job: where it exists, a file beside it is written (`run-2.trace`).
    #[arg(hide_short_help = true, long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Tell more: each item, request and retry; at the end what was exchanged with each host
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Tell errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// How much `promo cip` tells, in kpromo's words
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "LEVEL",
        hide = true
    )]
    pub(crate) log_level: Option<LogLevelArg>,
    /// How progress and diagnostics look on standard error
    #[arg(
        hide_short_help = true,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT"
    )]
    pub(crate) log_format: Option<LogFormatArg>,
    /// When to write colour
    #[arg(
        hide_short_help = true,
        long,
        global = true,
        value_enum,
        value_name = "WHEN"
    )]
    pub(crate) color: Option<ColorArg>,
    /// Whether Google's hosts take Google credentials. It has no flag: `--compat` asks for it.
    #[arg(skip)]
    pub(crate) google_credentials: bool,
}

impl GlobalArgs {
    /// How registries are reached.
    pub(crate) fn overrides(&self) -> NetworkOverrides {
        NetworkOverrides {
            authfile: self.authfile.clone(),
            insecure_hosts: self.insecure_host.clone(),
            google_credentials: self.google_credentials,
        }
    }
}
