use promo_core::oci::DigestAlgorithm;
use promo_testkit::image::{ArtifactBuilder, ImageBuilder, IndexBuilder, Layer};

use super::*;

const CONFIG: &str = r#"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;

fn manifest(media_type: &str, document: impl Into<String>) -> RawManifest {
    RawManifest::new(
        MediaType::new(media_type),
        DigestAlgorithm::Sha256,
        document.into().into(),
    )
}

fn code(media_type: &str, document: &str) -> &'static str {
    let refused = references(&manifest(media_type, document)).unwrap_err();
    refused.code().as_str()
}

fn copied(media_type: &str, document: &str) -> (Vec<Descriptor>, Vec<Descriptor>) {
    match references(&manifest(media_type, document)) {
        Ok(References::Blobs { blobs, elsewhere }) => (blobs, elsewhere),
        other => panic!("{document}: {other:?}"),
    }
}

fn config() -> Descriptor {
    Descriptor::of(MediaType::OCI_CONFIG, b"{}")
}

#[test]
fn an_artifact_without_layers_has_its_config() {
    for layers in [r#","layers":[]"#, r#","layers":null"#, ""] {
        let document = format!(
            r#"{{"schemaVersion":2,"artifactType":"a/b","config":{CONFIG}{layers},"unknown":[1]}}"#
        );
        let found = copied(MediaType::OCI_MANIFEST, &document);
        assert_eq!(found, (vec![config()], vec![]), "{document}");
    }
}

#[test]
fn what_copying_does_not_need_may_be_odd() {
    let plain = CONFIG.replace(
        '}',
        r#","urls":null,"annotations":null,"platform":"","data":7}"#,
    );
    let untyped = CONFIG.replace(MediaType::OCI_CONFIG, "");
    let nothing = CONFIG.replace(&format!(r#""{}""#, MediaType::OCI_CONFIG), "null");
    for layer in [plain, untyped, nothing] {
        for head in [
            r#""schemaVersion":2,"mediaType":"","#,
            r#""manifests":null,"#,
            "",
        ] {
            let document = format!(
                r#"{{{head}"annotations":null,"subject":null,"config":{CONFIG},"layers":[{layer}]}}"#
            );
            assert_eq!(copied(MediaType::OCI_MANIFEST, &document).0.len(), 2);
        }
        let entry = layer.replace(MediaType::OCI_CONFIG, MediaType::OCI_MANIFEST);
        let document = format!(r#"{{"config":null,"layers":null,"manifests":[{entry}]}}"#);
        let found = references(&manifest(MediaType::OCI_INDEX, document)).unwrap();
        assert!(matches!(found, References::Manifests(children) if children.len() == 1));
    }
}

#[test]
fn a_config_is_copied_even_if_it_says_where_else_it_is() {
    let layer = CONFIG.replace('}', r#","urls":["https://example.com/"]}"#);
    let document = format!(r#"{{"schemaVersion":2,"config":{layer},"layers":[{layer}]}}"#);
    let (blobs, elsewhere) = copied(MediaType::DOCKER_MANIFEST, &document);
    let urls: Vec<usize> = blobs.iter().map(|blob| blob.urls.len()).collect();
    assert_eq!((urls, elsewhere.len()), (vec![0, 1], 0));
}

#[test]
fn non_distributable_layers_stay_only_if_they_can_be_had_elsewhere() {
    for media_type in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ] {
        for (urls, stay) in [
            ("", 0),
            (r#","urls":null"#, 0),
            (r#","urls":[]"#, 0),
            (r#","urls":["https://example.com/"]"#, 1),
        ] {
            let layer = CONFIG
                .replace(MediaType::OCI_CONFIG, media_type)
                .replace('}', &format!("{urls}}}"));
            let document = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{layer}]}}"#);
            let (blobs, elsewhere) = copied(MediaType::OCI_MANIFEST, &document);
            assert_eq!((blobs.len(), elsewhere.len()), (2 - stay, stay), "{layer}");
        }
    }
}

#[test]
fn an_empty_index_lists_nothing() {
    for list in ["[]", "null"] {
        let document = format!(r#"{{"schemaVersion":2,"manifests":{list}}}"#);
        let found = references(&manifest(MediaType::OCI_INDEX, document)).unwrap();
        assert_eq!(found, References::Manifests(Vec::new()));
    }
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let layer = format!(r#"{{"schemaVersion":2,"manifests":[{CONFIG}]}}"#);
    assert_eq!(code(MediaType::OCI_INDEX, &layer), "PROMO-R043");
    assert_eq!(code("text/html", "<html>"), "PROMO-R043");
    assert_eq!(code(MediaType::OCI_INDEX, "<html>"), "PROMO-R044");
    let no_config = r#"{"schemaVersion":2,"layers":[]}"#;
    assert_eq!(code(MediaType::OCI_MANIFEST, no_config), "PROMO-R044");
    let no_list = r#"{"schemaVersion":2}"#;
    assert_eq!(code(MediaType::OCI_INDEX, no_list), "PROMO-R044");
    let unsigned = r#"{"schemaVersion":1,"fsLayers":[{"blobSum":"sha1:00"}]}"#;
    assert_eq!(code(MediaType::DOCKER_SCHEMA1, unsigned), "PROMO-R046");
    assert_eq!(code(MediaType::DOCKER_SCHEMA1, "{}"), "PROMO-R044");
}

#[test]
fn lists_of_two_kinds_are_refused() {
    let both = format!(r#"{{"schemaVersion":2,"manifests":[],"config":{CONFIG},"layers":[]}}"#);
    for media_type in [MediaType::OCI_INDEX, MediaType::OCI_MANIFEST] {
        assert_eq!(code(media_type, &both), "PROMO-R045");
    }
    let twice = r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#;
    assert_eq!(code(MediaType::OCI_INDEX, twice), "PROMO-R044");
    let other = r#"{"schemaVersion":2,"mediaType":"a/b","manifests":[]}"#;
    assert_eq!(code(MediaType::OCI_INDEX, other), "PROMO-R045");
}

/// Whatever the types of `oci-spec` read is read the same way here.
#[test]
fn it_reads_what_others_read() {
    let foreign = Layer::foreign("x", ["https://example.com/x"]);
    let single = ImageBuilder::seeded(1).layer(foreign).build();
    let artifact = ArtifactBuilder::new("a/b").layer("text/plain", "x").build();
    for image in [&single, &artifact] {
        let read: oci_spec::image::ImageManifest =
            serde_json::from_slice(&image.manifest()).unwrap();
        let expected = std::iter::once(read.config()).chain(read.layers());
        let expected: Vec<_> = expected
            .map(|it| (it.digest().to_string(), it.size()))
            .collect();
        let text = String::from_utf8(image.manifest().to_vec()).unwrap();
        let (blobs, elsewhere) = copied(image.media_type(), &text);
        let found = blobs.iter().chain(&elsewhere);
        let found: Vec<_> = found.map(|it| (it.digest.to_string(), it.size)).collect();
        assert_eq!(found, expected);
    }
    let index = IndexBuilder::new().image(single).image(artifact).build();
    let read: oci_spec::image::ImageIndex = serde_json::from_slice(&index.manifest()).unwrap();
    let expected = read.manifests().iter();
    let expected: Vec<_> = expected
        .map(|it| (it.digest().to_string(), it.size()))
        .collect();
    let text = String::from_utf8(index.manifest().to_vec()).unwrap();
    let Ok(References::Manifests(children)) = references(&manifest(index.media_type(), text))
    else {
        panic!("an index");
    };
    let found: Vec<_> = children
        .iter()
        .map(|it| (it.digest.to_string(), it.size))
        .collect();
    assert_eq!(found, expected);
}
