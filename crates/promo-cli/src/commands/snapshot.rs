//! `promo snapshot`: what a registry holds, or what manifests want there.

use promo::documents::{self, json};
use promo::settings::{Overrides, Part};
use promo::{SnapshotRequest, TreeSource};
use promo_core::oci::{RegistryPath, Tag};
use promo_core::snapshot::Snapshot;

use crate::args::SnapshotArgs;
use crate::context::Context;
use crate::diagnostics;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Format, Outcome};

/// Takes the snapshot and prints it.
pub(crate) async fn run(args: &SnapshotArgs, context: &Context) -> Result<Outcome> {
    let registry: RegistryPath = args.registry.parse().map_err(|error| Error::Usage {
        message: format!("{}: {error}", args.registry),
        hint: "a registry is written HOST or HOST/PATH".to_owned(),
    })?;
    let tag = args.tag.as_deref().map(tag).transpose()?;
    let mut snapshot = match &args.from_manifests {
        Some(path) => {
            let set = TreeSource::of_path(path.clone()).load()?;
            Snapshot::of_manifests(&set, &registry)
        }
        None => take(registry, args.minimal, context).await?,
    };
    if let Some(tag) = &tag {
        snapshot = snapshot.with_tag(tag);
    }
    tell_unreadable(&snapshot, context);
    let exit = if snapshot.unreadable().is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    };
    if args.as_manifest {
        let text = manifest_text(snapshot, context);
        return Ok(Outcome { text, exit });
    }
    let text = match context.console.format(args.output, &Format::SNAPSHOT) {
        Format::Json => json(&snapshot.to_document())?,
        Format::Csv => snapshot.to_csv(),
        _ => snapshot.to_yaml(),
    };
    Ok(Outcome { text, exit })
}

/// The images of a promoter manifest that begins with what a registry holds. What can't stand there is told.
pub(super) fn manifest_text(snapshot: Snapshot, context: &Context) -> String {
    let (snapshot, left_out) = snapshot.promotable();
    for left_out in left_out {
        let note = documents::style::one_line(&left_out.to_string());
        context.terminal.note(&format!("left out: {note}"));
    }
    snapshot.to_yaml()
}

/// What a registry holds now.
pub(super) async fn take(
    registry: RegistryPath,
    minimal: bool,
    context: &Context,
) -> Result<Snapshot> {
    let promoter = context.promoter(context.settings(Overrides::default(), &[Part::Network])?)?;
    let mut request = SnapshotRequest::new(registry.clone());
    request.minimal = minimal;
    let taken = promoter.snapshot(&request).await?;
    if taken.leaves_out_own {
        context.terminal.note(&format!(
            "{registry} is itself a repository; its own images are left out"
        ));
    }
    Ok(taken.snapshot)
}

pub(super) fn tell_unreadable(snapshot: &Snapshot, context: &Context) {
    for unreadable in snapshot.unreadable() {
        let message = format!("{}: {}", unreadable.name, unreadable.message);
        let line = diagnostics::warning(unreadable.code.as_str(), &message);
        context.terminal.tell(&line);
    }
    let hints = snapshot.unreadable().iter().flat_map(|one| &one.hints);
    context.terminal.tell(&documents::style::hints(hints));
}

fn tag(text: &str) -> Result<Tag> {
    text.parse().map_err(|error| Error::Usage {
        message: format!("--tag {text}: {error}"),
        hint: "a tag has letters, digits, `_`, `.` and `-`".to_owned(),
    })
}
