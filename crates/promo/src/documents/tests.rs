mod forms;
mod pages;

use super::style::one_line;
use super::*;
use crate::human::human_bytes;

#[test]
fn cells_are_aligned_and_show_control_characters() {
    let mut table = Table::new(["A", "B"]);
    table.row(["wide cell".to_owned(), "1".to_owned()]);
    table.row(["ü".to_owned(), "two\nlines\u{1b}[31m".to_owned()]);
    let plain = anstream::adapter::strip_str(&table.render()).to_string();
    insta::assert_snapshot!(plain, @r#"
    A          B
    wide cell  1
    ü          two\nlines\u{1b}[31m
    "#);
}

#[test]
fn bytes_are_shown_in_the_largest_unit_that_they_fill() {
    let shown = [0, 1023, 1024, 1536, (1 << 20) - 1, 1 << 20, 5 << 30].map(human_bytes);
    let expected = [
        "0 B",
        "1023 B",
        "1.00 KiB",
        "1.50 KiB",
        "1024.00 KiB",
        "1.00 MiB",
        "5.00 GiB",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn nouns_have_their_plural() {
    assert_eq!(counted(0, "edge"), "0 edges");
    assert_eq!(counted(1, "invalid entry"), "1 invalid entry");
    assert_eq!(counted(2, "invalid entry"), "2 invalid entries");
}

#[test]
fn what_comes_from_outside_stays_on_its_line() {
    assert_eq!(one_line("a\r\nb\u{7}"), "a\\r\\nb\\u{7}");
    assert_eq!(one_line("ä – ok"), "ä – ok");
}
