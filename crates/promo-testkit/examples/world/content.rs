//! What registries hold: images in repositories, or all that a large tree of promoter manifests wants.
//!
//! All of it is made on the spot, the same each time; who is to fetch what is decided by who gives the orders.

use std::path::Path;

use bytes::Bytes;
use promo_core::manifest::{ManifestSet, TreeFiles};
use promo_testkit::image::{BuiltImage, ImageBuilder, Layer, media_type};
use promo_testkit::registry::{EmbeddedRegistry, RegistryState};
use promo_testkit::tree::TreeShape;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Result;

const REPOSITORIES: u64 = 20;
const TAGS: u64 = 10;
/// How many neighbours share the base layer.
const NEIGHBOURS: u64 = 5;
const BASE_BYTES: usize = 12_250_000;
/// The unit of the other layers.
const LAYER_BYTES: usize = 245_000;
const SMALL_LAYER_BYTES: usize = 200_000;
const SEED: u64 = 2024;

/// How large 200 images are, in 20 repositories.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Size {
    /// Five layers each, 882 MB together: 824 different blobs, of which 4 stand in five repositories.
    Large,
    /// One layer each, which two share, 20 MB together: 300 different blobs.
    Small,
}

/// Builds images, with the names of their repositories.
pub(crate) fn build(size: Size) -> Vec<(String, BuiltImage)> {
    let image = |repository, tag| match size {
        Size::Large => large(repository, tag),
        Size::Small => small(repository, tag),
    };
    let tags = |repository| (0..TAGS).map(move |tag| (repository, tag));
    (0..REPOSITORIES)
        .flat_map(tags)
        .map(|(repository, tag)| (format!("r{repository}"), image(repository, tag)))
        .collect()
}

fn large(repository: u64, tag: u64) -> BuiltImage {
    let image = ImageBuilder::new()
        .layer(Layer::opaque(1_000 + repository / NEIGHBOURS, BASE_BYTES))
        .layer(Layer::opaque(2_000 + repository, BASE_BYTES));
    let first = 3 * (repository * TAGS + tag);
    let image = (first..first + 3).fold(image, |image, number| {
        let units = usize::try_from(1 + number % 7).unwrap_or(1);
        image.layer(Layer::opaque(10_000 + number, units * LAYER_BYTES))
    });
    image.build()
}

fn small(repository: u64, tag: u64) -> BuiltImage {
    let number = repository * TAGS + tag;
    ImageBuilder::new()
        .layer(Layer::opaque(20_000 + number / 2, SMALL_LAYER_BYTES))
        .label("number", &number.to_string())
        .build()
}

/// Puts images below a path, and says which there are.
pub(crate) fn push(images: &[(String, BuiltImage)], state: &RegistryState, path: &str) -> Value {
    let mut told = Vec::new();
    for (number, (name, image)) in (0_u64..).zip(images) {
        let tag = format!("v{}", number % TAGS);
        image.push_to(state, &format!("{path}/{name}"), &tag);
        told.push(json!({"name": name, "tag": tag, "digest": image.digest()}));
    }
    Value::from(told)
}

/// Writes a tree of the shape of the largest public one, with these registries for its hosts, and gives them all that it
/// wants. The source has nothing of it.
pub(crate) fn plant(
    folder: &Path,
    registries: &[&EmbeddedRegistry],
    source: Option<&EmbeddedRegistry>,
    times: u32,
) -> Result<Value> {
    let shape = TreeShape::june_2024(SEED).times(times).without_blemishes();
    let tree = shape.generate();
    let mut files = TreeFiles::new();
    for (path, bytes) in tree.files().files() {
        let mut text = String::from_utf8(bytes.to_vec())?;
        for (number, registry) in registries.iter().enumerate() {
            let name = format!("region-{number}-docker.example");
            text = text.replace(&name, &registry.host());
        }
        if let Some(source) = source {
            text = text.replace("staging.example", &source.host());
        }
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(folder))?;
        std::fs::write(file, &text)?;
        files.insert(path.to_owned(), text);
    }
    let set = ManifestSet::parse_thin(&files)?;
    let repositories: Vec<usize> = registries
        .iter()
        .map(|registry| {
            fill(&set, registry);
            registry.state().repositories().len()
        })
        .collect();
    Ok(json!({"edges": tree.expected().edges, "repositories": repositories}))
}

/// Gives a registry what a tree wants there, without the content behind it.
fn fill(set: &ManifestSet, registry: &EmbeddedRegistry) {
    let state = registry.state();
    let host = format!("{}/", registry.host());
    let manifest = Bytes::from_static(b"{\"schemaVersion\":2}");
    for wanted in set.manifests() {
        let destinations = wanted.destinations().iter().map(ToString::to_string);
        for to in destinations.filter(|to| to.starts_with(&host)) {
            let path = to.strip_prefix(&host).unwrap_or_default();
            for image in wanted.images() {
                let repository = format!("{path}/{}", image.name());
                for entry in image.digests() {
                    let digest = entry.digest().to_string();
                    let kind = media_type::OCI_MANIFEST;
                    state.put_manifest_as(&repository, &digest, kind, manifest.clone());
                    for tag in entry.tags() {
                        state.tag(&repository, tag.tag().as_str(), &digest);
                    }
                }
            }
        }
    }
}
