//! `provenance` sections.

use super::*;

const HEAD: &str = "registries: [{name: gcr.io/staging, src: true}, {name: b.example/p}]\n";
const SIGNER: &str = "sigstore::https://accounts.google.com::robot@p.iam.gserviceaccount.com";

/// A section as those of today's tree are.
fn section(mode: &str) -> String {
    format!(
        "provenance:
  mode: {mode}
  signers:
  - {SIGNER}
  - sigstore(identityMatch=regex)::https://token\\.actions\\.githubusercontent\\.com::https://github\\.com/a/b/.*
  builders:
  - id: https://cloudbuild.googleapis.com/x
    level: 1
    signers: [{SIGNER}]
  - id: https://github.com/a/b/.github/workflows/release.yml@refs/heads/main
    level: 3
    caller:
      workflows: [.github/workflows/release.yml]
      refs: [\"refs/tags/v*\", refs/heads/main]
  sources: [github.com/a/b]
  predicateTypes: [https://slsa.dev/provenance/v1]
  level: 2
  levels:
  - images: [spoc, \"charts/*\"]
    level: 3
"
    )
}

fn images(names: &[&str]) -> String {
    let digest = hex('a');
    names.iter().fold(String::new(), |mut text, name| {
        let entry = format!("- name: {name}\n  dmap: {{\"sha256:{digest}\": [v1]}}\n");
        text.push_str(&entry);
        text
    })
}

/// Loads a tree of projects with what follows their registries.
fn load(projects: &[(&str, &str, &str)]) -> Result<ManifestSet, LoadError> {
    let mut files = TreeFiles::new();
    for (project, registries, rest) in projects {
        files.insert(
            format!("manifests/{project}/promoter-manifest.yaml"),
            format!("{registries}{rest}"),
        );
        files.insert(
            format!("images/{project}/images.yaml"),
            images(&["spoc", "charts/x", "other"]),
        );
    }
    ManifestSet::parse_thin(&files)
}

#[test]
fn every_key_that_kpromo_knows_is_read() {
    for (mode, expected) in [
        ("warn", ProvenanceMode::Warn),
        ("require", ProvenanceMode::Require),
    ] {
        let set = load(&[("p", HEAD, &section(mode))]);
        assert_eq!(found(&set), ["3:9 PROMO-M048"], "{mode}");
        let set = set.unwrap();
        let policy = set.manifests()[0].provenance().policy().unwrap();
        assert_eq!(policy.mode(), expected);
        assert_eq!((policy.signers().len(), policy.builders().len()), (2, 2));
        let level = |image| policy.level_of(image).map(Level::number);
        assert_eq!(
            (level("spoc"), level("charts/x"), level("other")),
            (Some(3), Some(3), Some(2))
        );
        let builder = policy
            .builders()
            .values()
            .find(|builder| builder.caller().is_some());
        let caller = builder.unwrap().caller().unwrap();
        assert_eq!((caller.refs().len(), caller.workflows().len()), (2, 1));
        let signer = policy
            .signers()
            .iter()
            .find(|signer| !signer.is_pattern())
            .unwrap();
        assert_eq!(signer.issuer(), "https://accounts.google.com");
        assert_eq!(signer.identity(), "robot@p.iam.gserviceaccount.com");
        assert_eq!(policy.sources().len() + policy.predicate_types().len(), 2);
    }
}

#[test]
fn a_section_that_is_off_asks_for_nothing() {
    for mode in ["off", "''", "\"off\"", "~"] {
        let set = load(&[("p", HEAD, &section(mode))]);
        assert_eq!(found(&set), Vec::<String>::new(), "{mode}");
        assert_eq!(set.unwrap().manifests()[0].provenance(), &Provenance::Off);
    }
    for nothing in [
        "provenance:\n",
        "provenance: {}\n",
        "provenance: {level: 9, signers: [x]}\n",
    ] {
        let set = load(&[("p", HEAD, nothing)]);
        assert_eq!(found(&set), Vec::<String>::new(), "{nothing}");
    }
}

#[test]
fn a_value_that_cannot_be_used_makes_the_section_unusable_and_stops_nothing() {
    for (old, new) in [
        (SIGNER, "sigstore::https://accounts.google.com"),
        (SIGNER, "sigstore::::robot"),
        (SIGNER, "pgp::a::b"),
        ("level: 1", "level: 4"),
        ("level: 1", "level: x"),
        ("\n    level: 1", ""),
        ("id: https://cloudbuild.googleapis.com/x", "id: ''"),
        (
            "id: https://cloudbuild.googleapis.com/x",
            "id: https://github.com/a/b/.github/workflows/release.yml",
        ),
        (
            "id: https://cloudbuild.googleapis.com/x",
            "id: https://github.com/a/b/.github/workflows/release.yml@refs/heads/main",
        ),
        ("signers: [sigstore::https", "signers: [sigstore::http"),
        ("refs: [\"refs/tags/v*\", refs/heads/main]", "refs: []"),
        ("\"refs/tags/v*\"", "\"refs/tags/[\""),
        ("github.com/a/b]", "github.com/a/b@main]"),
        ("sources: [github.com/a/b]", "sources: []"),
        ("  level: 2\n", "  level: 1\n"),
        ("level: 3\n    caller", "level: 2\n    caller"),
        ("images: [spoc, \"charts/*\"]", "images: []"),
        ("    level: 3\n", ""),
    ] {
        let text = section("require").replace(old, new);
        assert_ne!(text, section("require"), "{old}");
        let set = load(&[("p", HEAD, &text)]);
        assert!(
            found(&set).iter().any(|line| line.ends_with("PROMO-M047")),
            "{new}: {:?}",
            found(&set)
        );
        let set = set.unwrap_or_else(|error| panic!("{new}: {error}"));
        assert_eq!(
            set.manifests()[0].provenance(),
            &Provenance::Unusable,
            "{new}"
        );
        assert_eq!(set.summary().edges, 3);
    }
}

#[test]
fn structure_that_kpromo_refuses_is_refused() {
    for (old, new) in [
        ("mode: require", "mode: enforce"),
        ("sources:", "source:"),
        ("refs:", "ref:"),
        ("signers: [", "signers: {a: ["),
        ("builders:\n", "builders:\n  - https://github.com/a/b\n"),
    ] {
        let text = section("require").replacen(old, new, 1);
        assert!(load(&[("p", HEAD, &text)]).is_err(), "{new}");
    }
}

#[test]
fn events_cannot_be_judged_and_patterns_should_match() {
    let events = section("require").replace("      refs:", "      events: [push]\n      refs:");
    let set = load(&[("p", HEAD, &events)]);
    assert_eq!(found(&set), ["3:9 PROMO-M048", "15:16 PROMO-M048"]);
    assert_eq!(
        set.unwrap().manifests()[0].provenance(),
        &Provenance::Unusable
    );
    let unused = section("warn").replace("[spoc, ", "[spoc, \"nothing*\", ");
    let set = load(&[("p", HEAD, &unused)]);
    assert_eq!(found(&set), ["3:9 PROMO-M048", "20:20 PROMO-M049"]);
    assert!(set.unwrap().manifests()[0].provenance().policy().is_some());
}

#[test]
fn manifests_of_one_source_have_one_policy() {
    let other = HEAD.replace("b.example", "c.example");
    let order = section("require").replace("[spoc, \"charts/*\"]", "[\"charts/*\", spoc]");
    let set = load(&[("p", HEAD, &section("require")), ("q", &other, &order)]);
    assert!(
        set.unwrap()
            .findings()
            .iter()
            .all(|f| f.severity == Severity::Warning)
    );
    for different in [section("warn"), String::new()] {
        let set = load(&[("p", HEAD, &section("require")), ("q", &other, &different)]);
        let codes = found(&set);
        assert!(
            codes.contains(&"manifests/q/promoter-manifest.yaml PROMO-M047".to_owned()),
            "{codes:?}"
        );
        for manifest in set.unwrap().manifests() {
            assert_eq!(manifest.provenance(), &Provenance::Unusable);
        }
    }
}
