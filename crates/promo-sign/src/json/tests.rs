use serde_json::Value;

use super::*;

#[test]
fn a_key_that_occurs_twice_is_refused_at_any_depth() {
    assert!(parse::<Value>(br#"{"a":1,"b":[{"c":null,"d":"x"}],"e":-1.5}"#).is_some());
    assert!(parse::<Value>(br#"{"a":1,"a":1}"#).is_none());
    assert!(parse::<Value>(br#"[{"b":{"c":1,"c":2}}]"#).is_none());
    assert!(parse::<Value>(br#"{"a":1,"\u0061":2}"#).is_none());
}

#[test]
fn depth_and_size_are_capped() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert!(parse::<Value>(deep.as_bytes()).is_none());
    let large = format!("\"{}\"", "x".repeat(MAX_DOCUMENT));
    assert!(parse::<Value>(large.as_bytes()).is_none());
}
