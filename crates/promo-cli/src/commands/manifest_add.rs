//! `promo manifest add`: an image of staging into the images file that it belongs to.

use std::path::PathBuf;

use promo_core::Code;
use promo_core::manifest::{self, Addition, ManifestSet, PromoterManifest};
use promo_core::oci::{Digest, ImageReference, Tag};
use schemars::JsonSchema;
use serde::Serialize;

use super::{image, manifest_check};
use crate::app;
use crate::args::ManifestAddArgs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::files;
use crate::output::{Format, Outcome, json, yaml};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, ScopeSettings, TreeSource};

/// `promo.addition/v1`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Added {
    schema: &'static str,
    /// The file that it was added to.
    file: String,
    image: String,
    digest: Digest,
    /// The tags in production; none is by digest only.
    tags: Vec<Tag>,
    /// Nothing was written if all of it stood there already.
    changed: bool,
}

/// Where an image belongs.
struct Place<'a> {
    manifest: &'a PromoterManifest,
    name: &'a str,
}

/// Finds the place, asks for the digest, and writes the file.
pub(crate) async fn run(args: &ManifestAddArgs, context: &Context) -> Result<Outcome> {
    let scope = ScopeSettings::resolve(&args.scope(), &context.resolver)?;
    let source = scope.tree()?;
    let set = manifest_check::load(source)?;
    let reference = image::reference(&args.image)?;
    let tags = tags(args, &reference)?;
    let place = place(&set, &reference)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = app::Registries::connect(&network, progress::observer(context))?;
    let digest = image::digest(&registries, &reference).await?;
    no_conflict(&set, &place, digest, &tags)?;

    let file = place.manifest.images_file().as_str();
    let path: PathBuf = match source {
        TreeSource::Plain(path) => path.clone(),
        TreeSource::Thin(folder) => folder.join(file),
    };
    let bytes = files::read(&path, &files::MANIFESTS)?;
    let text = edited(file, &bytes, place.name, digest, &tags)?;
    let changed = text.as_bytes() != bytes;
    if changed {
        files::replace(&path, &text)?;
    }
    let added = Added {
        schema: "promo.addition/v1",
        file: path.display().to_string(),
        image: place.name.to_owned(),
        digest,
        tags,
        changed,
    };
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&added)?,
        Format::Yaml => yaml(&added)?,
        _ => line(&added),
    };
    Ok(Outcome::done(text))
}

/// The tags in production: those asked for, else that of the image.
fn tags(args: &ManifestAddArgs, reference: &ImageReference) -> Result<Vec<Tag>> {
    if args.tag.is_empty() {
        return Ok(reference.tag().cloned().into_iter().collect());
    }
    let mut tags = Vec::new();
    for text in &args.tag {
        let tag: Tag = text.parse().map_err(|error| Error::Usage {
            message: format!("--tag {text}: {error}"),
            hint: "a tag has letters, digits, `_`, `.` and `-`, at most 128".to_owned(),
        })?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// The promoter manifest whose source registry is nearest to the image. Where several have that source, it is the one
/// that has the image already.
fn place<'a>(set: &'a ManifestSet, reference: &'a ImageReference) -> Result<Place<'a>> {
    let repository = reference.repository().as_str();
    let mut places: Vec<Place<'_>> = set
        .manifests()
        .iter()
        .filter_map(|manifest| {
            let name = repository.strip_prefix(manifest.source().as_str())?;
            let name = name.strip_prefix('/')?;
            Some(Place { manifest, name })
        })
        .collect();
    let nearest = places.iter().map(|place| place.name.len()).min();
    places.retain(|place| Some(place.name.len()) == nearest);
    let has_image = |place: &Place<'_>| {
        let mut images = place.manifest.images().iter();
        images.any(|image| image.name() == place.name)
    };
    if places.len() > 1 && places.iter().any(has_image) {
        places.retain(has_image);
    }
    let files: Vec<_> = places
        .iter()
        .map(|place| place.manifest.images_file().as_str())
        .collect();
    let problem = match files.as_slice() {
        [] => format!("no promoter manifest has a source registry that `{repository}` is in"),
        [_] => String::new(),
        _ => format!("`{repository}` could go into each of {}", files.join(", ")),
    };
    match places.pop() {
        Some(place) if problem.is_empty() => Ok(place),
        _ => Err(Error::Other {
            message: problem,
            code: Code::new("PROMO-X033"),
            hints: vec![
                "an image is added to the manifest whose registry with `src: true` it is in"
                    .to_owned(),
            ],
            exit: Exit::Usage,
            source: None,
        }),
    }
}

/// A tag can have one digest only: the plan would refuse both.
fn no_conflict(set: &ManifestSet, place: &Place<'_>, digest: Digest, tags: &[Tag]) -> Result<()> {
    let destinations = place.manifest.destinations();
    // Two manifests conflict where they have a destination in common.
    let rivals = set.manifests().iter().filter(|manifest| {
        let mut theirs = manifest.destinations().iter();
        theirs.any(|theirs| destinations.contains(theirs))
    });
    let entries = rivals
        .flat_map(|manifest| manifest.images().iter().map(move |image| (manifest, image)))
        .filter(|(_, image)| image.name() == place.name)
        .flat_map(|(manifest, image)| image.digests().iter().map(move |entry| (manifest, entry)))
        .filter(|(_, entry)| entry.digest() != digest);
    for (manifest, entry) in entries {
        let taken = entry.tags().iter().find(|taken| tags.contains(taken.tag()));
        if let Some(taken) = taken {
            return Err(Error::Other {
                message: format!(
                    "the tag `{}` of `{}` belongs to {} already, at {}:{}",
                    taken.tag(),
                    place.name,
                    entry.digest(),
                    manifest.images_file(),
                    taken.position()
                ),
                code: Code::new("PROMO-X034"),
                hints: vec!["pass another tag with `--tag`, or remove that one first".to_owned()],
                exit: Exit::Refused,
                source: None,
            });
        }
    }
    Ok(())
}

/// The text of the file with the additions, one after the other.
fn edited(file: &str, bytes: &[u8], image: &str, digest: Digest, tags: &[Tag]) -> Result<String> {
    let mut wanted: Vec<Option<Tag>> = tags.iter().cloned().map(Some).collect();
    if wanted.is_empty() {
        wanted.push(None);
    }
    let mut text: Option<String> = None;
    for tag in wanted {
        let addition = Addition::new(image, digest, tag).map_err(|error| Error::Image {
            text: image.to_owned(),
            source: Box::new(error),
        })?;
        let now = text.as_ref().map_or(bytes, |text| text.as_bytes());
        let edited = manifest::add(file, now, &addition).map_err(|error| Error::Other {
            message: format!("`{file}` can't be edited"),
            code: error.code(),
            hints: error.hints(),
            exit: Exit::Usage,
            source: Some(Box::new(error)),
        })?;
        text = Some(edited);
    }
    Ok(text.unwrap_or_default())
}

fn line(added: &Added) -> String {
    let word = if added.changed {
        "added to"
    } else {
        "stands already in"
    };
    let tags: Vec<_> = added.tags.iter().map(Tag::as_str).collect();
    let tags = match tags.as_slice() {
        [] => "without a tag".to_owned(),
        tags => format!("as {}", tags.join(", ")),
    };
    format!(
        "{}@{} {tags}: {word} {}\n",
        added.image, added.digest, added.file
    )
}
