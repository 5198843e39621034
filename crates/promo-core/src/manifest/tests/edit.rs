//! Additions.

use proptest::prelude::*;

use super::*;
use crate::oci::Digest;

fn addition(image: &str, digit: char, tag: Option<&str>) -> Addition {
    let digest: Digest = format!("sha256:{}", hex(digit)).parse().unwrap();
    Addition::new(image, digest, tag.map(|tag| tag.parse().unwrap())).unwrap()
}

/// Texts before and after; `A`, `B`, `C` stand for digests.
fn assert_added(before: &str, addition: &Addition, after: &str) {
    let expand = |text: &str| {
        ['a', 'b', 'c'].iter().fold(text.to_owned(), |text, digit| {
            let name = digit.to_ascii_uppercase();
            text.replace(name, &format!("sha256:{}", hex(*digit)))
        })
    };
    let result = add("images.yaml", expand(before).as_bytes(), addition);
    let result = result.unwrap_or_else(|error| panic!("{before}: {error:?}"));
    assert_eq!(result, expand(after));
}

#[test]
fn an_image_goes_to_its_sorted_place() {
    let new = addition("m", 'b', Some("v1"));
    let entry = "- name: m\n  dmap:\n    \"B\": [\"v1\"]\n";
    assert_added("", &new, entry);
    assert_added(
        "# none yet",
        &new,
        &format!("# none yet\n{}", entry.trim_end()),
    );
    let (first, last) = (
        "# head\n- name: a # x\n  dmap:\n    A: []\n",
        "# of z\n- name:  z\n  dmap: {}\n",
    );
    assert_added(first, &new, &format!("{first}{entry}"));
    assert_added(
        last,
        &new,
        &format!("# of z\n{entry}- name:  z\n  dmap: {{}}\n"),
    );
    assert_added(
        &format!("{first}\n{last}"),
        &new,
        &format!("{first}\n{entry}{last}"),
    );
}

/// What holds nothing yet is written as what holds something would be, so that the next addition has a line of its own.
#[test]
fn empty_brackets_become_lines() {
    let new = addition("m", 'b', Some("v1"));
    let entry = "- name: m\n  dmap:\n    \"B\": [\"v1\"]\n";
    assert_added("[]\n", &new, entry);
    assert_added("# why\n[]", &new, &format!("# why\n{}", entry.trim_end()));
    assert_added("images: []\n", &new, &format!("images:\n{entry}"));
    assert_added(
        "images:   [] # none\nregistries: []\n",
        &new,
        "images:\n- name: m\n  dmap:\n    \"B\": [\"v1\"] # none\nregistries: []\n",
    );
    assert_added("- name: m\n  dmap: {}\n", &new, entry);
    assert_added(
        "  -   name: m\n      dmap: {}\r\n",
        &new,
        "  -   name: m\n      dmap:\r\n        \"B\": [\"v1\"]\r\n",
    );
    // Where there is more in them, or braces around, they stay.
    assert_added(
        "[ # none yet\n]\n",
        &new,
        "[{name: m, dmap: {\"B\": [\"v1\"]}} # none yet\n]\n",
    );
    assert_added(
        "{images: []}\n",
        &new,
        "{images: [{name: m, dmap: {\"B\": [\"v1\"]}}]}\n",
    );
}

#[test]
fn a_digest_goes_to_its_sorted_place() {
    let new = addition("x", 'b', None);
    for (before, after) in [
        (
            "- name: x\n  dmap:\n    \"A\": ['1']\n    # c\n    C: [] # d\n",
            "- name: x\n  dmap:\n    \"A\": ['1']\n    \"B\": []\n    # c\n    C: [] # d\n",
        ),
        (
            "- name: x\n  dmap:\n    \"C\": ['1']",
            "- name: x\n  dmap:\n    \"B\": []\n    \"C\": ['1']",
        ),
        (
            "- name: x\n  dmap:\n    A:\n    - '1'",
            "- name: x\n  dmap:\n    A:\n    - '1'\n    \"B\": []",
        ),
        (
            "- name: x\r\n  dmap:\r\n    A: []\r\n- name: y\r\n",
            "- name: x\r\n  dmap:\r\n    A: []\r\n    \"B\": []\r\n- name: y\r\n",
        ),
        (
            "- {name: x, dmap: {}}\n",
            "- {name: x, dmap: {\"B\": []}}\n",
        ),
        (
            "- {name: x, dmap: {A: [],}}\n",
            "- {name: x, dmap: {A: [], \"B\": [],}}\n",
        ),
    ] {
        assert_added(before, &new, after);
    }
}

#[test]
fn a_tag_goes_to_its_sorted_place() {
    let new = addition("x", 'a', Some("m"));
    for (before, after) in [
        ("[]", "[\"m\"]"),
        ("[ 'z' ]", "[ \"m\", 'z' ]"),
        ("[a, z]", "[a, \"m\", z]"),
        (
            "[\n     a, # c\n     b # d\n     ]",
            "[\n     a, # c\n     b, \"m\" # d\n     ]",
        ),
        (
            "\n    - a\n    # of z\n    - z",
            "\n    - a\n    - \"m\"\n    # of z\n    - z",
        ),
        ("\n    - a", "\n    - a\n    - \"m\""),
    ] {
        let text = |tags: &str| format!("- name: x\n  dmap:\n    A: {tags}\n- name: y\n");
        assert_added(&text(before), &new, &text(after));
    }
}

#[test]
fn what_is_there_is_not_added_again() {
    let text = "- name: x\n  dmap:\n    A: [m]\n";
    assert_added(text, &addition("x", 'a', Some("m")), text);
    assert_added(text, &addition("x", 'a', None), text);
}

#[test]
fn a_plain_manifest_takes_additions_among_its_images() {
    let head = "registries: [{name: a.example/s, src: true}, {name: b.example/p}]\nimages:\n";
    let before = format!("{head}- name: a\n  dmap:\n    A: []\n");
    let after = format!("{before}- name: x\n  dmap:\n    \"B\": [\"m\"]\n");
    // Only the upper-case letters of the images are expanded.
    assert_added(&before, &addition("x", 'b', Some("m")), &after);
}

#[test]
fn where_there_is_no_place_nothing_is_changed() {
    for text in [
        "- name: x\n",
        "- name: x\n  dmap:\n",
        "-\n  name: x\n  dmap:\n",
        "images:\n",
    ] {
        let error = add("i.yaml", text.as_bytes(), &addition("x", 'a', None)).unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-M080", "{text}");
        assert!(!error.hints().is_empty());
    }
    let error = add("i.yaml", b"- name: [", &addition("x", 'a', None)).unwrap_err();
    assert!(matches!(error, EditError::Load(_)));
    let digest = Digest::sha256_of(b"");
    assert!(Addition::new("https://x", digest, None).is_err());
}

/// An image of a generated file: its name, and digests by digit with their tags.
type Image = (String, Vec<(char, Vec<String>)>);

fn images() -> impl Strategy<Value = Vec<Image>> {
    let tags = proptest::collection::btree_set("[a-d][0-9]?", 0..4)
        .prop_map(|tags| tags.into_iter().collect::<Vec<_>>());
    let digests = proptest::collection::btree_map(proptest::char::range('a', 'f'), tags, 1..4)
        .prop_map(|digests| digests.into_iter().collect::<Vec<_>>());
    proptest::collection::btree_map("[a-c](/[a-c])?", digests, 0..5)
        .prop_map(|images| images.into_iter().collect())
}

/// The same content in one of several styles.
fn write(images: &[Image], style: u8) -> String {
    let images = images.iter().map(|image| write_image(image, style));
    format!("# head\n\n{}", images.collect::<String>())
}

fn write_image((name, digests): &Image, style: u8) -> String {
    let flow = |(digit, tags): &(char, Vec<String>)| {
        format!("sha256:{}: [{}]", hex(*digit), tags.join(", "))
    };
    if style == 0 {
        let digests: Vec<_> = digests.iter().map(flow).collect();
        return format!("- {{name: {name}, dmap: {{{}}}}} # c\n", digests.join(", "));
    }
    let lines = digests
        .iter()
        .map(|digest| match (style, digest.1.is_empty()) {
            (1, _) | (_, true) => format!("      # c\n      {}\n", flow(digest)),
            _ => {
                let tags = digest.1.iter().map(|tag| format!("      -  '{tag}' # c\n"));
                let tags: String = tags.collect();
                format!("      \"sha256:{}\":\n{tags}", hex(digest.0))
            }
        });
    let lines: String = lines.collect();
    if style == 1 {
        format!("# of {name}\n- name: {name}\n  dmap:\n{lines}")
    } else {
        format!("\n-   dmap: # c\n{lines}    name: \"{name}\"\n")
    }
}

/// What a file says, without places.
fn content(text: &str) -> Vec<Image> {
    let mut files = TreeFiles::new();
    files.insert("images/p/images.yaml", text);
    files.insert(
        "manifests/p/promoter-manifest.yaml",
        "registries: [{name: a.example, src: true}, {name: b.example}]",
    );
    let set = ManifestSet::parse_thin(&files).unwrap();
    let image = |image: &ImageEntry| {
        let digests = image.digests().iter().map(|entry| {
            let tags = entry
                .tags()
                .iter()
                .map(|tag| tag.tag().to_string())
                .collect();
            (entry.digest().hex().chars().next().unwrap(), tags)
        });
        (image.name().to_owned(), digests.collect())
    };
    set.manifests()[0].images().iter().map(image).collect()
}

proptest! {
    #[test]
    fn an_addition_adds_itself_and_nothing_else(
        before in images(),
        style in 0_u8..3,
        name in "[a-c](/[a-c])?",
        digit in proptest::char::range('a', 'f'),
        tag in proptest::option::of("[a-d][0-9]?"),
    ) {
        let text = write(&before, style);
        prop_assert_eq!(&content(&text), &before);
        let result = add("images.yaml", text.as_bytes(), &addition(&name, digit, tag.as_deref())).unwrap();
        let mut expected = before.clone();
        if !expected.iter().any(|(other, _)| *other == name) {
            expected.push((name.clone(), Vec::new()));
            expected.sort();
        }
        let image = expected.iter_mut().find(|(other, _)| *other == name).unwrap();
        if !image.1.iter().any(|(other, _)| *other == digit) {
            image.1.push((digit, Vec::new()));
            image.1.sort();
        }
        let tags = &mut image.1.iter_mut().find(|(other, _)| *other == digit).unwrap().1;
        if let Some(tag) = tag.filter(|tag| !tags.contains(tag)) {
            tags.push(tag);
            tags.sort();
        }
        prop_assert_eq!(content(&result), expected);
        // All that stood there still stands there, in order.
        let mut rest = result.chars();
        prop_assert!(text.chars().all(|wanted| rest.any(|c| c == wanted)));
    }
}
