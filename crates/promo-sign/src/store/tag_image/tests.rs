use super::*;

fn manifest(media_type: &str, text: &str) -> RawManifest {
    RawManifest::new(
        MediaType::new(media_type),
        DigestAlgorithm::Sha256,
        text.to_owned().into(),
    )
}

fn layer(signature: &str) -> Descriptor {
    let mut layer = Descriptor::of(MediaType::SIMPLE_SIGNING, b"payload");
    let signature = signature.to_owned();
    layer
        .annotations
        .insert(SIGNATURE_ANNOTATION.to_owned(), signature);
    layer
}

#[test]
fn an_image_begins_as_cosign_begins_it() {
    let mut image = TagImage::new();
    image.push(&layer("c2ln")).unwrap();
    let config = image.config().unwrap();
    let payload = Digest::sha256_of(b"payload");
    let text = String::from_utf8(config.bytes.to_vec()).unwrap();
    let expected = format!(
        r#"{{"architecture":"","config":{{}},"created":"0001-01-01T00:00:00Z","history":[{{"created":"0001-01-01T00:00:00Z"}}],"os":"","rootfs":{{"diff_ids":["{payload}"],"type":"layers"}}}}"#
    );
    assert_eq!(text, expected);
    let raw = image.manifest(&config.descriptor).unwrap();
    let text = String::from_utf8(raw.bytes().to_vec()).unwrap();
    let expected = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[{{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{payload}","size":7,"annotations":{{"dev.cosignproject.cosign/signature":"c2ln"}}}}]}}"#,
        config.descriptor.digest, config.descriptor.size
    );
    assert_eq!(text, expected);
}

#[test]
fn what_is_not_understood_is_kept_as_it_is_written() {
    let text = r#"{ "annotations": {"b": "2", "a": "1"}, "layers": [ {"size":7, "x": [1.0, 2e1], "digest":"sha256:239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5","mediaType":"application/vnd.dev.cosign.simplesigning.v1+json"} ], "later": {"z": 1, "y": null}, "config": {"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}, "schemaVersion": 2 }"#;
    let before = manifest(MediaType::DOCKER_MANIFEST, text);
    let mut image = TagImage::read(&before, MediaType::SIMPLE_SIGNING).unwrap();
    image.push(&layer("c2ln")).unwrap();
    let config = image.config().unwrap();
    let docker = "application/vnd.docker.container.image.v1+json";
    assert_eq!(config.descriptor.media_type.as_str(), docker);
    let after = image.manifest(&config.descriptor).unwrap();
    assert_eq!(after.media_type(), before.media_type());
    let after = String::from_utf8(after.bytes().to_vec()).unwrap();
    for kept in [
        r#"{"annotations":{"b": "2", "a": "1"},"layers":[{"size":7, "x": [1.0, 2e1], "digest":"#,
        r#"],"later":{"z": 1, "y": null},"config":{"mediaType":"application/vnd.docker"#,
        r#","schemaVersion":2}"#,
    ] {
        assert!(after.contains(kept), "{kept} in {after}");
    }
}

#[test]
fn the_same_payload_with_another_signature_is_another_layer() {
    let mut image = TagImage::new();
    image.push(&layer("one")).unwrap();
    assert!(image.contains(&layer("one")));
    assert!(!image.contains(&layer("two")));
    let mut unsigned = layer("one");
    unsigned.annotations.clear();
    assert!(!image.contains(&unsigned));
}

#[test]
fn images_with_other_content_are_not_read() {
    let with = |layers: &str| {
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"a","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}},"layers":{layers}}}"#
        )
    };
    let descriptor = serde_json::to_string(&layer("one")).unwrap();
    let read = |media_type, layers: String, of| {
        TagImage::read(&manifest(media_type, &with(&layers)), of).is_some()
    };
    let (oci, sig) = (MediaType::OCI_MANIFEST, MediaType::SIMPLE_SIGNING);
    assert!(read(oci, format!("[{descriptor}]"), sig));
    assert!(!read(
        oci,
        format!("[{descriptor}]"),
        MediaType::DSSE_ENVELOPE
    ));
    assert!(!read(MediaType::OCI_INDEX, format!("[{descriptor}]"), sig));
    assert!(!read(oci, "[]".to_owned(), sig));
    assert!(!read(oci, format!("[{descriptor}],\"layers\":[]"), sig));
}

#[test]
fn a_layer_that_lost_its_certificate_or_log_entry_does_not_stand() {
    let keyless = |names: &[&str]| {
        let mut layer = layer("c2ln");
        for name in names {
            let name = format!("dev.sigstore.cosign/{name}");
            layer.annotations.insert(name, "PEM".to_owned());
        }
        layer
    };
    let all = ["certificate", "chain", "bundle"];
    let mut image = TagImage::new();
    image.push(&keyless(&[])).unwrap();
    assert!(image.contains(&keyless(&[])));
    for stripped in [&all[..], &all[..1], &all[2..]] {
        assert!(!image.contains(&keyless(stripped)), "{stripped:?}");
    }
    let mut image = TagImage::new();
    image.push(&keyless(&all)).unwrap();
    assert!(image.contains(&keyless(&all)));
    assert!(
        !image.contains(&keyless(&[])),
        "a bogus certificate makes it another"
    );
    let mut noted = keyless(&all);
    noted.annotations.insert("note".to_owned(), "x".to_owned());
    assert!(
        image.contains(&noted),
        "what cosign doesn't read makes no difference"
    );
}
