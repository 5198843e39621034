//! `promo plan`: what a promotion would do, and why.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use promo::documents::{
    Comment, json, plan_markdown, plan_page, plan_text, summary_markdown, summary_text, yaml,
};
use promo::settings::{Overrides, Part};
use promo::{Held, PlanRequest};
use promo_core::plan::{Plan, PlanInputs};

use super::report_file::ReportFile;
use crate::args::{PlanArgs, PlanShownArgs};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Format, Outcome};
use crate::plan_hints;
use crate::terminal::Terminal;

/// Plans and shows the plan. Nothing is written to any registry.
pub(crate) async fn run(args: &PlanArgs, context: &Context) -> Result<Outcome> {
    let given = Overrides {
        scope: args.scope.overrides(),
        ..Overrides::default()
    };
    let promoter = context.promoter(context.settings(given, parts(args))?)?;
    let prepare = |path: &Option<PathBuf>| path.as_deref().map(ReportFile::prepare).transpose();
    let (report, save) = (prepare(&args.report)?, prepare(&args.save)?);
    let mut request = PlanRequest::default();
    request.held = held(args);
    request.cost = args.asked.cost;
    request.beside = args.asked.beside;
    let planned = promoter.plan(&request).await?;
    let (plan, inputs) = (&planned.plan, &planned.inputs);
    let exit = Exit::of_plan(plan, args.exit_code);
    if let Some(file) = save {
        file.write(&json(&plan.to_document(inputs))?, exit)?;
    }
    if let Some(file) = report {
        let text = if file.is_page() {
            plan_page(plan, inputs, args.shown.link_base.as_ref())
        } else {
            json(&plan.to_document(inputs))?
        };
        file.write(&text, exit)?;
    }
    let text = show(&args.shown, context, plan, inputs)?;
    context.terminal.result(&text)?;
    let is_table = context.console.format(args.shown.output, &Format::PLAN) == Format::Table;
    if is_table && !args.shown.edges && !args.shown.summary {
        context.terminal.hints(&plan_hints::of(plan));
    }
    // The process ends now. To give back a million pieces of memory one by one would take a tenth of the whole run.
    let _left_to_the_system = ManuallyDrop::new(planned);
    let text = String::new();
    Ok(Outcome { text, exit })
}

/// The settings that are needed: those of registries only if they are asked, and of staging only for what is beside images.
fn parts(args: &PlanArgs) -> &'static [Part] {
    match held(args) {
        Held::Asked if args.asked.beside => &[Part::Scope, Part::Network, Part::Staging],
        Held::Asked => &[Part::Scope, Part::Network],
        Held::Given(_) | Held::Unknown => &[Part::Scope],
    }
}

/// What is taken for what registries hold.
fn held(args: &PlanArgs) -> Held {
    match args.inventory.as_slice() {
        _ if args.offline => Held::Unknown,
        [] => Held::Asked,
        given => Held::Given(given.iter().map(|given| given.0.clone()).collect()),
    }
}

/// Prints what is too large to be held as a text; else returns what is to be printed.
fn show(
    args: &PlanShownArgs,
    context: &Context,
    plan: &Plan,
    inputs: &PlanInputs,
) -> Result<String> {
    let format = context.console.format(args.output, &Format::PLAN);
    match (format, args.summary) {
        _ if args.edges => stream_edges(plan, context.terminal)?,
        (Format::Json, true) => return Ok(json(&plan.to_summary_document(inputs))?),
        (Format::Yaml, true) => return Ok(yaml(&plan.to_summary_document(inputs))?),
        (Format::Markdown, true) => return Ok(summary_markdown(plan)),
        (_, true) => return Ok(summary_text(plan).into_styled()),
        (Format::Json, false) => Terminal::document(&plan.to_document(inputs))?,
        (Format::Yaml, false) => return Ok(yaml(&plan.to_document(inputs))?),
        (Format::Markdown, false) => return Ok(plan_markdown(plan, &comment(args))),
        (_, false) => return Ok(plan_text(plan, Terminal::layout()).into_styled()),
    }
    Ok(String::new())
}

fn comment(args: &PlanShownArgs) -> Comment {
    let mut comment = Comment::default();
    comment.forge = args.forge.into();
    comment.links.clone_from(&args.link_base);
    comment
}

/// How many bytes of lines are written at once.
const CHUNK: usize = 64 << 10;

/// Prints each edge as a line of JSON. A plan of 720,000 edges is never held as text.
pub(super) fn stream_edges(plan: &Plan, terminal: Terminal) -> Result<()> {
    let mut text = String::new();
    for edge in plan.edges() {
        let line = serde_json::to_string(&edge).map_err(|error| Error::Output {
            source: error.into(),
        })?;
        text.push_str(&line);
        text.push('\n');
        if text.len() >= CHUNK {
            terminal.result(&text)?;
            text.clear();
        }
    }
    terminal.result(&text)
}
