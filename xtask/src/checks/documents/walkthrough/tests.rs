//! What is read from a page, and how its output is compared.

use super::{Step, first_missing, matches, steps};

#[test]
fn commands_and_what_they_show_are_read() {
    let page = "Text.\n```console\n$ promo plan \\\n    --offline\n2 edges\n\n$ true\n```\n```sh\n$ not this\n```\n";
    let wanted = [
        Step {
            command: "promo plan \\\n    --offline".to_owned(),
            shown: vec!["2 edges".to_owned()],
        },
        Step {
            command: "true".to_owned(),
            shown: Vec::new(),
        },
    ];
    assert_eq!(steps(page), wanted);
    assert_eq!(
        steps("```console\n$ cargo run --release -p promo-cli -- demo\n```")[0].command,
        "promo demo"
    );
}

#[test]
fn shown_lines_must_occur_in_order() {
    let shown = ["one".to_owned(), "two … digest".to_owned()];
    assert_eq!(
        first_missing(&shown, "zero\none\nand\ntwo of a digest\n"),
        None
    );
    assert_eq!(
        first_missing(&shown, "two of a digest\none\n"),
        Some("two … digest")
    );
}

#[test]
fn a_gap_stands_for_anything_within_its_line() {
    assert!(matches("a … c …", "a b c d"));
    assert!(matches("…c", "abc"));
    assert!(!matches("a…c", "abcd"));
    assert!(!matches("abc", "abcd"));
    assert!(!matches("a…x…", "abcd"));
}
