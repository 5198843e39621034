use ::http::StatusCode;

use super::answers::{NoReferrers, answers_no_mount, refused_referrers};
use super::{Dialect, PLAIN};
use crate::{Error, RegistryAnswer};

#[test]
fn google_hosts_are_counted_by_whole_labels_and_on_their_own_port() {
    for (host, is_google, lists_digests) in [
        ("gcr.io", true, true),
        ("eu.gcr.io", true, true),
        ("a.b.gcr.io", true, true),
        ("us-docker.pkg.dev", true, true),
        ("marketplace.google.com", true, false),
        ("pkg.dev", false, false),
        ("google.com", false, false),
        (".gcr.io", false, false),
        ("evilgcr.io", false, false),
        ("evil-pkg.dev", false, false),
        ("evilgoogle.com", false, false),
        ("gcr.io.evil.example", false, false),
        ("us-docker.pkg.dev.evil.example", false, false),
        ("gcr.io:443", false, false),
        ("eu.gcr.io:5000", false, false),
        ("us-docker.pkg.dev:8443", false, false),
        ("gcr.iox", false, false),
        ("localhost:5000", false, false),
    ] {
        let dialect = Dialect::of_name(host);
        assert_eq!(dialect.is_google, is_google, "{host}");
        assert_eq!(dialect.lists_digests, lists_digests, "{host}");
    }
}

#[test]
fn docker_hub_is_one_registry_by_three_names() {
    for (host, api_host, library) in [
        ("docker.io", Some("registry-1.docker.io"), Some("library")),
        (
            "index.docker.io",
            Some("registry-1.docker.io"),
            Some("library"),
        ),
        ("registry-1.docker.io", None, None),
    ] {
        let dialect = Dialect::of(&host.parse().unwrap());
        assert_eq!(dialect.api_host, api_host, "{host}");
        assert_eq!(dialect.library, library, "{host}");
        assert_eq!(dialect.token_server, Some("auth.docker.io"), "{host}");
        assert!(dialect.names.contains(&host), "{host}");
        assert!(dialect.credential_key.is_some(), "{host}");
    }
}

#[test]
fn a_host_that_only_looks_like_a_vendors_is_like_any_other() {
    for host in [
        "docker.io:443",
        "docker.io.example",
        "mydocker.io",
        "hub.docker.io",
        "gitlab.com",
        "registry.gitlab.com:5050",
        "registry.gitlab.example",
        "registry.digitalocean.com.example",
        "registry.example.com",
    ] {
        assert_eq!(*Dialect::of_name(host), PLAIN, "{host}");
    }
}

#[test]
fn a_refused_list_of_referrers_is_read_by_status_and_code() {
    let refused = |status, code| {
        refused_referrers(&Error::Refused {
            host: "r.example".to_owned(),
            what: "the referrers".to_owned(),
            status,
            answer: Some(RegistryAnswer::new(code, "")),
        })
    };
    assert_eq!(refused(400, "UNSUPPORTED"), Some(NoReferrers::NoApi));
    let perhaps = Some(NoReferrers::PerhapsNoManifest);
    assert_eq!(refused(400, "MANIFEST_INVALID"), perhaps);
    assert_eq!(refused(400, "MANIFEST_UNKNOWN"), perhaps);
    assert_eq!(refused(400, "DENIED"), None);
    assert_eq!(refused(409, "MANIFEST_INVALID"), None);
}

#[test]
fn only_429_keeps_a_refused_mount_from_becoming_an_upload() {
    for (status, expected) in [
        (404, true),
        (405, true),
        (500, true),
        (429, false),
        (302, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(answers_no_mount(status), expected, "{status}");
    }
}
