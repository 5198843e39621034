//! `promo apply`: what a saved plan and the promoter manifests both want, carried out with all checks.

use std::fmt::Write as _;

use promo::{Applied, Extent, PromoteRequest, saved_plan};

use super::run_files::RunFiles;
use crate::args::ApplyArgs;
use crate::context::Context;
use crate::diagnostics::RED;
use crate::error::Result;
use crate::output::{Format, Outcome, counted, json, report_table, yaml};

/// The code of an edge that the plan has and no promoter manifest wants.
const UNWANTED: &str = "PROMO-X032";

/// Runs the pipeline over what is left of the saved plan.
pub(crate) async fn run(args: &ApplyArgs, context: &Context) -> Result<Outcome> {
    let promoter = context.promoter(context.settings(args.overrides())?);
    let saved = saved_plan::open(&args.plan)?;
    let files = RunFiles::prepare(&promoter, args.report.as_deref())?;
    let mut request = PromoteRequest::new(if args.confirm {
        Extent::Confirmed
    } else {
        Extent::DryRun
    });
    request.interrupt = context.interrupt(&promoter);
    let applied = promoter.apply(&saved, &request).await?;

    let exit = applied.ending();
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&applied)?,
        Format::Yaml => yaml(&applied)?,
        _ => table(&applied),
    };
    let kept = files.keep(&json(&applied)?, &applied.report, exit);
    // The result is printed whatever becomes of the files: it is all that tells of the run.
    context.terminal.result(&text)?;
    kept?;
    Ok(Outcome {
        text: String::new(),
        exit,
    })
}

fn table(applied: &Applied) -> String {
    let mut text = report_table(&applied.report);
    if applied.planned_tree != applied.tree {
        text.push_str("the promoter manifests have changed since the plan was made\n");
    }
    for edge in &applied.unwanted {
        let _ = writeln!(
            text,
            "{RED}refused[{UNWANTED}]{RED:#} {edge}: no promoter manifest wants it any longer"
        );
    }
    if !applied.unwanted.is_empty() {
        let count = counted(applied.unwanted.len() as u64, "edge");
        let _ = writeln!(text, "{count} of the plan refused as no longer wanted");
    }
    text
}
