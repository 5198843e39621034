//! Files that kpromo takes: each was checked with its parser, gopkg.in/yaml.v2 2.4.0, and must not stop a tree.

use proptest::prelude::*;

use super::*;

/// The images of a plain manifest after `images:`, all of which ask for `x` with digest `A` under `v1` and `v2`.
const LAYOUTS: &[&str] = &[
    // Brackets and braces under their key, further out, and in between.
    "- name: x\n  dmap:\n    \"A\": [\n      \"v1\",\n      \"v2\",\n    ]\n",
    "- name: x\n  dmap:\n    \"A\": [\n\"v1\",\n\"v2\"\n]\n",
    "- name: x\n  dmap: {\n    \"A\": [\"v1\", v2],\n  }\n",
    "- name: x\n  dmap: {\n\"A\": [\"v1\", v2],\n}\n",
    "- {\n  name: x,\n  dmap: {\n    \"A\": [\n\"v1\", v2\n  ]\n  }\n}\n",
    " [\n{\"name\":\"x\",\"dmap\":{\"A\":[\"v1\",\"v2\"]}}\n]\n",
    "- name: x\n  dmap:\n    \"A\": [\n      \"v1\"\n    ,\"v2\"\n    ]\n",
    // Comments right behind what they speak of, and between brackets.
    "- name: \"x\"#c\n  dmap:\n    \"A\": [v1,#c\n v2]#c\n",
    "- name: x\n  dmap:\n    \"A\": [\n# one\n      \"v1\", # two ]\n      'v2'\n# ]\n    ] # three\n",
    // Tabs, which libyaml takes for blanks where they don't indent.
    "- name:\tx\t# c\n  dmap:\t\n    \"A\":\t[\n\t\"v1\",\n\t\t\"v2\",\n\t]\n",
    // Texts over several lines.
    "- name: x\n  dmap:\n    \"A\": [\"v\\\n 1\", 'v2']\n",
    "- name: \"\\\n\\\nx\"\n  dmap:\n    \"A\": [\"v1\"\n, 'v2']\n",
    // The end of lines.
    "- name: x\r\n  dmap:\r\n    \"A\": [\r\n      \"v1\",\r\n      \"v2\",\r\n    ]\r\n",
    // Aliases, merges and tags.
    "- name: &n x\n  dmap:\n    &d \"A\": &t [v1, v2]\n",
    "- name: x\n  dmap:\n    \"A\": [&v v1, v2, *v]\n",
    "- name: y\n  dmap: &d\n    \"A\": [v1, v2]\n- name: x\n  dmap: *d\n",
    "- &y\n  name: y\n  dmap:\n    \"A\": [v1, v2]\n- <<: *y\n  name: x\n",
    "- &y\n  name: y\n  dmap:\n    \"A\": [v1, v2]\n- <<: [*y, {dmap: ~}]\n  name: x\n",
    "- <<: {name: x}\n  dmap:\n    \"A\": [v1, v2]\n",
    "- name: y\n  dmap: &d {\"A\": [v1, v2]}\n- name: x\n  dmap:\n    <<: *d\n    \"B\": [v3]\n",
    "- name: !!str x\n  dmap: !!map\n    \"A\": !!seq [!local v1, ! v2]\n",
    // Other documents are not read, whatever they are.
    "- name: x\n  dmap:\n    \"A\": [v1, v2]\n---\nimages: []\n",
    "- name: x\n  dmap:\n    \"A\": [v1, v2]\n---\n{[\n",
    "- name: x\n  dmap:\n    \"A\": [v1, v2]\n...\n}\n",
    // What stands behind the end of a document, or behind its one value.
    "- name: x\n  dmap:\n    \"A\": [v1, v2]\n... text\n",
    "- name: x\n  dmap:\n    \"A\": [v1, v2]#c\n... }\n",
    "- name: x\n  dmap:\n    \"A\": [v1, v2]#c\n--- {[\n",
    // The end of lines, again.
    "- name: x\u{85}  dmap:\u{2028}    \"A\":\u{2029}    - v1\u{2028}    - v2\n",
    "# c\u{2028}- name: x\n  dmap:\n    \"A\": [v1, v2]\n",
    "- name: x\r  dmap:\r    \"A\":\r    - v1\r    - v2\r",
    // What is text only to kpromo's parser: no tags.
    "- name: x\n  dmap:\n    \"A\": [v1, -, v2]\n",
    "- name: x\n  dmap:\n    \"A\": [\t-,v1, v2,-]\n",
    "- name: x\n  dmap:\n    \"A\": [v1, a:, v2, https://b:]\n",
    "- {name: x, dmap: {\"A\": [v1, v2], B:, A:}}\n",
    // Texts in base64.
    "- name: !!binary eC==\n  dmap: !!binary\n    \"A\": [!!binary 'djE=', !!binary djJ=]\n",
    "- !!binary bmFtZQ==: x\n  dmap:\n    \"A\": [v1, v2, !!binary /w==]\n    \"B\": !!null ''\n",
    // What is merged and also stands there.
    "- &y\n  name: y\n  dmap:\n    \"B\": [v3]\n- <<: *y\n  name: x\n  dmap:\n    \"A\": [v1, v2]\n",
    "- &y\n  name: y\n  dmap:\n    \"A\": [v1, v2]\n- name: x\n  dmap:\n    \"B\": [v3]\n  <<: {<<: *y, name: x}\n",
    "- &y\n  name: x\n  dmap:\n    \"A\": [v1, v2]\n- &z\n  name: z\n  dmap: {}\n- <<: [*y, *z]\n  dmap: ~\n",
    "- <<: {name: '-'}\n  name: x\n  dmap:\n    \"A\": [v1, v2]\n",
    // Entries without anything.
    "- name: x\n  dmap:\n    \"A\": [v1, v2]\n    \"B\": ~\n-\n- {}\n- name: ''\n- name: ~\n",
    // Keys with a question mark.
    "- ? name\n  : x\n  ? dmap\n  : ? A\n    : - v1\n      - v2\n    ? B\n",
];

fn text(layout: &str) -> String {
    let digest = |digit| format!("sha256:{}", hex(digit));
    let layout = layout.replace('A', &digest('a')).replace('B', &digest('b'));
    with_images(&layout)
}

/// What the set wants of `x` and the digest of `a`.
fn wanted(set: &ManifestSet) -> Vec<String> {
    let images = set.manifests()[0].images().iter();
    let digests = images
        .filter(|image| image.name() == "x")
        .flat_map(ImageEntry::digests);
    digests
        .filter(|entry| entry.digest().hex() == hex('a'))
        .flat_map(DigestEntry::tags)
        .map(|tag| tag.tag().to_string())
        .collect()
}

#[test]
fn no_layout_stops_a_tree() {
    let mut wrong = Vec::new();
    for layout in LAYOUTS {
        let text = text(layout);
        match ManifestSet::parse_plain("m.yaml", text.as_bytes()) {
            Ok(set) if wanted(&set) == ["v1", "v2"] => {}
            other => wrong.push(format!("{layout}: {:?}", found(&other))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn places_are_those_of_the_text_as_it_is_written() {
    let text = text("- name: x\n  dmap: {\n\"A\": [\n  \"v1\",\n \"-\",\n]\n}\n");
    let set = ManifestSet::parse_plain("m.yaml", text.as_bytes());
    assert_eq!(found(&set), ["7:2 PROMO-M053"]);
    let set = set.unwrap();
    let digest = &set.manifests()[0].images()[0].digests()[0];
    let tag = digest.tags()[0].position();
    assert_eq!(
        (digest.position().to_string(), tag.to_string()),
        ("5:1".to_owned(), "6:3".to_owned())
    );
}

#[test]
fn what_stays_refused_is_found_where_it_is_written() {
    for (layout, expected) in [
        ("- name: x\n  dmap: {\n  }}\n", "5:3 PROMO-M021"),
        ("- name: x\n  dmap: [\n]\n", "4:9 PROMO-M030"),
        // Readers of YAML disagree on the colon, and what a text in a block is isn't looked at.
        (
            "- name: x\n  dmap: {A:, B: [v1]}\n- name: |\n   y\n",
            "4:81 PROMO-M021",
        ),
        ("- name: !!binary x\n", "3:9 PROMO-M025"),
        ("- name: !!null x\n", "3:9 PROMO-M025"),
        ("- <<: 12\n", "3:3 PROMO-M024"),
        ("- <<: [{}, 12]\n", "3:3 PROMO-M024"),
    ] {
        let set = ManifestSet::parse_plain("m.yaml", text(layout).as_bytes());
        let found = found(&set);
        assert!(found.contains(&expected.to_owned()), "{layout}: {found:?}");
        assert!(set.is_err());
    }
}

#[test]
fn utf16_with_its_mark_is_read() {
    let text = format!("\u{feff}{}", text(LAYOUTS[0]));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [&little, &big] {
        let set = ManifestSet::parse_plain("m.yaml", bytes).unwrap();
        assert_eq!(wanted(&set), ["v1", "v2"]);
    }
    let odd = ManifestSet::parse_plain("m.yaml", &little[..little.len() - 1]);
    assert_eq!(found(&odd), ["1:1 PROMO-M020"]);
}

#[test]
fn of_an_entry_that_is_merged_and_stands_there_what_comes_last_counts() {
    // A name that was merged behind it replaces the one that stands there, as in kpromo.
    let behind = "- &y\n  name: x\n- name: y\n  <<: *y\n  dmap: {\"A\": [v1]}\n";
    let set = ManifestSet::parse_plain("m.yaml", text(behind).as_bytes()).unwrap();
    assert_eq!(wanted(&set), ["v1"]);
    // A digest counts once, wherever it comes from.
    for twice in [
        "- &y\n  name: y\n  dmap: {\"A\": [v1]}\n- <<: *y\n  name: x\n  dmap: {\"A\": [v2]}\n",
        "- &y\n  name: y\n  dmap: {\"A\": [v1]}\n- name: x\n  dmap: {\"A\": [v2]}\n  <<: *y\n",
        "- &y\n  name: y\n  dmap: {\"A\": [v1]}\n- &z {dmap: {\"A\": [v2]}}\n- <<: [*y, *z]\n",
    ] {
        let set = ManifestSet::parse_plain("m.yaml", text(twice).as_bytes());
        let found = found(&set);
        assert!(
            found.iter().any(|line| line.ends_with("PROMO-M032")),
            "{found:?}"
        );
    }
}

#[test]
fn what_a_reader_of_yaml_might_overlook_is_told() {
    for (layout, expected) in [
        (
            "- name: x\n  dmap: {\"A\": [v1]}\n... - y\n",
            "5:1 PROMO-M037",
        ),
        (
            "  - name: x\n    dmap: {\"A\": [v1]}\n  - y: z\n",
            "5:5 PROMO-M031",
        ),
        ("- name: x\n  dmap: {\"A\": [v1, a:]}\n", "4:90 PROMO-M053"),
        (
            "- name: x\n  dmap: {\"A\": [a:, 'v1', -, v:]}\n",
            "4:99 PROMO-M053",
        ),
        (
            "- name: x\n  dmap: {\"A\": [v1]} # c\u{2028}- name: y\n  dmap: {\"A\": []}\n",
            "4:94 PROMO-M028",
        ),
        (
            "- name: x\n  dmap: {\"A\": [v1, !!binary djE=]}\n",
            "4:90 PROMO-M036",
        ),
    ] {
        let set = ManifestSet::parse_plain("m.yaml", text(layout).as_bytes());
        let found = found(&set);
        assert!(found.contains(&expected.to_owned()), "{layout}: {found:?}");
        assert!(
            set.is_ok() || expected.ends_with("M031"),
            "{layout}: {found:?}"
        );
    }
    // Behind what is further in.
    let images = format!(
        "  - name: x\n    dmap: {{\"sha256:{}\": [v1]}}\n- y\n",
        hex('a')
    );
    for (file, text, expected) in [
        ("images/p/images.yaml", images.as_str(), "3:1 PROMO-M037"),
        ("images/p/images.yaml", "[] x\n", "1:4 PROMO-M037"),
        ("images/p/images.yaml", "[]]\n", "1:3 PROMO-M037"),
    ] {
        let mut files = TreeFiles::new();
        files.insert(
            "manifests/p/promoter-manifest.yaml",
            "registries: [{name: a.example/s, src: true}, {name: b.example/p}]",
        );
        files.insert(file, text);
        let set = ManifestSet::parse_thin(&files);
        assert!(
            found(&set).contains(&expected.to_owned()),
            "{text}: {:?}",
            found(&set)
        );
        assert!(set.is_ok());
    }
}

#[test]
fn an_alias_of_what_contains_it_ends() {
    for layout in [
        "- &a\n  name: x\n  dmap: *a\n",
        "- &a [*a]\n",
        "- &a\n  <<: *a\n  name: x\n",
        "- &a {<<: [*a, *a], name: x}\n",
    ] {
        let set = ManifestSet::parse_plain("m.yaml", text(layout).as_bytes());
        assert!(set.is_err(), "{layout}");
    }
}

#[test]
fn the_source_is_any_boolean_of_yaml() {
    for yes in [
        "y",
        "Y",
        "yes",
        "On",
        "TRUE",
        "!!bool true",
        "!!bool 'true'",
    ] {
        let text = format!(
            "registries: [{{name: a.example, src: {yes}}}, {{name: b.example, src: n}}]\nimages: []\n"
        );
        let set = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
        assert_eq!(set.manifests()[0].source().as_str(), "a.example", "{yes}");
    }
    for no_boolean in ["'true'", "!!str true", "1", "tRUE"] {
        let text = format!("registries: [{{name: a.example, src: {no_boolean}}}]\nimages: []\n");
        let set = ManifestSet::parse_plain("m.yaml", text.as_bytes());
        assert!(
            found(&set).iter().any(|line| line.ends_with("PROMO-M034")),
            "{no_boolean}"
        );
    }
}

#[test]
fn the_path_of_the_images_matters_to_nobody() {
    let head = "registries: [{name: a.example/s, src: true}, {name: b.example/p}]\n";
    let images = format!("- name: x\n  dmap: {{\"sha256:{}\": [v1]}}\n", hex('a'));
    let load = |path: &str| {
        let mut files = TreeFiles::new();
        files.insert(
            "manifests/p/promoter-manifest.yaml",
            format!("{head}imagesPath: {path}\n"),
        );
        files.insert("images/p/images.yaml", images.as_str());
        ManifestSet::parse_thin(&files)
    };
    for same in [
        "\"../../images/p/images.yaml\"",
        "../.././images//p/images.yaml",
        "../../manifests/../images/p/images.yaml",
        "''",
        "~",
    ] {
        let set = load(same);
        assert_eq!(found(&set), Vec::<String>::new(), "{same}");
        assert_eq!(set.unwrap().summary().edges, 1);
    }
    for other in [
        "images.yaml",
        "images/p/images.yaml",
        "../../images/q/images.yaml",
        "../../../images/p/images.yaml",
        "/images/p/images.yaml",
        "12",
        "true",
        "2021-01-01",
    ] {
        let set = load(other);
        assert_eq!(found(&set), ["2:13 PROMO-M038"], "{other}");
        assert_eq!(set.unwrap().summary().edges, 1);
    }
    assert!(load("[a]").is_err());
}

proptest! {
    /// Blanks, line ends and comments between the parts of a list in brackets change nothing.
    #[test]
    fn a_list_is_the_same_in_any_layout(
        parts in proptest::collection::vec("( |\n|\n  |\t|#c\n|\r\n|\n        ){0,3}", 12),
        quotes in proptest::collection::vec(any::<bool>(), 2),
    ) {
        let tag = |name: &str, quoted: bool| if quoted { format!("\"{name}\"") } else { format!("{name} ") };
        let tokens = ["{", "name", ":", " x ", ",", "dmap", ":", " {\"A\"", ":", " [", &tag("v1", quotes[0]), ",", &tag("v2", quotes[1]), "]}}"];
        let mut layout = "- ".to_owned();
        for (index, token) in tokens.iter().enumerate() {
            layout.push_str(token);
            // A key and its colon stand on one line.
            let is_key = tokens.get(index + 1) == Some(&":");
            if let Some(part) = parts.get(index).filter(|_| !is_key) {
                // What follows a colon at once belongs to a text without quotes.
                layout.push_str(if *token == ":" { " " } else { "" });
                layout.push_str(part);
            }
        }
        layout.push('\n');
        let set = ManifestSet::parse_plain("m.yaml", text(&layout).as_bytes());
        let set = set.map_err(|error| TestCaseError::fail(format!("{layout}: {error}")))?;
        prop_assert_eq!(wanted(&set), ["v1", "v2"]);
    }
}
