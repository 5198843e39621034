use super::*;
use crate::image::{ArtifactBuilder, ImageBuilder, IndexBuilder, Layer, schema1};

fn facts(image: &crate::image::BuiltImage) -> ManifestFacts {
    ManifestFacts::parse(&image.manifest()).unwrap()
}

#[test]
fn an_image_needs_its_blobs_but_not_the_foreign_ones() {
    let foreign = Layer::foreign("x", ["https://example.com/x"]);
    let image = ImageBuilder::seeded(1).layer(foreign).build();
    let blobs = image.blobs();
    let facts = facts(&image);
    assert_eq!(
        facts.blobs,
        [blobs[0].digest.clone(), blobs[1].digest.clone()]
    );
    let size: usize = blobs.iter().map(|blob| blob.bytes.len()).sum();
    assert_eq!(facts.content_bytes, size as u64);
    assert_eq!(
        facts.artifact_type.as_deref(),
        Some(crate::image::media_type::OCI_CONFIG)
    );
    assert_eq!((facts.children, facts.subject), (vec![], None));
}

#[test]
fn a_foreign_layer_that_can_be_had_from_nowhere_else_is_needed() {
    let layer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let digest = crate::digest::sha256(b"x");
    let manifest =
        format!(r#"{{"layers":[{{"mediaType":"{layer}","digest":"{digest}","size":1}}]}}"#);
    let facts = ManifestFacts::parse(manifest.as_bytes()).unwrap();
    assert_eq!(facts.blobs, [digest]);
}

#[test]
fn an_index_needs_its_children() {
    let image = ImageBuilder::seeded(1).build();
    let index = IndexBuilder::new()
        .image(image.clone())
        .subject(image.descriptor())
        .build();
    let facts = facts(&index);
    assert_eq!(facts.children, [image.digest()]);
    assert_eq!(facts.subject.as_deref(), Some(image.digest()));
    assert_eq!((facts.blobs, facts.artifact_type), (vec![], None));
}

#[test]
fn an_artifact_has_the_type_that_it_says() {
    let artifact = ArtifactBuilder::new("application/x")
        .annotation("k", "v")
        .build();
    let facts = facts(&artifact);
    assert_eq!(facts.artifact_type.as_deref(), Some("application/x"));
    assert_eq!(facts.annotations["k"], "v");
}

#[test]
fn schema_1_needs_its_layers() {
    let old = schema1("a", "v1", &[Layer::opaque(1, 10)]);
    assert_eq!(facts(&old).blobs, [old.blobs()[0].digest.clone()]);
}

#[test]
fn what_is_no_manifest_is_refused() {
    for text in [
        "",
        "[]",
        "{\"config\":{}}",
        "{\"layers\":[{\"digest\":\"sha256:00\"}]}",
    ] {
        assert!(ManifestFacts::parse(text.as_bytes()).is_err(), "{text}");
    }
}
