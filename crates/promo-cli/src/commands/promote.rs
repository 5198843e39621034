//! `promo promote`: the pipeline, a dry run unless confirmed.

use std::path::Path;

use promo_core::oci::ImageReference;
use promo_core::pipeline::{self, EdgeResult, Interrupt, Mode};
use promo_core::report::Report;
use promo_sign::link::{Link, LinkKey};

use super::report_file::ReportFile;
use super::{manifest_check, plan, since};
use crate::args::PromoteArgs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Format, Outcome, json, report_table, yaml};
use crate::run::Context;
use crate::settings::{
    NetworkSettings, ProofSettings, ScopeSettings, StagingSettings, recorded_manifest,
};
use crate::{app, progress, shutdown};

/// Runs the pipeline up to its report.
pub(crate) async fn run(args: &PromoteArgs, context: &Context) -> Result<Outcome> {
    let scope = ScopeSettings::resolve(&args.scope, &context.resolver)?;
    let proof = ProofSettings::resolve(&args.signing, &context.resolver)?;
    let staging = StagingSettings::resolve(&args.staging, &context.resolver)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let tree = scope.tree()?;
    let set = manifest_check::load(tree)?;
    let mode = if args.confirm {
        Mode::Confirmed
    } else {
        Mode::DryRun
    };
    let settings = app::run_settings(
        mode,
        &proof,
        &staging,
        since::apply(plan::options(&scope, args.complete)?, &scope, &set)?,
        recorded_manifest(tree),
    );
    let link = link(&proof)?;
    let report_file = args
        .report
        .as_deref()
        .map(ReportFile::prepare)
        .transpose()?;
    let registries = app::Registries::connect(&network, progress::observer(context))?;
    app::tell_of_shared_keys(&proof, registries.observer.as_ref());
    let ports = registries.ports(app::proof(&proof)?, app::staging(&staging)?);

    let interrupt = Interrupt::new();
    shutdown::listen(
        context.terminal,
        interrupt.clone(),
        registries.revocation.clone(),
    );
    let report = pipeline::run(settings, ports, interrupt, &set).await?;

    let exit = Exit::of_report(&report);
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&report)?,
        Format::Yaml => yaml(&report)?,
        _ => report_table(&report),
    };
    let kept = keep(&report, report_file, link, exit);
    // The result is printed whatever becomes of the files: it is all that tells of the run.
    context.terminal.result(&text)?;
    kept?;
    Ok(Outcome {
        text: String::new(),
        exit,
    })
}

/// Writes the files that were asked for.
fn keep(
    report: &Report,
    report_file: Option<ReportFile>,
    link: Option<(ReportFile, LinkKey)>,
    exit: Exit,
) -> Result<()> {
    let reported = match report_file {
        Some(file) => file.write(&json(report)?, exit),
        None => Ok(()),
    };
    keep_link(report, link, exit)?;
    reported
}

/// Writes the link that was asked for.
pub(super) fn keep_link(
    report: &Report,
    link: Option<(ReportFile, LinkKey)>,
    exit: Exit,
) -> Result<()> {
    if let Some((file, key)) = link {
        let signed = link_of(report).sign(&key).map_err(app::sign_error)?;
        file.write(&String::from_utf8_lossy(&signed), exit)?;
    }
    Ok(())
}

/// The link's file and key, both shown to be usable before the run.
pub(super) fn link(proof: &ProofSettings) -> Result<Option<(ReportFile, LinkKey)>> {
    let Some((file, key)) = &proof.link else {
        return Ok(None);
    };
    if proof.no_sign {
        return Err(Error::Usage {
            message: "`--link` and `--no-sign` contradict each other".to_owned(),
            hint: "leave one of them out".to_owned(),
        });
    }
    let key = app::link_key(key, proof.password.as_ref())?;
    let file: &Path = file;
    Ok(Some((ReportFile::prepare(file)?, key)))
}

/// What the run published, as materials and products of one step.
fn link_of(report: &Report) -> Link {
    let mut link = Link::new();
    for edge in &report.edges {
        if matches!(
            edge.result,
            EdgeResult::Published { .. } | EdgeResult::AlreadyThere
        ) {
            let image = |repository: &promo_core::oci::Repository| {
                ImageReference::new(repository.clone(), None, Some(edge.digest))
            };
            link.add(&image(&edge.source), &image(&edge.destination), edge.digest);
        }
    }
    link
}
