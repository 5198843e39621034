//! `promo trace`: what a trace comes to, as tables and as a page.

use promo::documents::trace_text;
use promo::files;
use promo::trace::{Summary, open, page};

use crate::args::TraceArgs;
use crate::error::Result;
use crate::output::Outcome;

/// Reads the trace, and writes the page if it was asked for.
pub(crate) fn run(args: &TraceArgs) -> Result<Outcome> {
    let trace = open(&args.file)?;
    if let Some(path) = &args.html {
        files::replace(path, &page(&trace))?;
    }
    let text = trace_text(&Summary::of(&trace));
    Ok(Outcome::done(text.into_styled()))
}
