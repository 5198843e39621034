//! Two trees compared as structures.

use std::collections::BTreeSet;

use promo_core::oci::Repository;
use promo_core::plan::{ChangeKind, EdgeKey, PlanOptions, Planner, Selection, SetDiff, diff};
use proptest::prelude::*;

use crate::generate::{
    RawImage, RawManifest, deal, digest, inventory, manifest_set, manifests, repositories,
};
use crate::model;
use crate::reference::real_line;

/// The edges of a tree, by the model.
fn edges(raw: &[RawManifest]) -> BTreeSet<Vec<String>> {
    let edges = model::edges(raw).into_iter().map(|edge| {
        let tag = edge.tag.unwrap_or("-").to_owned();
        vec![
            edge.source.clone(),
            edge.digest().to_string(),
            edge.destination.clone(),
            tag,
        ]
    });
    edges.collect()
}

fn texts(keys: &BTreeSet<EdgeKey>) -> BTreeSet<Vec<String>> {
    let texts = keys.iter().map(|key| {
        let tag = key.tag.as_ref().map_or("-".to_owned(), ToString::to_string);
        vec![
            key.source.to_string(),
            key.digest.to_string(),
            key.destination.to_string(),
            tag,
        ]
    });
    texts.collect()
}

/// How many edges the changes of one direction speak of.
fn told(diff: &SetDiff, kinds: &[fn(&ChangeKind) -> bool]) -> BTreeSet<Vec<String>> {
    let mut told = BTreeSet::new();
    for change in diff
        .changes()
        .iter()
        .filter(|c| kinds.iter().any(|is| is(&c.kind)))
    {
        let tags: Vec<_> = match change.tags.as_slice() {
            [] => vec!["-".to_owned()],
            tags => tags.iter().map(ToString::to_string).collect(),
        };
        for destination in &change.destinations {
            for tag in &tags {
                told.insert(vec![
                    change.source.to_string(),
                    change.digest.to_string(),
                    destination.to_string(),
                    tag.clone(),
                ]);
            }
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn the_difference_is_that_of_the_edges(old in manifests(true), new in manifests(true)) {
        let (before, after) = (edges(&old), edges(&new));
        let diff = diff(&manifest_set(&old), &manifest_set(&new));
        prop_assert_eq!(texts(diff.added()), after.difference(&before).cloned().collect());
        prop_assert_eq!(texts(diff.removed()), before.difference(&after).cloned().collect());
        prop_assert_eq!(diff.is_empty(), before == after);
    }

    /// Every added edge is told by a change, and nothing else is.
    #[test]
    fn changes_tell_every_added_edge(old in manifests(true), new in manifests(true)) {
        let diff = diff(&manifest_set(&old), &manifest_set(&new));
        let added = told(&diff, &[
            |kind| matches!(kind, ChangeKind::DigestAdded | ChangeKind::TagAdded),
            |kind| matches!(kind, ChangeKind::DestinationAdded | ChangeKind::TagMoved(_)),
        ]);
        prop_assert_eq!(added, texts(diff.added()));
    }

    #[test]
    fn a_tree_does_not_differ_from_itself_in_another_order(raw in manifests(true)) {
        let mut turned = raw.clone();
        turned.reverse();
        for manifest in &mut turned {
            manifest.destinations.reverse();
            manifest.images.reverse();
        }
        prop_assert!(diff(&manifest_set(&raw), &manifest_set(&turned)).is_empty());
    }

    #[test]
    fn the_plan_since_is_the_part_of_the_plan_that_was_added(
        old in manifests(true),
        new in manifests(true),
        dealt in repositories(),
    ) {
        let set = manifest_set(&new);
        let known = inventory(&deal(&new, &dealt));
        let diff = diff(&manifest_set(&old), &set);
        let whole = Planner::new(&set, &PlanOptions::default()).plan(Some(&known));
        let mut options = PlanOptions::default();
        options.selection = Selection::default().added_by(&diff);
        let part = Planner::new(&set, &options).plan(Some(&known));
        let added = whole.edges().filter(|edge| diff.added().contains(&edge.key()));
        let expected: Vec<_> = added.map(|edge| real_line(&edge)).collect();
        let real: Vec<_> = part.edges().map(|edge| real_line(&edge)).collect();
        prop_assert_eq!(real, expected);
    }
}

fn tree(destinations: &[&'static str], digests: &[(usize, &[&'static str])]) -> Vec<RawManifest> {
    vec![RawManifest {
        source: "gcr.io/staging",
        destinations: destinations.to_vec(),
        images: vec![RawImage {
            name: "a",
            digests: digests
                .iter()
                .map(|(n, tags)| (*n, tags.to_vec()))
                .collect(),
        }],
    }]
}

fn changes(old: &[RawManifest], new: &[RawManifest]) -> Vec<String> {
    let names = |number: &promo_core::oci::Digest| {
        (0..5)
            .find(|n| digest(*n) == *number)
            .map_or("?".to_owned(), |n| n.to_string())
    };
    let diff = diff(&manifest_set(old), &manifest_set(new));
    let told = diff.changes().iter().map(|change| {
        let kind = match change.kind {
            ChangeKind::TagMoved(from) => format!("TagMoved from {}", names(&from)),
            kind => format!("{kind:?}"),
        };
        let destinations: Vec<_> = change.destinations.iter().map(Repository::as_str).collect();
        format!(
            "{} {kind} {:?} {}",
            names(&change.digest),
            change.tags,
            destinations.join(" ")
        )
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

#[test]
fn each_kind_of_change_is_told_once() {
    const US: &[&str] = &["us.gcr.io/prod"];
    const BOTH: &[&str] = &["us.gcr.io/prod", "eu.gcr.io/prod"];
    let old = tree(US, &[(0, &["v1"])]);
    let told = |new: Vec<RawManifest>| changes(&old, &new);
    assert_eq!(
        told(tree(US, &[(0, &["v1"]), (1, &["v2", "v3"])])),
        ["1 DigestAdded [v2, v3] us.gcr.io/prod/a"]
    );
    assert_eq!(
        told(tree(US, &[(0, &["v1", "v2"])])),
        ["0 TagAdded [v2] us.gcr.io/prod/a"]
    );
    assert_eq!(
        told(tree(BOTH, &[(0, &["v1"])])),
        ["0 DestinationAdded [v1] eu.gcr.io/prod/a"]
    );
    assert_eq!(
        told(tree(US, &[(1, &["v1"])])),
        ["1 TagMoved from 0 [v1] us.gcr.io/prod/a"]
    );
    assert_eq!(
        told(tree(US, &[])),
        ["0 DigestRemoved [v1] us.gcr.io/prod/a"]
    );
    assert_eq!(
        told(tree(US, &[(0, &[])])),
        [
            "0 TagAdded [] us.gcr.io/prod/a",
            "0 TagRemoved [v1] us.gcr.io/prod/a"
        ]
    );
    assert_eq!(
        changes(&tree(BOTH, &[(0, &["v1"])]), &old),
        ["0 DestinationRemoved [v1] eu.gcr.io/prod/a"]
    );
    assert!(told(old.clone()).is_empty());
}
