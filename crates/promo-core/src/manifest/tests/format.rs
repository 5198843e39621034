//! The canonical layout.

use proptest::prelude::*;

use super::properties::yaml_like;
use super::*;

fn formatted(text: &str) -> String {
    let once = format("m.yaml", text.as_bytes()).unwrap();
    assert_eq!(
        format("m.yaml", once.as_bytes()).unwrap(),
        once,
        "a second time"
    );
    once
}

#[test]
fn comments_and_order_stay_and_the_layout_is_canonical() {
    let (a, b) = (hex('a'), hex('b'));
    let text = format!(
        "# head\r\n\r\n\r\n-   name:   \"pause\"   # the smallest\r\n    dmap:\r\n      # newest\r\n      sha256:{b}:\r\n      - '3.9' # stable\r\n      - 1.10\r\n\r\n      'sha256:{a}': [ a,\r\n         \"b\" ]  # two\r\n# next\r\n- {{name: x, dmap: {{}}}}\r\n\r\n  # end"
    );
    let expected = format!(
        "# head\n\n- name: pause # the smallest\n  dmap:\n    # newest\n    # stable\n    \"sha256:{b}\": [\"3.9\", \"1.10\"]\n\n    \"sha256:{a}\": [\"a\", \"b\"] # two\n# next\n- name: x\n  dmap: {{}}\n\n# end\n"
    );
    assert_eq!(formatted(&text), expected);
}

#[test]
fn registries_keep_their_booleans() {
    let text = "registries:\n  - {name: 'a.example/s', src: true}\n  - name: b.example:5000/p # mirror\n    service-account: x@y.iam\nprovenance: {mode: off}\n";
    let expected = "registries:\n- name: a.example/s\n  src: true\n- name: \"b.example:5000/p\" # mirror\n  service-account: x@y.iam\nprovenance:\n  mode: off\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn bad_entries_stay() {
    let text = "- name: X\n  dmap:\n    ha256:1: [~, null, 'null', \"a\\nb\"]\n";
    let expected = "- name: X\n  dmap:\n    \"ha256:1\": [null, null, \"null\", \"a\\nb\"]\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_hash_in_quotes_is_no_comment() {
    let text = "- name: 'a # b'\n  dmap: {\"c # d\": ['e\n   # f']} # real\n";
    let expected = "- name: \"a # b\"\n  dmap:\n    \"c # d\": [\"e # f\"] # real\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn texts_in_blocks_keep_the_comments_behind_them() {
    let text = "- name: |-\n    x # y\n    # z\n\n  # real\n  dmap: {\"\\u0001\": []}\n";
    let expected = "- name: \"x # y\\n# z\"\n  # real\n  dmap:\n    \"\\U00000001\": []\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn comments_alone_stay_as_they_are() {
    assert_eq!(formatted("# a\n\n# b\n"), "# a\n\n# b\n");
    assert_eq!(formatted(""), "");
}

#[test]
fn what_would_be_lost_is_not_formatted() {
    for (text, code) in [
        ("- &a x\n- *a\n", "PROMO-M023"),
        ("- <<: {a: b}\n", "PROMO-M024"),
        ("- !!str x\n", "PROMO-M025"),
        ("- a\n---\n- b\n", "PROMO-M022"),
    ] {
        let error = format("m.yaml", text.as_bytes()).unwrap_err();
        assert_eq!(error.code().as_str(), code, "{text}");
    }
    let utf16: Vec<u8> = "\u{feff}[]"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = format("m.yaml", &utf16).unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-M020");
}

#[test]
fn brackets_under_their_key_become_one_line() {
    let text = "- name: x #c\n  dmap: {\n    \"a\": [ # of a\n      v1,\n      v2,\n    ],\n  }\n";
    let expected = "- name: x #c\n  dmap:\n    # of a\n    a: [\"v1\", \"v2\"]\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn real_files_say_the_same_when_formatted() {
    let Some(corpus) = std::env::var_os("PROMO_CORPUS") else {
        println!("PROMO_CORPUS is not set: the real trees were not checked");
        return;
    };
    let tree = TreeFiles::read(&std::path::Path::new(&corpus).join("k8s-2022")).unwrap();
    let mut other = TreeFiles::new();
    for (path, bytes) in tree.files() {
        let text = std::str::from_utf8(bytes).unwrap();
        let once = formatted(text);
        let comments = |text: &str| text.matches('#').count();
        assert_eq!(comments(&once), comments(text), "{path}");
        other.insert(path, once);
    }
    let (old, new) = (
        ManifestSet::parse_thin(&tree),
        ManifestSet::parse_thin(&other),
    );
    assert_eq!(old.unwrap().summary(), new.unwrap().summary());
}

proptest! {
    #[test]
    fn what_can_be_formatted_says_the_same_and_stays(text in yaml_like()) {
        if let Ok(once) = format("m.yaml", text.as_bytes()) {
            prop_assert_eq!(&format("m.yaml", once.as_bytes()).unwrap(), &once);
            let (old, new) = (
                ManifestSet::parse_plain("m.yaml", text.as_bytes()),
                ManifestSet::parse_plain("m.yaml", once.as_bytes()),
            );
            prop_assert_eq!(old.is_ok(), new.is_ok());
            if let (Ok(old), Ok(new)) = (old, new) {
                prop_assert_eq!(old.summary(), new.summary());
            }
        }
    }
}
