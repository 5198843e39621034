use super::*;

#[test]
fn of_a_very_long_line_the_part_around_the_place_is_shown() {
    let line = format!("{}HERE{}", "a".repeat(1000), "b".repeat(1000));
    let text = excerpt(&line, 7, 1001);
    let plain = anstream::adapter::strip_str(&text).to_string();
    let lines: Vec<_> = plain.lines().collect();
    assert!(lines.iter().all(|line| line.len() < 140), "{plain}");
    let caret = lines[2].find('^').unwrap();
    assert_eq!(&lines[1][caret..caret + 4], "HERE");
}

#[test]
fn annotations_can_not_be_forged() {
    assert_eq!(data("a%\r\n::error::b"), "a%25%0D%0A::error::b");
    assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
}
