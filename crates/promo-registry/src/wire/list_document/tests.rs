use super::{referrers, repositories, tags};
use crate::limits::PAGE_ENTRIES;

#[test]
fn an_empty_list_is_told_from_an_answer_that_is_none() {
    for (page, entries) in [
        (r#"{"name":"a","tags":["v1","v2"]}"#, Some(2)),
        (r#"{"name":"a","tags":[],"errors":[]}"#, Some(0)),
        (r#"{"tags":null}"#, Some(0)),
        (r#"{"name":"a"}"#, Some(0)),
        (
            r#"{"name":"a","child":["b"],"manifest":null,"tags":null}"#,
            Some(0),
        ),
        ("{}", None),
        ("[]", None),
        ("null", None),
        (r#"["a",["v1"]]"#, None),
        (r#"{"name":"a","tags":[null]}"#, None),
        (r#"{"name":"a","tags":{}}"#, None),
        (r#"{"errors":[{"code":"UNKNOWN"}]}"#, None),
        (
            r#"{"name":"a","tags":null,"errors":[{"code":"UNKNOWN"}]}"#,
            None,
        ),
        (r#"{"name":"a","errors":"later"}"#, None),
        ("", None),
    ] {
        let found = tags(page.as_bytes()).map(|page| page.tags.len());
        assert_eq!(found, entries, "{page}");
    }
}

#[test]
fn a_catalog_and_an_index_say_what_they_list() {
    type Count = fn(&str) -> Option<usize>;
    let lists: [(&str, Count); 2] = [
        ("repositories", |page| {
            repositories(page.as_bytes()).map(|found| found.len())
        }),
        ("manifests", |page| {
            referrers(page.as_bytes()).map(|found| found.len())
        }),
    ];
    for (field, list) in lists {
        for (page, entries) in [
            (r#"{"FIELD":[]}"#, Some(0)),
            (r#" {"FIELD":null}"#, Some(0)),
            ("{}", None),
            ("[]", None),
            (r#"{"FIELD":{}}"#, None),
            (r#"{"errors":[{"code":"DENIED"}]}"#, None),
            (r#"{"FIELD":[],"errors":[{"code":"DENIED"}]}"#, None),
        ] {
            let page = page.replace("FIELD", field);
            assert_eq!(list(&page), entries, "{page}");
        }
    }
}

/// A page of few bytes can have many entries: they are not kept beyond a bound.
#[test]
fn a_page_has_no_more_entries_than_are_read() {
    for (most, is_read) in [(PAGE_ENTRIES, true), (PAGE_ENTRIES + 1, false)] {
        let list = |entry: &str| vec![entry; most].join(",");
        let page = format!(r#"{{"tags":[{}]}}"#, list(r#""""#));
        assert_eq!(tags(page.as_bytes()).is_some(), is_read);
        let page = format!(r#"{{"repositories":[{}]}}"#, list(r#""""#));
        assert_eq!(repositories(page.as_bytes()).is_some(), is_read);
        let entries: Vec<String> = (0..most).map(|it| format!(r#""{it}":{{}}"#)).collect();
        let page = format!(r#"{{"tags":[],"manifest":{{{}}}}}"#, entries.join(","));
        assert_eq!(tags(page.as_bytes()).is_some(), is_read);
    }
}

#[test]
fn of_a_referrer_only_what_is_read_is_kept() {
    const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
    let digest = format!("sha256:{}", "a".repeat(64));
    let page = |fields: &str| {
        format!(r#"{{"manifests":[{{"mediaType":"m/m","digest":"{digest}","size":1,{fields}}}]}}"#)
    };
    let read = |fields: &str| referrers(page(fields).as_bytes())?.pop();
    let many: Vec<String> = (0..1000)
        .map(|number| format!(r#""{number}":"x""#))
        .collect();
    let found = read(&format!(
        r#""artifactType":"a/b","annotations":{{{},"{PREDICATE_TYPE}":"https://example.org/p"}}"#,
        many.join(",")
    ));
    let found = found.unwrap();
    assert_eq!(found.digest.to_string(), digest);
    assert_eq!(found.artifact_type.as_deref(), Some("a/b"));
    let told: Vec<_> = found.annotations.iter().collect();
    assert_eq!(
        told,
        [(
            &PREDICATE_TYPE.to_owned(),
            &"https://example.org/p".to_owned()
        )]
    );
    let long = "x".repeat(2000);
    let fields =
        format!(r#""artifactType":"{long}","annotations":{{"{PREDICATE_TYPE}":"{long}"}}"#);
    let found = read(&fields).unwrap();
    assert_eq!((found.artifact_type, found.annotations.len()), (None, 0));
    for (fields, is_read) in [
        (r#""artifactType":null,"annotations":null"#, true),
        (r#""annotations":{"a":null,"b":"\n"}"#, true),
        (r#""annotations":{"a":1}"#, false),
        (r#""annotations":[]"#, false),
        (r#""artifactType":1"#, false),
        (r#""size":2"#, false),
    ] {
        assert_eq!(read(fields).is_some(), is_read, "{fields}");
    }
}

#[test]
fn of_a_list_of_manifests_digests_and_tags_are_recorded() {
    let (one, other) = ("a".repeat(64), "b".repeat(64));
    let page = format!(
        r#"{{"name":"a","tags":["v1","v2"],"child":["deep"],"manifest":{{
            "sha256:{one}":{{"imageSizeBytes":"12","layerId":"","tag":["v1","v\u0032","no tag"],"timeCreatedMs":"1"}},
            "sha256:{other}":{{"mediaType":"m/m","tag":null}},
            "sha384:{other}":{{}},
            "md5:{one}":{{"tag":["v3"]}}}}}}"#
    );
    let page = tags(page.as_bytes()).unwrap();
    let content = page.content.unwrap();
    assert!(content.is_complete());
    let digests: Vec<String> = content.digests().map(|it| it.to_string()).collect();
    assert_eq!(
        digests,
        [format!("sha256:{one}"), format!("sha256:{other}")]
    );
    let tags: Vec<_> = content
        .tags()
        .map(|(tag, digest)| (tag.as_str(), digest.hex()))
        .collect();
    assert_eq!(tags, [("v1", one.clone()), ("v2", one)]);
    assert_eq!(page.children, ["deep"]);
}

#[test]
fn manifests_that_cannot_be_read_are_no_list() {
    for (manifest, is_read) in [
        ("{}", true),
        (r#"{"sha256:":{"tag":[]}}"#, true),
        ("[]", false),
        (r#""""#, false),
        (r#"{"sha256:":null}"#, false),
        (r#"{"sha256:":{"tag":"v1"}}"#, false),
        (r#"{"sha256:":{"tag":[1]}}"#, false),
        (r#"{"sha256:":{"tag":["v1"]"#, false),
    ] {
        let page = format!(r#"{{"name":"a","manifest":{manifest}}}"#);
        let found = tags(page.as_bytes());
        assert_eq!(
            found.is_some_and(|page| page.content.is_some()),
            is_read,
            "{page}"
        );
    }
}
