use super::*;

#[test]
fn ranges_are_read_as_http_defines_them() {
    assert_eq!(parse_range("bytes=0-3", 10), Some(Asked::Part(0..4)));
    assert_eq!(parse_range("bytes=4-", 10), Some(Asked::Part(4..10)));
    assert_eq!(parse_range("bytes=-3", 10), Some(Asked::Part(7..10)));
    assert_eq!(parse_range("bytes=-30", 10), Some(Asked::Part(0..10)));
    assert_eq!(parse_range("bytes=8-99", 10), Some(Asked::Part(8..10)));
    assert_eq!(parse_range("bytes=10-", 10), Some(Asked::Nothing));
    assert_eq!(parse_range("bytes=-0", 10), Some(Asked::Nothing));
}

#[test]
fn ranges_that_are_not_understood_are_ignored() {
    for header in [
        "items=0-3",
        "bytes=0-1,4-5",
        "bytes=x-1",
        "bytes=3",
        "bytes=-",
    ] {
        assert_eq!(parse_range(header, 10), None, "{header}");
    }
}
