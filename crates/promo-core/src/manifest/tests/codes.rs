//! One small text for each kind of finding.

use std::collections::BTreeSet;

use super::*;

const HEAD: &str = "registries: [{name: a.example/s, src: true}, {name: b.example/p}]\n";

/// A text of a plain manifest and what is found in it. `D` stands for a digest's 64 digits.
const PLAIN: &[(&str, &[&str])] = &[
    // YAML.
    (
        "HEADimages: []\n---\nimages: []\n",
        &["2:1 PROMO-M060", "3:1 PROMO-M037"],
    ),
    (
        "HEADimages: []\n...\nmore\n",
        &["2:1 PROMO-M060", "4:1 PROMO-M037"],
    ),
    ("HEADimages: [\n", &["3:1 PROMO-M021"]),
    ("HEADimages:\n\t- name: x\n", &["3:2 PROMO-M021"]),
    ("HEADimages: \"\u{1}\"", &["2:10 PROMO-M021"]),
    ("HEADimages: &a []\n", &["2:1 PROMO-M060"]),
    ("HEADimages: *a\n", &["2:9 PROMO-M023"]),
    (
        "HEADimages: [{name: &a x, dmap: {}}, {name: *a, dmap: {}}]\n",
        &["2:23 PROMO-M061", "2:41 PROMO-M035", "2:45 PROMO-M061"],
    ),
    (
        "HEADimages: [{<<: {name: x}, name: y, dmap: {}}]\n",
        &["2:11 PROMO-M035", "2:35 PROMO-M061"],
    ),
    (
        "HEADimages: [{<<: x, name: y, dmap: {}}]\n",
        &["2:11 PROMO-M024"],
    ),
    (
        "HEADimages: !!seq []\n",
        &["2:1 PROMO-M060", "2:9 PROMO-M036"],
    ),
    (
        "HEADimages: [{name: !x y, dmap: {}}]\n",
        &["2:17 PROMO-M036", "2:23 PROMO-M061"],
    ),
    (
        "HEADimages: [{name: !!binary x, dmap: {}}]\n",
        &["2:17 PROMO-M025", "2:17 PROMO-M036", "2:29 PROMO-M061"],
    ),
    (
        "HEADimages: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
        &["2:10 PROMO-M030", "2:24 PROMO-M026"],
    ),
    // Structure.
    (
        "[]",
        &["1:1 PROMO-M030", "m.yaml PROMO-M040", "m.yaml PROMO-M060"],
    ),
    ("HEADimages: {}\n", &["2:9 PROMO-M030"]),
    ("HEADimages: [x, ]\n", &["2:10 PROMO-M030"]),
    ("HEADimages: [{name: x, dmap: []}]\n", &["2:26 PROMO-M030"]),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": v1}}]\n",
        &["2:102 PROMO-M030"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [[v1]]}}]\n",
        &["2:103 PROMO-M030", "2:27 PROMO-M067"],
    ),
    (
        "HEADimages: [{name: x, dmap: {? [a] : [b]}}]\n",
        &["2:20 PROMO-M061", "2:29 PROMO-M030"],
    ),
    (
        "HEADimages: []\nimage: []\n",
        &["2:1 PROMO-M060", "3:1 PROMO-M031"],
    ),
    (
        "HEADimages: []\nimages: []\n",
        &["2:1 PROMO-M060", "3:1 PROMO-M032"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [a], sha256:D: [b]}}]\n",
        &["2:107 PROMO-M032"],
    ),
    (
        "HEADimages: [{dmap: {\"sha256:D\": [a]}}]\n",
        &["2:10 PROMO-M050"],
    ),
    (
        "HEADimages: [~, {name: x, dmap: {\"sha256:D\": [a]}}]\n",
        &["2:10 PROMO-M050"],
    ),
    (
        "registries: [{src: true}]\nimages: []\n",
        &["1:14 PROMO-M033", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example, src: \"true\"}]\nimages: []\n",
        &["1:1 PROMO-M041", "1:37 PROMO-M034", "2:1 PROMO-M060"],
    ),
    // Registries.
    ("images: []\n", &["1:1 PROMO-M060", "m.yaml PROMO-M040"]),
    (
        "registries:\nimages: []\n",
        &["1:1 PROMO-M040", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example}]\nimages: []\n",
        &["1:1 PROMO-M041", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example, src: true}, {name: b.example, src: true}]\nimages: []\n",
        &["1:44 PROMO-M042", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example, src: true}, {name: https://b.example}]\nimages: []\n",
        &["1:1 PROMO-M064", "1:51 PROMO-M043", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example, src: true}, {name: b.example/}]\nimages: []\n",
        &["1:1 PROMO-M064", "1:51 PROMO-M043", "2:1 PROMO-M060"],
    ),
    (
        "HEADimages: []\nprovenance: {mode: strict}\n",
        &["2:1 PROMO-M060", "3:20 PROMO-M044"],
    ),
    (
        "HEADimages: []\nprovenance: {mode: off, signers: []}\n",
        &["2:1 PROMO-M060"],
    ),
    // Bad entries.
    (
        "HEADimages: [{name: \"https://x/y\", dmap: {\"sha256:D\": []}}]\n",
        &["2:17 PROMO-M050"],
    ),
    (
        "HEADimages: [{name: Upper, dmap: {\"sha256:D\": []}}]\n",
        &["2:17 PROMO-M050"],
    ),
    (
        "HEADimages: [{name: ../x, dmap: {\"sha256:D\": []}}]\n",
        &["2:17 PROMO-M050"],
    ),
    (
        "HEADimages: [{name: null, dmap: {\"sha256:D\": []}}]\n",
        &["2:17 PROMO-M050"],
    ),
    (
        "HEADimages: [{name: LONG, dmap: {\"sha256:D\": []}}]\n",
        &["2:17 PROMO-M051"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"ha256:D\": [a]}}]\n",
        &["2:27 PROMO-M052"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D1\": [a]}}]\n",
        &["2:27 PROMO-M052"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"md5:D\": [a]}}]\n",
        &["2:27 PROMO-M052"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [a, \"b\\nc\"]}}]\n",
        &["2:106 PROMO-M053"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [a, ~]}}]\n",
        &["2:106 PROMO-M053"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [-a]}}]\n",
        &["2:103 PROMO-M053", "2:27 PROMO-M067"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [a, sha256-D.sig]}}]\n",
        &["2:106 PROMO-M054"],
    ),
    // Oddities.
    ("HEAD", &["m.yaml PROMO-M060"]),
    ("HEADimages:\n", &["2:1 PROMO-M060"]),
    ("HEADimages: [{name: x}]\n", &["2:10 PROMO-M061"]),
    ("HEADimages: [{name: x, dmap: }]\n", &["2:20 PROMO-M061"]),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": }}]\n",
        &["2:27 PROMO-M065"],
    ),
    (
        "HEADimages: [{name: x, dmap: {\"sha256:D\": [a, 'a']}}]\n",
        &["2:106 PROMO-M066"],
    ),
    (
        "registries: [{name: a.example, src: true}, {name: b.example}, {name: b.example}]\nimages: []\n",
        &["1:63 PROMO-M062", "2:1 PROMO-M060"],
    ),
    (
        "registries: [{name: a.example, src: true}, {name: a.example}]\nimages: []\n",
        &["1:1 PROMO-M064", "1:44 PROMO-M063", "2:1 PROMO-M060"],
    ),
];

fn plain(text: &str) -> String {
    text.replace("HEAD", HEAD)
        .replace('D', &hex('d'))
        .replace("LONG", &"x".repeat(254))
}

#[test]
fn each_text_has_its_findings() {
    let mut wrong = Vec::new();
    for (text, expected) in PLAIN {
        let result = ManifestSet::parse_plain("m.yaml", plain(text).as_bytes());
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        let mut found = found(&result);
        found.sort_unstable();
        if found != expected {
            wrong.push((text, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Paths with their texts.
type Files = &'static [(&'static str, &'static str)];

/// Trees as paths and texts, and what is found in them. `M` and `I` are a sound pair of files.
const THIN: &[(Files, &[&str])] = &[
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "I"),
        ],
        &[],
    ),
    (
        &[("manifests/p/promoter-manifest.yaml", "M")],
        &[
            "images PROMO-M004",
            "manifests/p/promoter-manifest.yaml PROMO-M005",
        ],
    ),
    (
        &[("images/p/images.yaml", "I")],
        &["images/p/images.yaml PROMO-M012", "manifests PROMO-M004"],
    ),
    (
        &[("images/README.md", ""), ("manifests/README.md", "")],
        &["manifests PROMO-M008"],
    ),
    (
        &[("images/README.md", ""), ("manifests/p/OWNERS", "")],
        &["manifests PROMO-M008", "manifests/p PROMO-M011"],
    ),
    (
        &[
            ("manifests/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "I"),
        ],
        &[
            "images/p/images.yaml PROMO-M012",
            "manifests/promoter-manifest.yaml PROMO-M007",
        ],
    ),
    (
        &[
            ("manifests/p/q/promoter-manifest.yaml", "M"),
            ("images/p/q/images.yaml", "I"),
        ],
        &[
            "images/p/q/images.yaml PROMO-M012",
            "manifests/p PROMO-M011",
            "manifests/p/q/promoter-manifest.yaml PROMO-M007",
        ],
    ),
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "I"),
            ("images/../x", ""),
        ],
        &["images/../x PROMO-M003"],
    ),
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "I"),
            ("/etc/x", ""),
        ],
        &["/etc/x PROMO-M003"],
    ),
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "LINK"),
        ],
        &["images/p/images.yaml PROMO-M002"],
    ),
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M"),
            ("images/p/images.yaml", "I"),
            ("images/q", "LINK"),
        ],
        &["images/q PROMO-M013"],
    ),
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "imagesPath: ../x\nM"),
            ("images/p/images.yaml", "I"),
        ],
        &["1:13 PROMO-M038"],
    ),
    // kpromo doesn't look at the registries of thin manifests.
    (
        &[
            (
                "manifests/p/promoter-manifest.yaml",
                "registries:\n- {name: a.example, src: true}\n- {name: b.example, src: true}\n- {name: c.example}\n- {src: false}\n- {name: https://d.example}\n-\n",
            ),
            ("images/p/images.yaml", "I"),
        ],
        &[
            "3:3 PROMO-M045",
            "5:3 PROMO-M046",
            "6:10 PROMO-M046",
            "7:2 PROMO-M046",
        ],
    ),
    // Both files of both projects are read, whatever is wrong in one of them.
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "x: y"),
            ("images/p/images.yaml", "x: y"),
            ("manifests/q/promoter-manifest.yaml", "M"),
            ("images/q/images.yaml", "I\n- x"),
        ],
        &[
            "1:1 PROMO-M030",
            "1:1 PROMO-M031",
            "3:3 PROMO-M030",
            "manifests/p/promoter-manifest.yaml PROMO-M040",
        ],
    ),
    // Images belong into the other file.
    (
        &[
            ("manifests/p/promoter-manifest.yaml", "M\nimages: []"),
            ("images/p/images.yaml", "# none\n"),
        ],
        &["2:1 PROMO-M031", "images/p/images.yaml PROMO-M060"],
    ),
];

fn tree(files: &[(&str, &str)]) -> TreeFiles {
    let image = format!("- name: x\n  dmap: {{\"sha256:{}\": [v1]}}", hex('a'));
    let mut tree = TreeFiles::new();
    for (path, text) in files {
        if *text == "LINK" {
            tree.insert_bad_link(*path);
        } else {
            let text = text.replace('M', HEAD.trim_end()).replace('I', &image);
            tree.insert(*path, text);
        }
    }
    tree
}

#[test]
fn each_tree_has_its_findings() {
    for (files, expected) in THIN {
        let result = ManifestSet::parse_thin(&tree(files));
        let mut found = found(&result);
        found.sort_unstable();
        assert_eq!(found, *expected, "{files:?}");
    }
}

#[test]
fn each_kind_of_finding_has_a_test_and_the_table_is_in_order() {
    // What needs a file system or much text is in other tests of this folder.
    let elsewhere = [
        "001", "006", "009", "010", "020", "022", "027", "028", "047", "048", "049", "070", "071",
        "072", "073", "074", "080", "081",
    ];
    let tested: BTreeSet<String> = PLAIN
        .iter()
        .flat_map(|(_, expected)| *expected)
        .chain(THIN.iter().flat_map(|(_, expected)| *expected))
        .filter_map(|line| line.rsplit(' ').next())
        .chain(elsewhere)
        .map(|code| format!("PROMO-M{}", code.trim_start_matches("PROMO-M")))
        .collect();
    let codes: Vec<&str> = FINDING_KINDS
        .iter()
        .map(|kind| kind.code.as_str())
        .collect();
    assert!(codes.is_sorted(), "{codes:?}");
    let unique: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(unique.len(), codes.len());
    assert_eq!(
        unique.difference(&tested).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[test]
fn a_bad_entry_leaves_out_only_itself() {
    let text = with_images(&format!(
        "- name: x\n  dmap:\n    ha256:{a}: [v0]\n    sha256:{b}: [v1, 'v\n\n     2']\n    sha256:{c}: ['-']\n    sha256:{d}: []\n- name: Y\n  dmap: {{}}\n- name: z\n  dmap: {{sha256:{a}: [v3]}}\n",
        a = hex('a'),
        b = hex('b'),
        c = hex('c'),
        d = hex('d')
    ));
    let set = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
    let summary = set.summary();
    assert_eq!((summary.images, summary.entries, summary.tags), (2, 3, 2));
    let digests: Vec<_> = set.manifests()[0].images()[0]
        .digests()
        .iter()
        .map(|entry| (entry.digest().to_string(), entry.tags().len()))
        .collect();
    // The digest whose only tag is bad does not become one without tags.
    let expected = [
        (format!("sha256:{}", hex('b')), 1),
        (format!("sha256:{}", hex('d')), 0),
    ];
    assert_eq!(digests, expected);
}

#[test]
fn scalars_are_text_in_any_style() {
    let text = with_images(&format!(
        "- name: 1.10\n  dmap:\n    \"sha256:{}\": [1.10, 0x10, 1e3, true, '2020-01-01', \"012\", yes]\n- name: >-\n    folded\n  dmap: {{}}\n",
        hex('a')
    ));
    let set = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
    let images = set.manifests()[0].images();
    assert_eq!((images[0].name(), images[1].name()), ("1.10", "folded"));
    let tags: Vec<&str> = images[0].digests()[0]
        .tags()
        .iter()
        .map(|entry| entry.tag().as_str())
        .collect();
    assert_eq!(
        tags,
        ["1.10", "0x10", "1e3", "true", "2020-01-01", "012", "yes"]
    );
}

#[test]
fn line_ends_and_a_byte_order_mark_make_no_difference() {
    let text = with_images(&format!(
        "- name: x\n  dmap:\n    sha256:{}:\n    - a\n",
        hex('a')
    ));
    let plain = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
    let windows = text.replace('\n', "\r\n");
    assert_eq!(
        ManifestSet::parse_plain("m.yaml", windows.as_bytes()).unwrap(),
        plain
    );
    let marked = format!("\u{feff}{text}");
    assert_eq!(
        ManifestSet::parse_plain("m.yaml", marked.as_bytes()).unwrap(),
        plain
    );
}

#[test]
fn bytes_that_are_not_utf8_are_found_at_their_place() {
    let result = ManifestSet::parse_plain("m.yaml", b"a: b\n# \xc3\xa4\xff");
    assert_eq!(found(&result), ["2:4 PROMO-M020"]);
}

#[test]
fn a_file_with_very_many_findings_is_refused() {
    let text = with_images(&"- {name: X}\n".repeat(20_000));
    let result = ManifestSet::parse_plain("m.yaml", text.as_bytes());
    let findings = found(&result);
    assert_eq!(findings.len(), 10_001);
    assert!(findings.iter().any(|line| line.ends_with("PROMO-M027")));
}

#[test]
fn aliases_do_not_multiply() {
    // Nine levels of nine: expanded, this would be hundreds of millions of entries.
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (this, before) in ('b'..='i').zip('a'..) {
        let line = format!(
            "{this}: &{this} [{}*{before}]\n",
            format!("*{before}, ").repeat(8)
        );
        text.push_str(&line);
    }
    let result = ManifestSet::parse_plain("m.yaml", text.as_bytes());
    let findings = found(&result);
    assert!(findings.len() < 200);
    assert!(
        findings.iter().any(|line| line.ends_with("PROMO-M023")),
        "{findings:?}"
    );
}

#[test]
fn messages_stay_on_one_short_line() {
    let name = format!("\u{1b}\u{202e}\n{}", "x".repeat(1 << 20)).replace('\u{1b}', "\\e");
    let text = with_images(&format!("- name: \"{}\"\n", name.replace('\n', "\\n")));
    let set = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
    for finding in set.findings() {
        let line = finding.to_string();
        assert!(
            line.len() < 1_000 && !line.contains(['\n', '\u{1b}', '\u{202e}']),
            "{line}"
        );
    }
}
