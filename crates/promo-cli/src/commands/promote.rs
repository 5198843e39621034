//! `promo promote`: the pipeline, a dry run unless confirmed.

use promo::PromoteRequest;
use promo::documents::{json, report_text, yaml};
use promo::settings::{Overrides, Part};

use super::run_files::RunFiles;
use crate::args::PromoteArgs;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Exit;
use crate::hints;
use crate::output::{Format, Outcome};

/// Runs the pipeline up to its report.
pub(crate) async fn run(args: &PromoteArgs, context: &Context) -> Result<Outcome> {
    let given = Overrides {
        scope: args.scope.overrides(),
        signing: args.signing.overrides(),
        staging: args.staging.overrides(),
        ..Overrides::default()
    };
    let promoter = context.promoter(context.settings(given, &Part::ALL)?)?;
    let files = RunFiles::prepare(&promoter, args.report.as_deref())?;
    let mut request = PromoteRequest::new(args.extent.extent());
    request.complete = args.complete;
    request.interrupt = context.interrupt(&promoter);
    let report = promoter.promote(&request).await?;

    let exit = Exit::of_report(&report);
    let text = match context.console.format(args.shown.output, &Format::DATA) {
        Format::Json => json(&report)?,
        Format::Yaml => yaml(&report)?,
        _ => {
            let layout = context.run_layout(args.shown.edges);
            report_text(&report, layout).into_styled() + &hints::after(&report)
        }
    };
    let kept = files.keep(&report, &report, exit);
    // The result is printed whatever becomes of the files: it is all that tells of the run.
    context.terminal.result(&text)?;
    context.tell_traffic(&report);
    kept?;
    Ok(Outcome {
        text: String::new(),
        exit,
    })
}
