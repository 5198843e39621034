//! Lints.

use super::*;

#[test]
fn each_oddity_is_found_at_the_later_entry() {
    let (a, b) = (hex('a'), hex('b'));
    let text = with_images(&format!(
        "- name: x\n  dmap:\n    sha256:{a}: [latest, v1]\n- name: x\n  dmap:\n    sha256:{b}: [sha256-{a1}, sha256, {a}, '1234567']\n- name: y\n  dmap:\n    sha256:{a}: []\n",
        a1 = &a[..60],
    ));
    let set = ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap();
    assert_eq!(set.findings(), []);
    let lint: Vec<String> = set
        .lint()
        .iter()
        .map(|finding| format!("{} {}", finding.position.unwrap(), finding.code))
        .collect();
    let expected = [
        "5:79 PROMO-M071",
        "6:9 PROMO-M070",
        "8:79 PROMO-M072",
        "8:156 PROMO-M072",
        "11:5 PROMO-M073",
    ];
    assert_eq!(lint, expected);
}

#[test]
fn entries_that_meet_in_one_repository_are_found_across_files() {
    let mut files = TreeFiles::new();
    for (project, destination, name) in [
        ("p", "b.example/images", "team/x"),
        ("q", "b.example/images/team", "x"),
        ("r", "b.example/images/team", "y"),
    ] {
        files.insert(
            format!("manifests/{project}/promoter-manifest.yaml"),
            format!("registries: [{{name: a.example/{project}, src: true}}, {{name: {destination}}}, {{name: c.example/{project}}}]"),
        );
        files.insert(
            format!("images/{project}/images.yaml"),
            format!("- name: {name}\n  dmap: {{sha256:{}: [v1]}}\n", hex('a')),
        );
    }
    let set = ManifestSet::parse_thin(&files).unwrap();
    let lint: Vec<String> = set.lint().iter().map(ToString::to_string).collect();
    assert_eq!(
        lint,
        [
            "images/q/images.yaml:1:9: warning PROMO-M074: `b.example/images/team/x` is also where `team/x` at images/p/images.yaml:1:9 goes; expected one entry for each repository"
        ]
    );
}
