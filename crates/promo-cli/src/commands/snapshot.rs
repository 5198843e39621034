//! `promo snapshot`: what a registry holds, or what manifests want there.

use std::collections::BTreeSet;

use promo_core::inventory::{Inventory, RepositoryInventory};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, ManifestReference, RegistryPath, Tag};
use promo_core::snapshot::Snapshot;
use serde::Deserialize;

use super::manifest_check;
use crate::app;
use crate::args::SnapshotArgs;
use crate::diagnostics;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{Format, Outcome, json};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, TreeSource};

/// Takes the snapshot and prints it.
pub(crate) async fn run(args: &SnapshotArgs, context: &Context) -> Result<Outcome> {
    let registry: RegistryPath = args.registry.parse().map_err(|error| Error::Usage {
        message: format!("{}: {error}", args.registry),
        hint: "a registry is written HOST or HOST/PATH".to_owned(),
    })?;
    let tag = args.tag.as_deref().map(tag).transpose()?;
    let mut snapshot = match &args.from_manifests {
        Some(path) => {
            let set: ManifestSet = manifest_check::load(&TreeSource::of_path(path.clone()))?;
            Snapshot::of_manifests(&set, &registry)
        }
        None => taken(args, context, &registry).await?,
    };
    if let Some(tag) = &tag {
        snapshot = snapshot.with_tag(tag);
    }
    for unreadable in snapshot.unreadable() {
        let message = format!("{}: {}", unreadable.name, unreadable.message);
        let line = diagnostics::warning(unreadable.code.as_str(), &message);
        context.terminal.tell(&line);
    }
    let hints = snapshot.unreadable().iter().flat_map(|one| &one.hints);
    context.terminal.tell(&diagnostics::hints(hints));
    let exit = if snapshot.unreadable().is_empty() {
        Exit::Done
    } else {
        Exit::Left
    };
    let text = match context.console.format(args.output, &Format::SNAPSHOT) {
        Format::Json => json(&snapshot.to_document())?,
        Format::Csv => snapshot.to_csv(),
        _ => snapshot.to_yaml(),
    };
    Ok(Outcome { text, exit })
}

async fn taken(
    args: &SnapshotArgs,
    context: &Context,
    registry: &RegistryPath,
) -> Result<Snapshot> {
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = app::Registries::connect(&network, progress::observer(context))?;
    let inventory = registries.inventory.walk(registry).await?;
    let snapshot = Snapshot::of_inventory(&inventory, registry);
    mind_the_path_itself(context, &inventory, &snapshot)?;
    if args.minimal {
        return minimal(&registries, snapshot).await;
    }
    Ok(snapshot)
}

/// Names in a snapshot are relative to the registry, so images at the path itself have none. Leaving them out
/// in silence would be wrong: it is said, and where they are all there is, it is an error.
fn mind_the_path_itself(
    context: &Context,
    inventory: &Inventory,
    snapshot: &Snapshot,
) -> Result<()> {
    let registry = snapshot.registry();
    let at_path = inventory.repositories().any(|(repository, known)| {
        repository.as_str() == registry.as_str()
            && matches!(known, RepositoryInventory::Read(content) if content.digests().next().is_some())
    });
    if !at_path {
        return Ok(());
    }
    let message = format!("{registry} is itself a repository");
    if snapshot.records().next().is_some() {
        context
            .terminal
            .note(&format!("{message}; its own images are left out"));
        return Ok(());
    }
    Err(Error::Usage {
        message,
        hint: "take the snapshot of the path above it: names in a snapshot are relative to the registry"
            .to_owned(),
    })
}

fn tag(text: &str) -> Result<Tag> {
    text.parse().map_err(|error| Error::Usage {
        message: format!("--tag {text}: {error}"),
        hint: "a tag has letters, digits, `_`, `.` and `-`".to_owned(),
    })
}

/// Without the digests that have no tag and are children of an index. Only repositories that have
/// digests without a tag are looked into.
async fn minimal(registries: &app::Registries, snapshot: Snapshot) -> Result<Snapshot> {
    let untagged: BTreeSet<String> = snapshot
        .records()
        .filter(|record| record.tag.is_none())
        .map(|record| record.name.to_owned())
        .collect();
    let wanted: BTreeSet<(String, Digest)> = snapshot
        .records()
        .filter(|record| untagged.contains(record.name))
        .map(|record| (record.name.to_owned(), record.digest))
        .collect();
    let mut children = BTreeSet::new();
    for (name, digest) in wanted {
        let Ok(repository) = snapshot.registry().join(&name) else {
            continue;
        };
        let reference = ManifestReference::from(digest);
        let manifest = registries
            .registry
            .get_manifest(&repository, &reference)
            .await?;
        if let Some(manifest) = manifest.filter(|manifest| manifest.media_type().is_index()) {
            children.extend(children_of(manifest.bytes()));
        }
    }
    Ok(snapshot.minimal(&children))
}

/// The children that an index lists; what isn't understood lists none, so that nothing is left out for it.
fn children_of(index: &[u8]) -> Vec<Digest> {
    #[derive(Deserialize)]
    struct Index {
        manifests: Vec<Child>,
    }
    #[derive(Deserialize)]
    struct Child {
        digest: Digest,
    }
    let index: Result<Index, _> = serde_json::from_slice(index);
    index
        .map(|index| {
            index
                .manifests
                .into_iter()
                .map(|child| child.digest)
                .collect()
        })
        .unwrap_or_default()
}
