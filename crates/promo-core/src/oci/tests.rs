use super::*;

#[test]
fn digests_are_read_and_written_the_same() {
    for text in [
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a".to_owned(),
        format!("sha512:{}", "0f".repeat(64)),
    ] {
        assert_eq!(text.parse::<Digest>().unwrap().to_string(), text);
    }
}

#[test]
fn what_is_not_a_digest_is_refused_with_the_reason() {
    let long = format!("sha256:{}", "a".repeat(63));
    for (text, wanted) in [
        (
            "ha256:00",
            "digest algorithm `ha256` is not supported, only sha256 and sha512",
        ),
        (
            "00",
            "a digest is written `sha256:` and 64 hexadecimal digits",
        ),
        (&long, "a sha256 digest has 64 hexadecimal digits, not 63"),
        ("sha256:A", "`A` is not a lower-case hexadecimal digit"),
        (
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "digest algorithm `md5` is not supported, only sha256 and sha512",
        ),
    ] {
        assert_eq!(text.parse::<Digest>().unwrap_err().to_string(), wanted);
    }
}

#[test]
fn tags_follow_the_grammar() {
    for good in ["v1.0", "_x", "1", &"a".repeat(128)] {
        assert_eq!(good.parse::<Tag>().unwrap().as_str(), good);
    }
    for bad in ["", ".a", "-a", "a b", "a\nb", "a/b", "é", &"a".repeat(129)] {
        assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
    }
}

#[test]
fn evidence_tags_are_recognised() {
    let digest = Digest::sha256_of(b"x");
    for suffix in ["", ".sig", ".att", ".sbom"] {
        assert!(digest.evidence_tag(suffix).is_evidence());
    }
    assert!(!"sha256-abc.sig".parse::<Tag>().unwrap().is_evidence());
    assert!(!"v1.sig".parse::<Tag>().unwrap().is_evidence());
}

#[test]
fn a_sha512_evidence_tag_is_a_tag() {
    let tag = Digest::of(DigestAlgorithm::Sha512, b"x").evidence_tag("");
    assert!(tag.as_str().parse::<Tag>().is_ok());
}

#[test]
fn registries_and_repositories_are_checked() {
    let path: RegistryPath = "us.gcr.io/k8s-artifacts-prod/kops".parse().unwrap();
    let repository = path.join("dns-controller/sub__x").unwrap();
    assert_eq!(repository.host_str(), "us.gcr.io");
    assert_eq!(
        repository.name(),
        "k8s-artifacts-prod/kops/dns-controller/sub__x"
    );
    assert_eq!(path.relative(&repository), Some("dns-controller/sub__x"));
    let other: RegistryPath = "us.gcr.io/k8s-artifacts-prod/ko".parse().unwrap();
    assert_eq!(other.relative(&repository), None);
    for good in ["localhost:5000", "127.0.0.1:80", "[::1]:5000", "a-b.c"] {
        assert!(good.parse::<RegistryHost>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "http://x",
        "x/",
        "x//y",
        "x/Y",
        "x/a___b",
        "x:0/a",
        "x:99999/a",
        "-x/a",
        "x/a..b",
        "x/../y",
        "x/a:1",
    ] {
        assert!(bad.parse::<RegistryPath>().is_err(), "{bad}");
    }
    for bad in [
        "",
        "https://evil/x",
        "../x",
        "a//b",
        "a/",
        "A",
        "a:b",
        "a@b",
        "a?b",
    ] {
        assert!(path.join(bad).is_err(), "{bad}");
    }
    // The whole name, host not counted, has at most 255 bytes.
    let before = path.as_str().len() - path.host_str().len();
    let longest = "a".repeat(255 - before);
    let repository = path.join(&longest).unwrap();
    assert_eq!(repository.name().len(), 255);
    assert!(path.join(&format!("{longest}a")).is_err());
}

#[test]
fn loopback_is_recognised() {
    for yes in ["localhost:1", "127.0.0.1", "127.9.9.9:5000", "[::1]:5000"] {
        assert!(yes.parse::<RegistryHost>().unwrap().is_loopback(), "{yes}");
    }
    for no in ["10.0.0.1:5000", "localhost.example", "registry.k8s.io"] {
        assert!(!no.parse::<RegistryHost>().unwrap().is_loopback(), "{no}");
    }
}

#[test]
fn image_references_are_read_and_written_the_same() {
    let digest = Digest::sha256_of(b"x");
    for text in [
        "localhost:5000/a/b".to_owned(),
        "localhost:5000/a/b:v1".to_owned(),
        format!("registry.k8s.io/pause@{digest}"),
        format!("registry.k8s.io/pause:3.9@{digest}"),
    ] {
        assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), text);
    }
    for bad in ["pause", "h/x:", "h/x@", "h/x:a b", "https://h/x:1"] {
        assert!(bad.parse::<ImageReference>().is_err(), "{bad}");
    }
}

/// An index whose entries are these texts.
fn index_of(media_type: &str, entries: &[&str]) -> IndexChildren {
    let text = format!(r#"{{"manifests": [{}]}}"#, entries.join(", "));
    let media_type = MediaType::new(media_type);
    IndexChildren::of(&RawManifest::new(
        media_type,
        DigestAlgorithm::Sha256,
        text.into_bytes().into(),
    ))
}

#[test]
fn an_odd_entry_of_an_index_hides_no_other_and_is_never_passed_over_as_complete() {
    let digest = Digest::sha256_of(b"child");
    let child = format!(r#"{{"digest": "{digest}", "size": 5}}"#);
    let index = |entries: &[&str]| index_of(MediaType::OCI_INDEX, entries);
    let digests =
        |children: Vec<Descriptor>| children.iter().map(|it| it.digest).collect::<Vec<_>>();

    let whole = index(&[&child, &child]);
    assert_eq!(digests(whole.clone().into_readable()), [digest]);
    assert_eq!(digests(whole.all().unwrap()), [digest]);
    for odd in [
        "null",
        "7",
        r#"{"size": 5}"#,
        r#"{"digest": "sha256:0", "size": 5}"#,
    ] {
        let children = index(&[odd, &child]);
        assert_eq!(digests(children.clone().into_readable()), [digest], "{odd}");
        assert_eq!(children.all(), None, "{odd}");
    }
    let broken = index(&["{"]);
    assert!(broken.clone().into_readable().is_empty());
    assert_eq!(broken.all(), None);
    // What is no index has no children, whatever it says.
    let image = index_of(MediaType::OCI_MANIFEST, &[&child]);
    assert_eq!(image.all(), Some(Vec::new()));
}
