//! `promo apply`: what a saved plan and the promoter manifests both want, carried out with all checks.

use promo::documents::{applied_text, json, yaml};
use promo::settings::Part;
use promo::{PromoteRequest, saved_plan};

use super::run_files::RunFiles;
use crate::args::ApplyArgs;
use crate::context::Context;
use crate::error::Result;
use crate::hints;
use crate::output::{Format, Outcome};

/// Runs the pipeline over what is left of the saved plan.
pub(crate) async fn run(args: &ApplyArgs, context: &Context) -> Result<Outcome> {
    let promoter = context.promoter(context.settings(args.overrides(), &Part::ALL)?)?;
    let saved = saved_plan::open(&args.plan)?;
    let files = RunFiles::prepare(&promoter, args.report.as_deref())?;
    let mut request = PromoteRequest::new(args.extent.extent());
    request.interrupt = context.interrupt(&promoter);
    let applied = promoter.apply(&saved, &request).await?;

    let exit = applied.ending();
    let text = match context.console.format(args.shown.output, &Format::DATA) {
        Format::Json => json(&applied)?,
        Format::Yaml => yaml(&applied)?,
        _ => {
            let layout = context.run_layout(args.shown.edges);
            applied_text(&applied, layout).into_styled() + &hints::after(&applied.report)
        }
    };
    let kept = files.keep(&applied, &applied.report, exit);
    // The result is printed whatever becomes of the files: it is all that tells of the run.
    context.terminal.result(&text)?;
    context.tell_traffic(&applied.report);
    kept?;
    Ok(Outcome {
        text: String::new(),
        exit,
    })
}
