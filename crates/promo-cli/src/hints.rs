//! What to do about errors of the library, in the words of the command: its flags, and its other commands.

use std::io::ErrorKind;

use promo::documents::style;
use promo::{Error, EvidenceDocument, InventoryForm, PlacementError};
use promo_core::manifest::LoadError;
use promo_core::pipeline::{Mode, RunError};
use promo_core::plan::{ArtifactError, Verdict};
use promo_core::ports::Failure;
use promo_core::report::Report;
use promo_core::setting;
use promo_core::snapshot::SnapshotError;
use promo_registry::Error as RegistryError;

use crate::plan_hints;

/// The sentences of an error: the command's own, else the library's.
pub(crate) fn of(error: &Error) -> Vec<String> {
    let own = match error {
        Error::Port(failure) => return of_port(failure),
        Error::NoTree => {
            "pass `--thin-manifest-dir DIR` or `--manifest FILE`, or write one of them into promo.toml; `promo init` \
             makes a first tree"
        }
        Error::Manifests(error) if is_missing(error) => {
            "`--thin-manifest-dir` names a folder with `manifests` and `images`, `--manifest` a file"
        }
        Error::NotAPlan { source, .. } if !matches!(**source, ArtifactError::Schema { .. }) => {
            "make it anew with `promo plan --save`"
        }
        Error::NotAnInventory { source, .. } if matches!(**source, SnapshotError::Document(_)) => {
            "write it with `promo snapshot --output json`"
        }
        Error::NoKey => "pass `--key cosign.key`; `promo key generate` makes one",
        Error::Password { .. } => "set COSIGN_PASSWORD, or run promo on a terminal to be asked",
        Error::OfflinePlan { .. } => "leave out `--offline` of `promo plan --save`",
        Error::Unwanted { .. } => "leave out `--fail-fast` to carry out the rest of the plan",
        Error::Stopped { .. } => "leave out `--fail-fast` to plan the other edges",
        Error::InventoryForm {
            problem: InventoryForm::NotJson,
            ..
        } => {
            "in YAML or CSV it doesn't say which registry it is of: write `--inventory REGISTRY=FILE`, or take it with \
             `promo snapshot --output json`"
        }
        Error::InventoryForm {
            problem: InventoryForm::Json,
            ..
        } => "it says itself which registry it is of: write `--inventory FILE`",
        Error::Placement(placement) if matches!(**placement, PlacementError::TagTaken { .. }) => {
            "pass another tag with `--tag`, or remove that one first"
        }
        Error::Run(error) => match **error {
            RunError::NoStagingJudge => {
                "name the accepted public keys with `--staging-key`, or turn it off with `--staging-signatures off`"
            }
            RunError::FailFast { .. } => "leave out `--fail-fast` to promote the other edges",
            _ => return error.hints(),
        },
        Error::NoSigner => {
            return vec![
                "pass a key with `--key cosign.key` (`promo key generate` makes one)".to_owned(),
                "or give up the promise that every published tag has its proof: `--no-sign`"
                    .to_owned(),
            ];
        }
        other => return other.hints(),
    };
    vec![own.to_owned()]
}

/// Those of a failure at a registry.
fn of_port(failure: &Failure) -> Vec<String> {
    let mut hints = failure.hints().to_vec();
    let error = failure.error().and_then(|error| error.downcast_ref());
    match error {
        Some(RegistryError::Unauthenticated {
            host,
            with_credentials: false,
            ..
        }) => {
            hints = vec![
                format!("no credentials were found for {host}: `promo login {host}` logs in"),
                "or name the file that holds them with `--authfile`".to_owned(),
            ];
        }
        Some(
            RegistryError::Unauthenticated { host, .. } | RegistryError::TokenRefused { host, .. },
        ) => {
            hints.push(plan_hints::log_in(host));
        }
        // Its sentence says the same, but not as the file has it.
        Some(RegistryError::ForeignRealm { host, realm }) => {
            let server = realm
                .split_once("://")
                .map_or(realm.as_str(), |(_, server)| server);
            hints = vec![format!(
                "if {realm} does belong to it, let promo.toml say so:\n{}\ntoken-realm = {}",
                setting::registry_table(host),
                setting::quoted(server)
            )];
        }
        _ => {}
    }
    hints
}

/// Whether the promoter manifests are not where they were said to be.
fn is_missing(error: &LoadError) -> bool {
    matches!(error, LoadError::Io { source, .. } if source.kind() == ErrorKind::NotFound)
}

/// What to do after a run, below the text of its report.
pub(crate) fn after(report: &Report) -> String {
    let looked = report.settings.mode == Mode::DryRun && !report.interrupted;
    let confirm = (looked && report.totals.ready > 0).then(|| "`--confirm` promotes".to_owned());
    let verdicts = |wanted: Verdict| report.blocked.iter().any(|edge| edge.verdict == wanted);
    let moves = verdicts(Verdict::TagMove).then(|| {
        "`promo plan` prints what lets a tag move, ready for the file of `--allow-tag-moves`"
            .to_owned()
    });
    style::hints(confirm.iter().chain(&moves))
}

/// What to do after a look at evidence that is missing.
pub(crate) fn after_evidence(document: &EvidenceDocument) -> String {
    let is_missing = document
        .images
        .iter()
        .any(|image| !image.missing.is_empty());
    let hint = is_missing.then(|| {
        "a dry run: nothing was written; without `--dry-run` what is missing is made".to_owned()
    });
    style::hints(hint.iter())
}
