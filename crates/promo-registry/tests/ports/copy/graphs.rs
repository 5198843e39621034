//! Random images copy completely, in an order in which every registry that checks references takes them.

use std::collections::BTreeMap;

use promo_testkit::image::{ArtifactBuilder, BuiltImage, ImageBuilder, IndexBuilder, Layer};
use promo_testkit::registry::Operation::{BlobPut, ManifestPut, Mount};
use promo_testkit::registry::{EmbeddedRegistry, LogEntry};
use proptest::prelude::*;

use crate::world::{PROD, World, content};

/// The shape of an image: few different layers, so that blobs and children are shared.
#[derive(Debug, Clone)]
enum Shape {
    Single { docker: bool, layers: Vec<u64> },
    Artifact { text: u8 },
    Index { docker: bool, children: Vec<Shape> },
}

impl Shape {
    fn build(&self) -> BuiltImage {
        match self {
            Self::Single { docker, layers } => {
                let start = ImageBuilder::new();
                let start = if *docker { start.docker() } else { start };
                let add = |image: ImageBuilder, seed: &u64| image.layer(Layer::opaque(*seed, 300));
                layers.iter().fold(start, add).build()
            }
            Self::Artifact { text } => ArtifactBuilder::new("application/vnd.example")
                .layer("text/plain", text.to_string())
                .build(),
            Self::Index { docker, children } => {
                let start = IndexBuilder::new();
                let start = if *docker { start.docker() } else { start };
                let add = |index: IndexBuilder, child: &Self| index.image(child.build());
                children.iter().fold(start, add).build()
            }
        }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        (any::<bool>(), prop::collection::vec(0_u64..5, 0..4))
            .prop_map(|(docker, layers)| Shape::Single { docker, layers }),
        (0_u8..4).prop_map(|text| Shape::Artifact { text }),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 0..4))
            .prop_map(|(docker, children)| Shape::Index { docker, children })
    })
}

/// When each blob and manifest was sent to a mirror, by the number of the request.
fn sent(mirror: &EmbeddedRegistry) -> BTreeMap<String, u64> {
    let arrived = |entry: &LogEntry| {
        let written = matches!(entry.operation, BlobPut | Mount | ManifestPut);
        written && entry.status == Some(201)
    };
    let entries = mirror.log().filter(arrived).into_iter();
    entries
        .filter_map(|entry| Some((entry.reference?, entry.number)))
        .collect()
}

/// Each manifest was sent after everything that it lists. (The mirrors check that as well: they refuse a
/// manifest whose blobs or children are not there.)
fn check_order(image: &BuiltImage, sent: &BTreeMap<String, u64>) {
    for child in image.children() {
        let put = sent[child.digest()];
        for blob in child.blobs() {
            assert!(sent[&blob.digest] < put, "a manifest before its blob");
        }
        for grandchild in child.children() {
            assert!(sent[grandchild.digest()] < put, "a parent before its child");
        }
        check_order(child, sent);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn random_images_copy_completely_and_in_order(shape in shape()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let image = shape.build();
            let world = World::new().await;
            let copied = world.copy(&world.staged(&image)).await.unwrap();
            for (index, mirror) in [&world.first, &world.second].into_iter().enumerate() {
                content(&copied, index);
                let state = mirror.state();
                let sent = sent(mirror);
                check_order(&image, &sent);
                assert!(!sent.contains_key(image.digest()), "the image itself was put");
                assert_eq!(state.manifest(PROD, image.digest()), None);
                state.put_manifest_as(PROD, image.digest(), image.media_type(), image.manifest());
                assert!(image.is_in(&state, PROD));
            }
        });
    }
}
