//! `promo apply`: what a saved plan and the promoter manifests both want, carried out with all checks.

use std::fmt::Write as _;
use std::path::Path;

use promo_core::Code;
use promo_core::manifest::ManifestSet;
use promo_core::oci::Digest;
use promo_core::pipeline::{self, Interrupt, Mode, Ports, Ready, RunSettings};
use promo_core::plan::{EdgeKey, SavedPlan};
use promo_core::report::Report;
use promo_registry::Revocation;
use schemars::JsonSchema;
use serde::Serialize;

use super::promote::{keep_link, link};
use super::report_file::ReportFile;
use super::{plan, saved_plan};
use crate::args::ApplyArgs;
use crate::diagnostics::RED;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Format, Outcome, counted, json, report_table, yaml};
use crate::run::Context;
use crate::settings::{
    NetworkSettings, ProofSettings, ScopeSettings, StagingSettings, recorded_manifest,
};
use crate::{app, progress, shutdown};

/// `promo.apply/v1`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    schema: &'static str,
    /// The digest of the tree that the plan was made from.
    planned_tree: Option<Digest>,
    /// The digest of the tree that was applied.
    tree: Option<Digest>,
    /// What the plan was to carry out and no promoter manifest wants any longer. It was not carried out.
    unwanted: Vec<EdgeKey>,
    report: Report,
}

/// Runs the pipeline over what is left of the saved plan.
pub(crate) async fn run(args: &ApplyArgs, context: &Context) -> Result<Outcome> {
    let scope = ScopeSettings::resolve(&args.scope(), &context.resolver)?;
    let proof = ProofSettings::resolve(&args.signing, &context.resolver)?;
    let staging = StagingSettings::resolve(&args.staging, &context.resolver)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let saved = saved_plan::open(&args.plan)?;
    let tree = scope.tree()?;
    let (set, inputs) = saved_plan::load(tree)?;
    let mode = if args.confirm {
        Mode::Confirmed
    } else {
        Mode::DryRun
    };
    let options = plan::options(&scope, false)?;
    let settings = app::run_settings(mode, &proof, &staging, options, recorded_manifest(tree));
    let link = link(&proof)?;
    let report_file = args
        .report
        .as_deref()
        .map(ReportFile::prepare)
        .transpose()?;
    let registries = app::Registries::connect(&network, progress::observer(context))?;
    app::tell_of_shared_keys(&proof, registries.observer.as_ref());
    let revocation = registries.revocation.clone();
    let ports = registries.ports(app::proof(&proof)?, app::staging(&staging)?);

    let (report, unwanted) = carry_out(
        settings,
        (ports, revocation),
        context,
        &set,
        &saved,
        &args.plan,
    )
    .await?;
    let applied = Applied {
        schema: "promo.apply/v1",
        planned_tree: saved.inputs.tree,
        tree: inputs.tree,
        unwanted,
        report,
    };
    let exit = exit(&applied);
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&applied)?,
        Format::Yaml => yaml(&applied)?,
        _ => table(&applied),
    };
    let kept = match report_file {
        Some(file) => file.write(&json(&applied)?, exit),
        None => Ok(()),
    };
    let linked = keep_link(&applied.report, link, exit);
    // The result is printed whatever becomes of the files: it is all that tells of the run.
    context.terminal.result(&text)?;
    kept.and(linked)?;
    Ok(Outcome {
        text: String::new(),
        exit,
    })
}

/// Plans anew, holds the saved plan against it, and carries out what is left.
async fn carry_out(
    settings: RunSettings,
    (ports, revocation): (Ports, Revocation),
    context: &Context,
    set: &ManifestSet,
    saved: &SavedPlan,
    path: &Path,
) -> Result<(Report, Vec<EdgeKey>)> {
    let interrupt = Interrupt::new();
    shutdown::listen(context.terminal, interrupt.clone(), revocation);
    let all_or_nothing = settings.plan.fail_fast;
    let ready = Ready::setup(settings, ports, interrupt).await?;
    let (planned, unwanted) = ready.adopt(set, &saved.plan).await?;
    if let Some(first) = unwanted.first() {
        if planned.plan().summary().verdicts.edges() == 0 {
            return Err(other_tree(path, first));
        }
        if all_or_nothing {
            return Err(stopped(first));
        }
    }
    Ok((pipeline::carry_out(planned).await, unwanted))
}

/// Nothing that the plan was to carry out is wanted.
fn other_tree(path: &Path, first: &EdgeKey) -> Error {
    Error::Other {
        message: format!(
            "the promoter manifests want nothing of the plan `{}`, such as {first}",
            path.display()
        ),
        code: Code::new("PROMO-X031"),
        hints: vec!["the plan was made for other promoter manifests: make it anew".to_owned()],
        exit: Exit::Usage,
        source: None,
    }
}

/// `--fail-fast`: the first edge that no manifest wants stops all.
fn stopped(first: &EdgeKey) -> Error {
    Error::Other {
        message: format!("stopped at {first}: no promoter manifest wants it any longer"),
        code: UNWANTED,
        hints: vec!["leave out `--fail-fast` to carry out the rest of the plan".to_owned()],
        exit: Exit::Failed,
        source: None,
    }
}

/// The code of an edge that the plan has and no promoter manifest wants.
const UNWANTED: Code = Code::new("PROMO-X032");

/// The end of the run; what is no longer wanted was refused.
fn exit(applied: &Applied) -> Exit {
    match Exit::of_report(&applied.report) {
        exit @ (Exit::Interrupted | Exit::Usage | Exit::Authentication) => exit,
        _ if !applied.unwanted.is_empty() => Exit::Refused,
        exit => exit,
    }
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
