use serde_json::Value;

use super::*;

#[test]
fn a_key_that_occurs_twice_is_refused_at_any_depth() {
    assert!(parse::<Value>(br#"{"a":1,"b":[{"c":null,"d":"x"}],"e":-1.5}"#).is_some());
    assert!(parse::<Value>(br#"{"a":1,"a":1}"#).is_none());
    assert!(parse::<Value>(br#"[{"b":{"c":1,"c":2}}]"#).is_none());
    assert!(parse::<Value>(br#"{"a":1,"\u0061":2}"#).is_none());
    assert!(parse::<Value>(br#"{"a":1} {}"#).is_none());
}

#[test]
fn depth_and_size_are_capped() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert!(parse::<Value>(deep.as_bytes()).is_none());
    let large = format!("\"{}\"", "x".repeat(MAX_DOCUMENT));
    assert!(parse::<Value>(large.as_bytes()).is_none());
}

#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow)]
    list: &'a RawValue,
    #[serde(borrow)]
    name: Text<'a>,
}

#[test]
fn values_that_are_not_built_may_be_many() {
    let many = format!(r#"{{"list":[{}0],"name":"\u006e"}}"#, "[],".repeat(70_000));
    assert!(parse::<Value>(many.as_bytes()).is_none());
    let outline = parse_outline::<Outline<'_>>(many.as_bytes()).unwrap();
    assert_eq!(outline.list.get().len(), 210_003);
    assert_eq!(outline.name.0, "n");
}

#[test]
fn objects_may_be_many_but_not_open_at_once() {
    let small = r#"{"a":{"b":{}}},"#.repeat(70_000);
    let many = format!(r#"{{"list":[{small}0],"name":""}}"#);
    assert!(parse_outline::<Outline<'_>>(many.as_bytes()).is_some());
    let keys: Vec<String> = (0..70_000).map(|key| format!(r#""{key}":0"#)).collect();
    let wide = format!(r#"{{"list":{{{}}},"name":""}}"#, keys.join(","));
    assert!(parse_outline::<Outline<'_>>(wide.as_bytes()).is_none());
}
