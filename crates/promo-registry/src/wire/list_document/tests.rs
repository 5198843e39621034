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
