//! The snapshots of `promo cip`: those of `promo snapshot`, with the newline that kpromo puts after them.

use super::given;
use super::log::Log;
use crate::args::{CipArgs, SnapshotArgs};
use crate::commands::snapshot;
use crate::context::Context;
use crate::error::codes::NO_MEANING;
use crate::error::{Error, Result};
use crate::output::{Format, Outcome};

/// Takes the snapshot that was asked for.
pub(super) async fn run(args: &CipArgs, context: &Context, log: Log) -> Result<Outcome> {
    let format = format(args.output.as_deref())?;
    let mut outcome = match given(args.manifest_based_snapshot_of.as_deref()) {
        Some(registry) => {
            let asked = wanted(args, registry, log)?;
            snapshot::run(&with(asked, format), context).await?
        }
        None => snapshot::run(&with(held(args), format), context).await?,
    };
    outcome.text.push('\n');
    Ok(outcome)
}

/// What the registry holds.
fn held(args: &CipArgs) -> SnapshotArgs {
    SnapshotArgs {
        registry: args.snapshot.clone().unwrap_or_default(),
        minimal: args.minimal_snapshot == Some(true),
        tag: given(args.snapshot_tag.as_deref()).map(str::to_owned),
        ..SnapshotArgs::default()
    }
}

/// What the manifests want in it.
fn wanted(args: &CipArgs, registry: &str, log: Log) -> Result<SnapshotArgs> {
    if given(args.snapshot.as_deref()).is_some() {
        return Err(Error::Usage {
            message: "`--snapshot` and `--manifest-based-snapshot-of` ask for different things"
                .to_owned(),
            hint: "pass one of them".to_owned(),
        });
    }
    let ignored: [(&str, bool); 2] = [
        (
            "--snapshot-tag",
            given(args.snapshot_tag.as_deref()).is_some(),
        ),
        ("--minimal-snapshot", args.minimal_snapshot == Some(true)),
    ];
    for (flag, _) in ignored.iter().filter(|(_, given)| *given) {
        let message = format!("{flag} means nothing for what manifests want");
        log.warn(NO_MEANING, &message);
    }
    let tree = super::tree(args);
    let path = tree.0.or(tree.1).ok_or_else(|| Error::Usage {
        message: "no promoter manifests are named".to_owned(),
        hint: "pass `--manifest FILE` or `--thin-manifest-dir DIR`".to_owned(),
    })?;
    Ok(SnapshotArgs {
        registry: registry.to_owned(),
        from_manifests: Some(path),
        ..SnapshotArgs::default()
    })
}

fn with(asked: SnapshotArgs, format: Format) -> SnapshotArgs {
    SnapshotArgs {
        output: Some(format),
        ..asked
    }
}

/// The form, in upper or lower case; checked only for snapshots, as in kpromo.
fn format(text: Option<&str>) -> Result<Format> {
    match given(text).unwrap_or("yaml").to_ascii_lowercase().as_str() {
        "yaml" => Ok(Format::Yaml),
        "csv" => Ok(Format::Csv),
        other => Err(Error::Usage {
            message: format!("`--output {other}` is no form of snapshots"),
            hint: "pass yaml or csv".to_owned(),
        }),
    }
}
