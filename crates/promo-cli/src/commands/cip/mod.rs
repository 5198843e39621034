//! `promo cip`: kpromo's command, flag for flag.
//!
//! It only maps: a snapshot is `promo snapshot`'s, a promotion runs the pipeline of `promo promote`. Its own are the order of
//! modes, the stop points, the log, all-or-nothing, and the exit codes 0 and 1.

mod kpromo;
mod log;
mod promote;
mod prow;
mod snapshot;

use std::path::PathBuf;

use crate::args::CipArgs;
use crate::context::Context;
use crate::error::codes::{NO_MEANING, NOT_THERE};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::Outcome;
use log::Log;
pub(crate) use log::LogDocument;

/// Does what kpromo would do with these flags: a snapshot, else a scan, else a promotion.
pub(crate) async fn run(args: &CipArgs, context: &Context) -> Result<Outcome> {
    let log = Log::new(
        context.terminal,
        context.global.log_level,
        context.console.logs_json(),
    );
    for flag in args.removed.given() {
        let message = format!("{flag} was removed from kpromo and means nothing");
        log.warn(NO_MEANING, &message);
    }
    if args.removed.command.is_some() {
        let message = "replicate-signatures was removed from kpromo: nothing is done, since a promotion puts \
                       the same signatures into every mirror";
        log.warn(NO_MEANING, message);
        return Ok(Outcome::done(""));
    }
    let snapshots = [&args.snapshot, &args.manifest_based_snapshot_of];
    if snapshots
        .iter()
        .any(|text| given(text.as_deref()).is_some())
    {
        return snapshot::run(args, context, log).await;
    }
    if args.vuln_severity_threshold.is_some_and(|level| level >= 0) {
        return Err(not_there(
            "`--vuln-severity-threshold` asks for a scan for vulnerabilities, and promo has none"
                .to_owned(),
            vec![
                "leave it out, or pass -1; scan with another program before you promote".to_owned(),
            ],
        ));
    }
    if args.verification_summaries == Some(true) {
        return Err(not_there(
            "`--verification-summaries` asks for verification summaries, and this version makes none".to_owned(),
            vec!["leave it out".to_owned()],
        ));
    }
    promote::run(args, context, log).await
}

/// How `promo cip` ends: kpromo knows only 0 and 1.
pub(crate) fn exit(exit: Exit) -> Exit {
    match exit {
        Exit::Done => Exit::Done,
        _ => Exit::Failed,
    }
}

/// What was given; an empty text counts as none, as it does in kpromo.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The plain manifest and the thin tree; the plain one wins.
fn tree(args: &CipArgs) -> (Option<PathBuf>, Option<PathBuf>) {
    let named = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
    let plain = named(&args.manifest);
    let thin = named(&args.thin_manifest_dir).filter(|_| plain.is_none());
    (plain, thin)
}

fn not_there(message: String, hints: Vec<String>) -> Error {
    Error::Other {
        message,
        code: NOT_THERE,
        hints,
        exit: Exit::Failed,
        source: None,
    }
}
