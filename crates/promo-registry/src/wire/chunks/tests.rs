use bytes::Bytes;

use super::{Kept, end_of};

#[test]
fn the_end_of_an_upload_is_read() {
    for (range, end) in [
        ("0-0", Some(0)),
        ("0-1023", Some(1024)),
        (" bytes=0-9 ", Some(10)),
        ("5-9", None),
        ("0-", None),
        ("0--1", None),
        ("0-18446744073709551615", None),
        ("", None),
    ] {
        assert_eq!(end_of(range), end, "{range}");
    }
}

#[test]
fn what_is_acknowledged_is_dropped_and_the_rest_kept() {
    let mut kept = Kept::default();
    for piece in ["abc", "defg", "h"] {
        kept.push(Bytes::from(piece));
    }
    assert_eq!(kept.beginning(5), ["abc", "de"]);
    assert!(kept.drop_until(4));
    assert_eq!((kept.first, kept.bytes), (4, 4));
    assert_eq!(kept.beginning(100), ["efg", "h"]);
    for outside in [3, 9, u64::MAX] {
        assert!(!kept.drop_until(outside));
    }
    assert!(kept.drop_until(8));
    assert!(kept.beginning(1).is_empty());
}
