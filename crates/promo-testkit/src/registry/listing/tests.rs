use http::StatusCode;

use super::*;

/// The entries of a page and its link.
fn list(query: &str, limit: Option<usize>) -> (Vec<&'static str>, Option<String>) {
    let query = Query::parse(query.as_bytes());
    let page = page(["a", "b", "c"].into_iter(), |name| name, &query, limit);
    let reply = page.link(Reply::empty(StatusCode::OK), "/list");
    let link = reply
        .headers
        .get("link")
        .map(|link| link.to_str().unwrap().to_owned());
    (page.entries, link)
}

#[test]
fn a_page_is_as_large_as_both_sides_want() {
    let next = |last: &str, n: u8| Some(format!("</list?last={last}&n={n}>; rel=\"next\""));
    assert_eq!(list("", None), (vec!["a", "b", "c"], None));
    assert_eq!(list("n=2", None), (vec!["a", "b"], next("b", 2)));
    assert_eq!(list("n=3", Some(1)), (vec!["a"], next("a", 1)));
    assert_eq!(list("n=3", None), (vec!["a", "b", "c"], None));
    assert_eq!(list("n=x", None), (vec!["a", "b", "c"], None));
    assert_eq!(list("n=0", None), (vec![], None));
}

#[test]
fn a_page_begins_after_the_last_one_also_when_that_entry_is_gone() {
    assert_eq!(list("last=a", None).0, ["b", "c"]);
    assert_eq!(list("last=aa", None).0, ["b", "c"]);
    assert_eq!(list("last=c&n=1", None), (vec![], None));
}
