//! `promo plan`: what a promotion would do, and why.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use promo_core::Code;
use promo_core::inventory::Inventory;
use promo_core::manifest::ManifestSet;
use promo_core::pipeline::{look_beside, measure};
use promo_core::plan::{
    self, Plan, PlanInputs, PlanOptions, PlannedEdge, Selection, TagMoves, Verdict,
    wanted_destinations, wanted_sources,
};
use promo_core::ports::InventoryReader;

use super::report_file::ReportFile;
use super::{saved_plan, since, snapshot_file};
use crate::app;
use crate::args::{PlanArgs, PlanShownArgs, StagingArgs};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::files;
use crate::output::{
    Format, Outcome, json, plan_markdown, plan_table, summary_markdown, summary_text, yaml,
};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, ScopeSettings, StagingSettings};
use crate::terminal::Terminal;

/// Plans and shows the plan. Nothing is written to any registry.
pub(crate) async fn run(args: &PlanArgs, context: &Context) -> Result<Outcome> {
    let scope = ScopeSettings::resolve(&args.scope, &context.resolver)?;
    let (set, mut inputs) = saved_plan::load(scope.tree()?)?;
    let options = since::apply(options(&scope, false)?, &scope, &set)?;
    let prepare = |path: &Option<PathBuf>| path.as_deref().map(ReportFile::prepare).transpose();
    let (report, save) = (prepare(&args.report)?, prepare(&args.save)?);
    let registries = registries(args, context)?;
    let inventory = inventory(args, registries.as_ref(), &set, &options).await?;
    // What a snapshot holds was read at another time, which it doesn't say.
    if registries.is_some() {
        saved_plan::read_now(&mut inputs);
    }
    let mut plan = plan::plan(&set, inventory.as_ref(), &options);
    if let Some(registries) = &registries {
        plan = looked_at(args, context, plan, registries).await?;
    }
    if let Some(edge) = plan.stopped_by() {
        return Err(stopped(&edge));
    }
    let exit = exit(&plan, args.exit_code);
    for file in [save, report].into_iter().flatten() {
        file.write(&json(&plan.to_document(&inputs))?, exit)?;
    }
    let text = show(&args.shown, context, &plan, &inputs)?;
    // The process ends now. To give back a million pieces of memory one by one would take a tenth of the whole run.
    let _left_to_the_system = ManuallyDrop::new((set, plan));
    Ok(Outcome { text, exit })
}

/// The plan with what was asked about its images besides.
async fn looked_at(
    args: &PlanArgs,
    context: &Context,
    mut plan: Plan,
    registries: &app::Registries,
) -> Result<Plan> {
    let observer = registries.observer.as_ref();
    if args.asked.cost {
        plan = measure(plan, &registries.copier(), observer, app::CONCURRENCY).await;
    }
    if args.asked.beside {
        let staging = StagingSettings::resolve(&StagingArgs::default(), &context.resolver)?;
        let settings = app::beside_settings(&staging);
        let registry = registries.registry.as_ref();
        plan = look_beside(plan, registry, &settings, observer, app::CONCURRENCY).await;
    }
    Ok(plan)
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
        _ if args.edges => saved_plan::stream_edges(plan, context.terminal)?,
        (Format::Json, true) => return json(&plan.to_summary_document(inputs)),
        (Format::Yaml, true) => return yaml(&plan.to_summary_document(inputs)),
        (Format::Markdown, true) => return Ok(summary_markdown(plan)),
        (_, true) => return Ok(summary_text(plan)),
        (Format::Json, false) => Terminal::document(&plan.to_document(inputs))?,
        (Format::Yaml, false) => return yaml(&plan.to_document(inputs)),
        (Format::Markdown, false) => return Ok(plan_markdown(plan)),
        (_, false) => return Ok(plan_table(plan)),
    }
    Ok(String::new())
}

/// The registries, if they are asked.
fn registries(args: &PlanArgs, context: &Context) -> Result<Option<app::Registries>> {
    if args.offline || !args.inventory.is_empty() {
        return Ok(None);
    }
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    app::Registries::connect(&network, progress::observer(context)).map(Some)
}

/// What registries hold: from them, from snapshots, or not at all.
async fn inventory(
    args: &PlanArgs,
    registries: Option<&app::Registries>,
    set: &ManifestSet,
    options: &PlanOptions,
) -> Result<Option<Inventory>> {
    if let Some(registries) = registries {
        let reader = registries.inventory.as_ref();
        return Ok(Some(read(reader, set, options).await));
    }
    if args.offline {
        return Ok(None);
    }
    let mut inventory = Inventory::new();
    for snapshot in &args.inventory {
        inventory.merge(snapshot_file::read(snapshot)?);
    }
    Ok(Some(inventory))
}

/// Destinations first, then only those sources that the destinations don't already answer for.
async fn read(reader: &dyn InventoryReader, set: &ManifestSet, options: &PlanOptions) -> Inventory {
    let mut inventory = reader.read(&wanted_destinations(set, options)).await;
    let sources = wanted_sources(set, &inventory, options);
    inventory.merge(reader.read(&sources).await);
    inventory
}

/// The options of a plan, from the settings.
pub(crate) fn options(scope: &ScopeSettings, complete: bool) -> Result<PlanOptions> {
    let mut options = PlanOptions::default();
    options.identities = scope.identities().clone();
    options.selection =
        Selection::new(&scope.images, &scope.destinations).map_err(|error| Error::Other {
            message: error.to_string(),
            code: Code::new("PROMO-X001"),
            hints: vec!["in a glob `*` stands for anything, `?` for one character".to_owned()],
            exit: Exit::Usage,
            source: Some(Box::new(error.source)),
        })?;
    if let Some(path) = scope.tag_moves() {
        options.tag_moves = tag_moves(path)?;
    }
    options.fail_fast = scope.fail_fast;
    options.complete = complete;
    Ok(options)
}

/// The file of tags that may move, in YAML or JSON: a list of repository, tag, from and to.
fn tag_moves(path: &Path) -> Result<TagMoves> {
    let text = files::read_text(path, &files::TAG_MOVES)?;
    serde_yaml_ng::from_str(&text).map_err(|error| Error::Other {
        message: format!("`{}` is not a list of tag moves", path.display()),
        code: Code::new("PROMO-X008"),
        hints: vec![
            "each entry has `repository`, `tag`, `from` and `to` (digests in full)".to_owned(),
        ],
        exit: Exit::Usage,
        source: Some(Box::new(error)),
    })
}

/// `--fail-fast`: the first edge that stops all.
fn stopped(edge: &PlannedEdge<'_>) -> Error {
    let tag = edge.tag().map(|tag| format!(":{tag}"));
    Error::Other {
        message: format!(
            "stopped at {}{} ({}): {}",
            edge.destination(),
            tag.unwrap_or_default(),
            edge.verdict(),
            edge.reason()
        ),
        code: edge.code(),
        hints: vec!["leave out `--fail-fast` to plan the other edges".to_owned()],
        exit: Exit::Failed,
        source: None,
    }
}

/// Whether an edge could not be decided because a registry wants other credentials.
fn is_access(edge: &PlannedEdge<'_>) -> bool {
    edge.failure_kind()
        .is_some_and(|kind| Exit::of_failure(kind) == Exit::Authentication)
}

fn exit(plan: &Plan, pending_counts: bool) -> Exit {
    let verdicts = plan.verdicts();
    let left = verdicts.left();
    let rest = verdicts.edges() + verdicts.get(Verdict::Invalid) - left;
    // Walking over 720,000 edges costs more than all the rest: only where one of them can be such an edge.
    let undecided = verdicts.get(Verdict::Undecided) > 0;
    if undecided && plan.edges().any(|edge| is_access(&edge)) {
        Exit::Authentication
    } else if verdicts.get(Verdict::Refused) > 0 {
        Exit::Refused
    } else if left > 0 && rest > 0 {
        Exit::Left
    } else if left > 0 {
        Exit::Failed
    } else if pending_counts && verdicts.actionable() > 0 {
        Exit::Pending
    } else {
        Exit::Done
    }
}
