//! The promotion of `promo cip`: the pipeline, with kpromo's stop points.

use std::num::NonZeroUsize;
use std::sync::Arc;

use promo::documents::{json, report_text};
use promo::git::Since;
use promo::settings::{
    KeylessSettings, Overrides, Part, ScopeOverrides, Settings, SigningOverrides, SigstoreSource,
};
use promo::{Promoter, SystemClock, TreeSource, planning};
use promo_core::manifest::{ManifestSet, PromoterManifest, Severity};
use promo_core::pipeline::{
    Confirmed, DryRun, EdgeResult, Intent, Planned, ProvenancePolicy, RunSettings, StagingPolicy,
    Validated,
};
use promo_core::plan::{Plan, ProvenanceDemand, Verdict};
use promo_core::ports::{Clock as _, Observer, Phase};
use promo_core::report::Report;

use super::kpromo::{KeylessFlags, canonical_evidence, public_names};
use super::log::Log;
use super::prow;
use super::{given, tree};
use crate::args::CipArgs;
use crate::commands::report_file::ReportFile;
use crate::context::Context;
use crate::error::codes::{ALL_OR_NOTHING, NO_MEANING};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::hints;
use crate::output::Outcome;
use crate::progress;

/// Runs the pipeline up to where the flags stop it.
pub(super) async fn run(args: &CipArgs, context: &Context, log: Log) -> Result<Outcome> {
    let job = Job::prepare(args, context, log)?;
    let interrupt = context.interrupt(&job.promoter);
    let (promoter, settings) = (&job.promoter, job.settings);
    let mut ended = if args.confirm == Some(true) {
        let ready = promoter.ready(settings, promoter.confirmed().await?, interrupt)?;
        carry_out(ready.plan(&job.set).await?, &job.rules, log).await
    } else {
        let ready = promoter.ready(settings, promoter.dry_run().await?, interrupt)?;
        look(ready.plan(&job.set).await?, &job.rules, log).await
    };
    let hosts = promoter.hosts().into_iter();
    ended.report.hosts = hosts.map(|account| account.traffic).collect();
    let exit = if ended.stopped.is_some() || job.rules.failed(&ended.report) {
        Exit::Failed
    } else {
        Exit::Done
    };
    let layout = context.run_layout(false);
    let text = report_text(&ended.report, layout).into_styled() + &hints::after(&ended.report);
    context.terminal.result(&text)?;
    if let Some(file) = job.report_file {
        file.write(&json(&ended.report)?, exit)?;
    }
    match ended.stopped {
        Some(error) => Err(error),
        None => Ok(Outcome {
            text: String::new(),
            exit,
        }),
    }
}

/// A run with everything it needs.
struct Job {
    promoter: Promoter,
    set: ManifestSet,
    settings: RunSettings,
    rules: Rules,
    report_file: Option<ReportFile>,
}

impl Job {
    fn prepare(args: &CipArgs, context: &Context, log: Log) -> Result<Self> {
        let flags = KeylessFlags::resolve(args)?;
        let settings = with_staging_trust(&flags, settings(args, context, &flags)?)?;
        let source = settings.scope.tree()?.clone();
        let set = source.load()?;
        told_of(&set, log);
        let report_file = args.own.report.as_deref().map(ReportFile::prepare_document);
        let observer: Arc<dyn Observer> = if context.console.logs_json() {
            progress::observer(context)
        } else {
            Arc::new(log)
        };
        let promoter = context.promoter_told(settings, observer)?;
        let settings = run_settings(args, context, &promoter, &set, log)?;
        let phases = [
            (
                Phase::Provenance,
                settings.provenance == ProvenancePolicy::Off,
            ),
            (Phase::Validate, settings.staging == StagingPolicy::Off),
        ];
        let not_asked_for = phases.into_iter().filter(|(_, off)| *off);
        Ok(Self {
            rules: Rules {
                isolate: args.own.isolate == Some(true),
                parse_only: args.parse_only == Some(true),
                not_asked_for: not_asked_for.map(|(phase, _)| phase).collect(),
                bad_entries_pass: args.is_k8s() && matches!(source, TreeSource::Thin(_)),
            },
            report_file: report_file.transpose()?,
            promoter,
            set,
            settings,
        })
    }
}

/// What holds, with what `--compat` stands for.
fn settings(args: &CipArgs, context: &Context, flags: &KeylessFlags) -> Result<Settings> {
    let (manifest, thin_manifest_dir) = tree(args);
    let given = Overrides {
        scope: ScopeOverrides {
            manifest,
            thin_manifest_dir,
            allow_tag_moves: args.own.allow_tag_moves.clone(),
            ..ScopeOverrides::default()
        },
        signing: SigningOverrides {
            key: args.own.key.clone(),
            no_sign: args.sign == Some(false),
            ..SigningOverrides::default()
        },
        staging: args.staging.overrides(),
        ..Overrides::default()
    };
    let mut settings = context.settings(given, &Part::ALL)?;
    settings.scope.tree()?;
    if args.is_k8s() {
        settings.signing = settings.signing.with_defaults(canonical_evidence(), true);
    }
    let signing = &settings.signing;
    // A dry run signs nothing, and the job of a pull request has no account.
    if args.confirm == Some(true) && !signing.no_sign && !signing.signs() {
        let environment = context.resolver.environment();
        let keyless = flags.signing(environment)?.ok_or_else(|| Error::Usage {
            message: "a confirmed run signs what it promotes, and nothing says with what: neither a key, nor keyless \
                      signing, nor an account"
                .to_owned(),
            hint: "pass `--key cosign.key` to sign with a key (`promo key generate` makes one) or `--signer-account \
                   ACCOUNT` to sign keyless, or `--sign=false` to publish without proof"
                .to_owned(),
        })?;
        settings.signing = settings.signing.with_keyless(keyless);
    }
    Ok(settings)
}

/// Who is trusted in staging by kpromo's flags, where nothing else says it; the settings then ask for what kpromo asks for.
fn with_staging_trust(flags: &KeylessFlags, mut settings: Settings) -> Result<Settings> {
    if !settings.staging.is_undecided() {
        return Ok(settings);
    }
    let sigstore = settings.signing.keyless().map(KeylessSettings::sigstore);
    let trust = flags.trust(sigstore.unwrap_or(&SigstoreSource::Public))?;
    if let Some(trust) = trust {
        let staging = settings.staging.with_document(trust);
        settings.staging = staging.with_policy(StagingPolicy::IfPresent);
    }
    Ok(settings)
}

/// Says once what the manifests hold that has no meaning.
fn told_of(set: &ManifestSet, log: Log) {
    let mut manifests = set.manifests().iter();
    if manifests.any(PromoterManifest::names_service_account) {
        let message = "`service-account` of registries is ignored: credentials come from docker's and containers' \
                       files (--authfile), with --compat k8s from Google's places first";
        log.warn(NO_MEANING, message);
    }
}

fn run_settings(
    args: &CipArgs,
    context: &Context,
    promoter: &Promoter,
    set: &ManifestSet,
    log: Log,
) -> Result<RunSettings> {
    let scope = &promoter.settings().scope;
    let mut options = promoter.options(false)?;
    if args.is_k8s() && options.identities.rules().is_empty() {
        options.identities = public_names(set);
    }
    if let Some(since) = since_of(args, context)? {
        let diff;
        let now = SystemClock.now();
        let git = (promoter.git(), &since);
        (options, diff) = planning::narrowed_since(options, scope.tree()?, set, git, now)?;
        log.info(&format!("{} edges are new since then", diff.added().len()));
    }
    let mut settings = promoter.run_settings(options);
    if let Some(limit) = concurrency(args)? {
        settings.concurrency = limit.min(settings.concurrency);
    }
    Ok(settings)
}

/// Since when changes count; Prow's flag wins.
fn since_of(args: &CipArgs, context: &Context) -> Result<Option<Since>> {
    if args.use_prow_manifest_diff == Some(true) {
        return prow::since(context.resolver.environment()).map(Some);
    }
    let date = given(args.manifest_diff_since.as_deref());
    Ok(date.map(|date| Since::Date(date.to_owned())))
}

fn concurrency(args: &CipArgs) -> Result<Option<NonZeroUsize>> {
    let Some(count) = args.max_signature_ops else {
        return Ok(None);
    };
    let limit = usize::try_from(count).ok().and_then(NonZeroUsize::new);
    limit.map(Some).ok_or_else(|| Error::Usage {
        message: format!("`--max-signature-ops {count}` would sign nothing"),
        hint: "pass 1 or more".to_owned(),
    })
}

/// When a run stops, and when it failed.
struct Rules {
    /// What can't be promoted is blocked, the rest goes on.
    isolate: bool,
    /// The run ends after its plan.
    parse_only: bool,
    /// Phases of kpromo that do nothing in this run.
    not_asked_for: Vec<Phase>,
    /// Bad entries of thin manifests are passed over, as kpromo does.
    bad_entries_pass: bool,
}

/// How a run ended.
struct Ended {
    report: Report,
    /// What stopped it before its end.
    stopped: Option<Error>,
}

impl Ended {
    fn well(report: Report) -> Self {
        Self {
            report,
            stopped: None,
        }
    }
}

/// A run with `--confirm`.
async fn carry_out(planned: Planned<Confirmed>, rules: &Rules, log: Log) -> Ended {
    let (validated, images) = match up_to_validate(planned, rules, log).await {
        Ok(passed) => passed,
        Err(ended) => return *ended,
    };
    let refused = images - validated.passed().len().min(images);
    if refused > 0 && !rules.isolate {
        return Ended {
            report: Report::new(validated.end()),
            stopped: Some(all_or_nothing(&format!(
                "{refused} images did not pass validate"
            ))),
        };
    }
    let attested = validated.promote().await.sign().await.attest().await;
    Ended::well(Report::new(attested.publish().await.end()))
}

/// A run without it.
async fn look(planned: Planned<DryRun>, rules: &Rules, log: Log) -> Ended {
    match up_to_validate(planned, rules, log).await {
        Ok((validated, _)) => {
            log.info("stopped after validate, without --confirm: nothing was written");
            Ended::well(Report::new(validated.end()))
        }
        Err(ended) => *ended,
    }
}

/// The phases that every run has: what passed them, and how many images came to validate; or how the run ended before.
async fn up_to_validate<I: Intent>(
    planned: Planned<I>,
    rules: &Rules,
    log: Log,
) -> Result<(Validated<I>, usize), Box<Ended>> {
    tell_plan(planned.plan(), log);
    if let Some(stopped) = rules.stops_at_plan(planned.plan()) {
        return Err(Box::new(Ended {
            report: Report::new(planned.end()),
            stopped: Some(stopped),
        }));
    }
    if rules.parse_only {
        log.info("stopped after the plan, because of --parse-only");
        return Err(Box::new(Ended::well(Report::new(planned.end()))));
    }
    let mut work = planned.work().iter();
    let is_required = work.any(|image| image.provenance > ProvenanceDemand::None);
    let is_asked = |phase: Phase| phase == Phase::Provenance && is_required;
    for phase in rules.not_asked_for.iter().filter(|p| !is_asked(**p)) {
        log.info(&format!("phase {} is not asked for", phase.as_str()));
    }
    // What provenance refuses is blocked, and the rest goes on: it can't be had yet.
    let provenance = planned.verify_provenance();
    let images = provenance.passed().len();
    Ok((provenance.validate().await, images))
}

/// The plan in one line.
fn tell_plan(plan: &Plan, log: Log) {
    let summary = plan.summary();
    let counts = summary.verdicts.named().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    log.info(&format!("{} edges: {}", summary.edges, counts.join(", ")));
    if plan.work().is_empty() {
        log.info("nothing to promote");
    }
}

impl Rules {
    /// What keeps everything from being promoted.
    fn stops_at_plan(&self, plan: &Plan) -> Option<Error> {
        if self.isolate {
            return None;
        }
        let verdicts = plan.summary().verdicts;
        let edges = verdicts.iter();
        let edges = edges.filter(|(verdict, count)| *count > 0 && verdict.stops_all());
        let mut in_the_way: Vec<_> = edges
            .map(|(verdict, count)| format!("{count} {verdict}"))
            .collect();
        if verdicts.invalid() > 0 && !self.bad_entries_pass {
            in_the_way.push(format!("{} invalid", verdicts.invalid()));
        }
        (!in_the_way.is_empty()).then(|| all_or_nothing(&in_the_way.join(", ")))
    }

    /// Whether something was blocked. That an image is gone from staging is no failure.
    fn failed(&self, report: &Report) -> bool {
        let mut of_plan = report.blocked.iter();
        let blocked_by_plan = of_plan.any(|edge| edge.verdict != Verdict::Lost);
        let mut of_phases = report.edges.iter();
        let blocked_by_phase = of_phases.any(|edge| matches!(edge.result, EdgeResult::Blocked(_)));
        let bad_entry = report
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Invalid);
        report.interrupted
            || blocked_by_plan
            || blocked_by_phase
            || (bad_entry && !self.bad_entries_pass)
    }
}

fn all_or_nothing(what: &str) -> Error {
    Error::Other {
        message: format!("nothing was promoted: {what}"),
        code: ALL_OR_NOTHING,
        hints: vec!["`--isolate` leaves them and promotes the rest".to_owned()],
        exit: Exit::Failed,
        source: None,
    }
}
