use promo_core::oci::DigestAlgorithm;

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

#[test]
fn an_artifact_without_layers_has_its_config() {
    let document = format!(
        r#"{{"schemaVersion":2,"artifactType":"a/b","config":{CONFIG},"layers":[],"unknown":[1]}}"#
    );
    let references = references(&manifest(MediaType::OCI_MANIFEST, document)).unwrap();
    let config = Descriptor::of(MediaType::OCI_CONFIG, b"{}");
    assert_eq!(references, References::Blobs(vec![config]));
}

#[test]
fn urls_are_left_behind() {
    let layer = CONFIG.replace('}', r#","urls":["https://example.com/"]}"#);
    let document = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{layer}]}}"#);
    let found = references(&manifest(MediaType::DOCKER_MANIFEST, document)).unwrap();
    let References::Blobs(blobs) = found else {
        panic!("{found:?}");
    };
    assert_eq!(blobs.len(), 2);
    assert!(blobs.iter().all(|blob| blob.urls.is_empty()));
}

#[test]
fn non_distributable_layers_are_left_out() {
    for media_type in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ] {
        let layer = CONFIG.replace(MediaType::OCI_CONFIG, media_type);
        let document = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{layer}]}}"#);
        let found = references(&manifest(MediaType::OCI_MANIFEST, document)).unwrap();
        let config = Descriptor::of(MediaType::OCI_CONFIG, b"{}");
        assert_eq!(found, References::Blobs(vec![config]));
    }
}

#[test]
fn an_empty_index_lists_nothing() {
    let empty = manifest(
        MediaType::OCI_INDEX,
        r#"{"schemaVersion":2,"manifests":[]}"#,
    );
    let found = references(&empty).unwrap();
    assert_eq!(found, References::Manifests(Vec::new()));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let layer = format!(r#"{{"schemaVersion":2,"manifests":[{CONFIG}]}}"#);
    assert_eq!(code(MediaType::OCI_INDEX, &layer), "PROMO-R043");
    assert_eq!(code("text/html", "<html>"), "PROMO-R043");
    assert_eq!(code(MediaType::OCI_INDEX, "<html>"), "PROMO-R044");
    assert_eq!(
        code(MediaType::OCI_INDEX, r#"{"schemaVersion":2}"#),
        "PROMO-R044"
    );
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
