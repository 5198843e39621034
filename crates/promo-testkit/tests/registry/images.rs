//! What the builders make.

use promo_testkit::digest::{Algorithm, sha256};
use promo_testkit::image::{
    ArtifactBuilder, BuiltImage, Descriptor, ImageBuilder, IndexBuilder, Layer, media_type, schema1,
};
use serde_json::Value;

use crate::support::Bench;

fn read(image: &BuiltImage) -> Value {
    serde_json::from_slice(&image.manifest()).unwrap()
}

#[test]
fn the_same_calls_give_the_same_bytes() {
    let image = || {
        ImageBuilder::new()
            .label("a", "b")
            .layer(Layer::opaque(1, 100))
            .build()
    };
    assert_eq!(image().manifest(), image().manifest());
    // Pinned: a digest that changes would change every fixture that others derived from it.
    assert_eq!(ImageBuilder::seeded(1).build().digest(), PINNED);
    assert_ne!(
        ImageBuilder::seeded(1).build().digest(),
        ImageBuilder::seeded(2).build().digest()
    );
}

const PINNED: &str = "sha256:980d38d87cc331f27dff87dfa007a90cc137c3cc4866d957dac07a1875e4bff7";

#[test]
fn a_config_names_its_layers() {
    let layer = Layer::file("etc/hostname", "promo\n");
    let image = ImageBuilder::new()
        .platform("linux", "arm64")
        .layer(layer)
        .build();
    let config: Value = serde_json::from_slice(&image.blobs()[0].bytes).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], image.blobs()[1].digest);
    assert_eq!(
        (&config["os"], &config["architecture"]),
        (&"linux".into(), &"arm64".into())
    );
    let manifest = read(&image);
    assert_eq!(manifest["config"]["digest"], image.blobs()[0].digest);
    assert_eq!(manifest["layers"][0]["size"], image.blobs()[1].bytes.len());
    assert_eq!(manifest["layers"][0]["mediaType"], media_type::OCI_LAYER);
}

#[test]
fn a_layer_is_an_archive_that_tar_reads() {
    let image = ImageBuilder::new()
        .layer(Layer::files([("a/b", "first"), ("c", "")]))
        .build();
    let archive = &image.blobs()[1].bytes;
    assert_eq!(archive.len(), 512 * 5);
    assert_eq!(&archive[..3], b"a/b");
    assert_eq!(&archive[257..262], b"ustar");
    assert_eq!(&archive[512..517], b"first");
    let sum: u32 = archive[..148]
        .iter()
        .chain(&archive[156..512])
        .map(|byte| u32::from(*byte))
        .sum();
    let field = std::str::from_utf8(&archive[148..154]).unwrap();
    assert_eq!(u32::from_str_radix(field, 8).unwrap(), sum + 8 * 32);
}

#[tokio::test]
async fn indexes_nest_and_may_be_broken_on_purpose() {
    let bench = Bench::new().await;
    let state = bench.registry.state();
    let inner = IndexBuilder::new()
        .image(ImageBuilder::seeded(1).platform("linux", "arm64").build())
        .build();
    let index = IndexBuilder::new()
        .image(inner.clone())
        .image(ImageBuilder::seeded(2).build())
        .missing_child(9)
        .build();
    index.push_to(&state, "a", "v1");
    assert!(index.is_in(&state, "a"));
    assert_eq!(state.manifests("a").len(), 4);
    let manifest = read(&index);
    assert_eq!(manifest["manifests"][0]["digest"], inner.digest());
    assert_eq!(
        manifest["manifests"][1]["platform"]["architecture"],
        "amd64"
    );
    assert!(
        state
            .manifest("a", manifest["manifests"][2]["digest"].as_str().unwrap())
            .is_none()
    );
    state.corrupt_blob("a", &index.children()[1].blobs()[1].digest);
    assert!(!index.is_in(&state, "a"));
    let list = IndexBuilder::new()
        .docker()
        .image(ImageBuilder::seeded(1).docker().build())
        .build();
    assert_eq!(list.media_type(), media_type::DOCKER_LIST);
    assert_eq!(
        read(&list)["manifests"][0]["mediaType"],
        media_type::DOCKER_MANIFEST
    );
    let large = IndexBuilder::new().missing_children(100_000).build();
    assert_eq!(read(&large)["manifests"].as_array().unwrap().len(), 100_000);
}

#[test]
fn artifacts_have_a_type_and_the_empty_config() {
    let image = ImageBuilder::seeded(1).build();
    let artifact = ArtifactBuilder::new("application/x")
        .subject(image.descriptor())
        .build();
    let manifest = read(&artifact);
    assert_eq!(manifest["artifactType"], "application/x");
    assert_eq!(manifest["config"]["mediaType"], media_type::OCI_EMPTY);
    assert_eq!(manifest["config"]["digest"], sha256(b"{}"));
    let expected = Descriptor::new(
        image.media_type(),
        image.digest(),
        image.manifest().len() as u64,
    );
    assert_eq!(manifest["subject"], serde_json::to_value(expected).unwrap());
}

#[test]
fn old_and_foreign_kinds_have_their_media_types() {
    let foreign = ImageBuilder::new()
        .layer(Layer::foreign("x", ["https://example.com/x"]))
        .build();
    assert!(!foreign.blobs()[1].is_distributable);
    assert_eq!(
        read(&foreign)["layers"][0]["urls"][0],
        "https://example.com/x"
    );
    assert_eq!(
        read(&foreign)["layers"][0]["mediaType"],
        media_type::OCI_LAYER_NONDISTRIBUTABLE
    );
    let old = schema1("a", "v1", &[Layer::opaque(1, 10)]);
    assert_eq!(
        (old.media_type(), &read(&old)["schemaVersion"]),
        (media_type::DOCKER_SCHEMA1, &1.into())
    );
    let long = ImageBuilder::seeded(1).algorithm(Algorithm::Sha512).build();
    assert!(long.digest().starts_with("sha512:"));
    assert!(
        long.blobs()
            .iter()
            .all(|blob| blob.digest.starts_with("sha512:"))
    );
}
