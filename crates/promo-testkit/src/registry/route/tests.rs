use super::*;

fn parse(method: &Method, path_and_query: &str) -> Target {
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    Target::parse(method, path, &Query::parse(query.as_bytes()))
}

fn parts(target: &Target) -> (Operation, Option<&str>, Option<&str>) {
    (
        target.operation,
        target.repository.as_deref(),
        target.reference.as_deref(),
    )
}

#[test]
fn repositories_have_any_number_of_segments() {
    for (path, name) in [
        ("/v2/a/manifests/v1", "a"),
        ("/v2/a/b/c/d/manifests/v1", "a/b/c/d"),
        (
            "/v2/manifests/blobs/tags/manifests/v1",
            "manifests/blobs/tags",
        ),
    ] {
        let target = parse(&Method::GET, path);
        assert_eq!(
            parts(&target),
            (Operation::ManifestGet, Some(name), Some("v1")),
            "{path}"
        );
    }
}

#[test]
fn a_post_is_a_start_a_mount_or_a_whole_blob() {
    for (query, operation, reference) in [
        ("", Operation::UploadStart, None),
        ("?mount=d&from=x", Operation::Mount, Some("d")),
        ("?digest=d", Operation::BlobPost, Some("d")),
    ] {
        let target = parse(&Method::POST, &format!("/v2/a/b/blobs/uploads/{query}"));
        assert_eq!(
            parts(&target),
            (operation, Some("a/b"), reference),
            "{query}"
        );
    }
}

#[test]
fn a_session_is_named_by_the_path() {
    let target = parse(&Method::PUT, "/v2/a/blobs/uploads/id?digest=sha256%3Aff");
    assert_eq!(
        parts(&target),
        (Operation::BlobPut, Some("a"), Some("sha256:ff"))
    );
    assert_eq!(target.session.as_deref(), Some("id"));
}

#[test]
fn an_escaped_colon_is_a_colon() {
    let target = parse(&Method::HEAD, "/v2/a/blobs/sha256%3Aff");
    assert_eq!(
        parts(&target),
        (Operation::BlobHead, Some("a"), Some("sha256:ff"))
    );
}

#[test]
fn what_is_no_endpoint_is_unknown() {
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/v1/a"),
        (Method::PATCH, "/v2/a/manifests/v1"),
        (Method::POST, "/v2/a/tags/list"),
        (Method::GET, "/v2/a/tags/list/"),
    ] {
        assert_eq!(parse(&method, path).operation, Operation::Unknown, "{path}");
    }
}

#[test]
fn names_and_tags_are_those_of_the_specification() {
    for name in ["a", "a/b", "a-b/c__d", "a.b/0", "a---b", "library/x_y"] {
        assert!(is_repository_name(name), "{name}");
    }
    for name in [
        "", "A", "a//b", "/a", "a/", "-a", "a_", "a___b", "a..b", "a._b", "a b", "a:b",
    ] {
        assert!(!is_repository_name(name), "{name}");
    }
    for tag in ["v1", "_", "V1.2-rc.1", &"a".repeat(128)] {
        assert!(is_tag(tag), "{tag}");
    }
    for tag in [
        "",
        "-a",
        ".a",
        "a b",
        "a/b",
        "a:b",
        "a\nb",
        &"a".repeat(129),
    ] {
        assert!(!is_tag(tag), "{tag}");
    }
}
