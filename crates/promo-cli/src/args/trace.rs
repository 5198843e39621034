//! `promo trace`.

use std::path::PathBuf;

use clap::Args;

/// Show where the time of a run went, from the trace that it wrote
///
/// Any command that asks registries writes one with `--trace FILE`: a line of JSON for each request, repetition, wait and phase.
/// The summary says for each phase how long it lasted, and for each host how many requests there were, how long they took,
/// and how long they had waited before. No registry is asked.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TraceArgs {
    /// The trace, as `--trace` wrote it
    #[arg(value_name = "TRACE")]
    pub(crate) file: PathBuf,
    /// Also draw it as a page for a browser: phases, and each host's requests over time
    ///
    /// The page is one file that needs nothing from elsewhere and runs no script. An existing file is replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}
