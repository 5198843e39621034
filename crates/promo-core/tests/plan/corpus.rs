//! The plan of real trees, where they are at hand: `PROMO_CORPUS` names their folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use promo_core::manifest::ManifestSet;
use promo_core::plan::{PlanOptions, Planner, Summary, Verdict};
use promo_core::snapshot::Snapshot;

/// A tree of the corpus; none, and a line that says so, where there is no corpus.
fn tree(name: &str) -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("PROMO_CORPUS") else {
        println!("PROMO_CORPUS is not set: {name} was not checked");
        return None;
    };
    Some(Path::new(&corpus).join(name))
}

fn summary(tree: &Path) -> Summary {
    let set = ManifestSet::load_thin(tree).unwrap();
    Planner::new(&set, &PlanOptions::default())
        .plan(None)
        .summary()
}

#[test]
fn the_tree_of_2022_has_the_edges_that_were_counted() {
    let Some(tree) = tree("k8s-2022") else { return };
    let summary = summary(&tree);
    assert_eq!(summary.edges, 43_116);
    assert_eq!(summary.invalid, 1);
    // 8,278 stand in the files; one of them is the invalid one.
    assert_eq!(summary.digests, 8_277);
    assert_eq!((summary.images, summary.repositories), (489, 1_392));
}

#[test]
fn the_legacy_tree_has_the_edges_that_were_counted() {
    let Some(tree) = tree("k8s-2022-legacy") else {
        return;
    };
    let summary = summary(&tree);
    assert_eq!(summary.edges, 97_959);
    assert_eq!(summary.tagless, 26_268);
    assert_eq!(summary.invalid, 0);
    assert_eq!(summary.digests, 23_305);
    assert_eq!((summary.images, summary.repositories), (484, 1_936));
}

#[test]
fn each_wanted_edge_is_asked_for_once() {
    let Some(tree) = tree("k8s-2022") else { return };
    let set = ManifestSet::load_thin(&tree).unwrap();
    let options = PlanOptions::default();
    let wanted = Planner::new(&set, &options).wanted_destinations();
    let asked = wanted.repositories.values();
    let asked: usize = asked
        .map(|asked| asked.tags.len() + asked.digests.len())
        .sum();
    let edges = Planner::new(&set, &options)
        .plan(None)
        .summary()
        .verdicts
        .get(Verdict::Wanted);
    assert_eq!(asked as u64, edges);
}

#[test]
fn the_snapshot_of_the_manifests_is_what_a_plain_script_says() {
    let Some(tree) = tree("k8s-2022") else { return };
    let registry = "us.gcr.io/k8s-artifacts-prod";
    let set = ManifestSet::load_thin(&tree).unwrap();
    let csv = Snapshot::of_manifests(&set, &registry.parse().unwrap()).to_csv();
    assert_eq!(csv.lines().count(), 14_372);
    assert!(csv.ends_with('\n') && !csv.ends_with("\n\n"));
    assert!(csv == by_plain_script(&tree, registry), "the lines differ");
}

/// The same lines by looking at the text of the files, line by line, without a YAML parser.
fn by_plain_script(tree: &Path, registry: &str) -> String {
    let mut records = BTreeSet::new();
    for folder in std::fs::read_dir(tree.join("manifests")).unwrap() {
        let folder = folder.unwrap();
        let Ok(manifest) = std::fs::read_to_string(folder.path().join("promoter-manifest.yaml"))
        else {
            continue;
        };
        let images = tree
            .join("images")
            .join(folder.file_name())
            .join("images.yaml");
        let images = std::fs::read_to_string(images).unwrap();
        for name in manifest
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- name:"))
        {
            let name = format!("{}/", name.trim());
            if let Some(prefix) = name.strip_prefix(&format!("{registry}/")) {
                scan(&images, prefix, &mut records);
            }
        }
    }
    records
        .into_iter()
        .map(|(name, digest, tag)| match tag.as_str() {
            "" => format!("{name}@{digest},-\n"),
            tag => format!("{name}@{digest},{name}:{tag}\n"),
        })
        .collect()
}

fn scan(images: &str, prefix: &str, records: &mut BTreeSet<(String, String, String)>) {
    let mut name = String::new();
    let mut digest = None;
    for line in images.lines() {
        let line = line.split('#').next().unwrap().trim();
        if let Some(image) = line.strip_prefix("- name:") {
            name = format!("{prefix}{}", image.trim().trim_matches(['"', '\'']));
            continue;
        }
        let mut rest = line;
        if let Some(start) = line.find("sha256:") {
            let (before, found) = line.split_at(start);
            let valid = before.is_empty() || before == "\"" || before == "'";
            let found = &found[..71.min(found.len())];
            digest = valid.then(|| found.to_owned());
            rest = line[start + found.len()..].trim_start_matches(['"', '\'', ':', ' ']);
            let is_empty = rest.replace(' ', "") == "[]";
            if let (Some(digest), true) = (&digest, is_empty) {
                records.insert((name.clone(), digest.clone(), String::new()));
            }
        } else if line.contains("ha256:") || line.starts_with("dmap") {
            digest = None;
        }
        let Some(digest) = &digest else { continue };
        let tags = rest.trim_start_matches('-').split([',', '[', ']']);
        for tag in tags.map(|tag| tag.trim().trim_matches(['"', '\''])) {
            if !tag.is_empty() {
                records.insert((name.clone(), digest.clone(), tag.to_owned()));
            }
        }
    }
}
