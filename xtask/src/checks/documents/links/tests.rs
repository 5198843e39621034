//! Small texts, and what is found in them.

use super::{headings, relative};

#[test]
fn links_are_found_outside_code() {
    let text = "See [a](a.md), `[b](b.md)` and [c](../c.md#one \"title\").\n```\n[d](d.md)\n```\n[e](https://e.example)";
    assert_eq!(relative(text), ["a.md", "../c.md#one"]);
}

#[test]
fn headings_become_anchors() {
    let names = headings("# What `promo` does\n```\n# not one\n```\n### Two-part, name\n#no");
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["two-part-name", "what-promo-does"]
    );
}

#[test]
fn marked_places_are_anchors() {
    let names = headings("| <a id=\"one\"></a>`One` | <a id=\"two\"></a> |\n<a href=\"three\">\n");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["one", "two"]);
}
