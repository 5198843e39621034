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
        None => taken(args, context, registry).await?,
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
    let text = match context.console.format(args.output, &Format::SNAPSHOT) {
        Format::Json => json(&snapshot.to_document())?,
        Format::Csv => snapshot.to_csv(),
        _ => snapshot.to_yaml(),
    };
    Ok(Outcome { text, exit })
}

async fn taken(args: &SnapshotArgs, context: &Context, registry: RegistryPath) -> Result<Snapshot> {
    let promoter = context.promoter(context.settings(Overrides::default(), &[Part::Network])?)?;
    let mut request = SnapshotRequest::new(registry.clone());
    request.minimal = args.minimal;
    let taken = promoter.snapshot(&request).await?;
    if taken.leaves_out_own {
        context.terminal.note(&format!(
            "{registry} is itself a repository; its own images are left out"
        ));
    }
    Ok(taken.snapshot)
}

fn tell_unreadable(snapshot: &Snapshot, context: &Context) {
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
