//! Saved plans: what is loaded is what was saved, and what was edited is refused.

use promo_core::plan::{
    ArtifactError, Plan, PlanInputs, PlanOptions, Planner, SavedPlan, Selection, Verdict,
    actionable, recheck,
};
use promo_core::ports::ImageSize;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{
    RawImage, RawManifest, deal, digest, inventory, manifest_set, manifests, repositories,
};
use crate::reference::{EdgeLine, moves, picks, real_line, tag_moves};

fn saved(plan: &Plan) -> Value {
    serde_json::to_value(plan.to_document(&PlanInputs::default())).unwrap()
}

fn loaded(document: &Value) -> Result<SavedPlan, ArtifactError> {
    SavedPlan::from_json(document.to_string().as_bytes())
}

/// With a size for every other image that is to be promoted.
fn sized(plan: Plan) -> Plan {
    let images = plan.work().into_iter().step_by(2);
    let images = images.map(|item| (item.source, item.digest));
    let sizes = (1..).zip(images).map(|(number, image)| {
        let size = ImageSize {
            children: number % 3,
            blobs: number,
            blob_bytes: number * 1_000,
            own_bytes: 10,
            bytes: number * 1_000 + number % 3 * 100 + 10,
        };
        (image, size)
    });
    let sizes = sizes.collect();
    plan.with_sizes(sizes)
}

/// The edges that a saved plan lists, without the places of tags, which it doesn't keep.
fn listed(plan: &Plan, keep_unchanged: bool) -> Vec<(EdgeLine, String)> {
    let groups = plan
        .groups()
        .filter(|group| keep_unchanged || !group.is_unchanged());
    let edges = groups.flat_map(|group| group.edges());
    let lines = edges.map(|edge| {
        let EdgeLine(mut line) = real_line(&edge);
        line.remove(6);
        (EdgeLine(line), edge.reason())
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_loaded_is_what_was_saved(
        raw in manifests(true),
        dealt in repositories(),
        pick in picks(),
        complete in any::<bool>(),
        part in any::<bool>(),
        measured in any::<bool>(),
    ) {
        let known = deal(&raw, &dealt);
        let mut options = PlanOptions::default();
        options.tag_moves = tag_moves(&moves(&raw, &known, &pick));
        options.complete = complete;
        if part {
            options.selection = Selection::new(&[], &["us.gcr.io".to_owned()]).unwrap();
        }
        let plan = Planner::new(&manifest_set(&raw), &options).plan(Some(&inventory(&known)));
        let plan = if measured { sized(plan) } else { plan };
        let document = saved(&plan);
        let back = loaded(&document).unwrap().plan;
        prop_assert_eq!(listed(&back, true), listed(&plan, complete));
        prop_assert_eq!(back.summary(), plan.summary());
        prop_assert_eq!(back.cost(), plan.cost());
        prop_assert_eq!(back.cost().is_some(), measured);
        prop_assert_eq!(saved(&back)["groups"].clone(), document["groups"].clone());
        let strip = |plan: &Plan| {
            let mut work = plan.work();
            for item in &mut work {
                item.complete_mirrors.clear();
            }
            work
        };
        prop_assert_eq!(strip(&back), strip(&plan));
    }

    #[test]
    fn a_plan_rechecked_at_once_is_the_same_work(
        raw in manifests(true),
        dealt in repositories(),
        pick in picks(),
    ) {
        let known = deal(&raw, &dealt);
        let mut options = PlanOptions::default();
        options.tag_moves = tag_moves(&moves(&raw, &known, &pick));
        let now = Planner::new(&manifest_set(&raw), &options).plan(Some(&inventory(&known)));
        let saved = loaded(&saved(&now)).unwrap().plan;
        let rechecked = recheck(&saved, &now);
        prop_assert_eq!(rechecked.unwanted, vec![]);
        let counts = rechecked.plan.summary().verdicts;
        prop_assert_eq!(counts.actionable(), now.summary().verdicts.actionable());
        prop_assert_eq!(counts.edges(), counts.actionable());
    }

    #[test]
    fn nothing_is_carried_out_that_was_not_in_both(
        then in (manifests(true), repositories()),
        now in (manifests(true), repositories()),
        same_tree in any::<bool>(),
    ) {
        let options = PlanOptions::default();
        let (tree, dealt) = &then;
        let before = Planner::new(&manifest_set(tree), &options).plan(Some(&inventory(&deal(tree, dealt))));
        let tree = if same_tree { tree } else { &now.0 };
        let after = Planner::new(&manifest_set(tree), &options).plan(Some(&inventory(&deal(tree, &now.1))));
        let rechecked = recheck(&before, &after);
        // Planning anew only what the saved plan names comes to the same.
        let mut narrow = options.clone();
        narrow.selection = narrow.selection.among(actionable(&before));
        let part = Planner::new(&manifest_set(tree), &narrow).plan(Some(&inventory(&deal(tree, &now.1))));
        let of_part = recheck(&before, &part);
        prop_assert_eq!(&of_part.unwanted, &rechecked.unwanted);
        prop_assert_eq!(listed(&of_part.plan, true), listed(&rechecked.plan, true));
        let (was, is, left) = (actionable(&before), actionable(&after), actionable(&rechecked.plan));
        prop_assert_eq!(&left, &was.intersection(&is).cloned().collect());
        // What was to be done is done, still to be done, refused, or unwanted: nothing gets lost.
        let mut accounted: std::collections::BTreeSet<_> =
            rechecked.unwanted.iter().cloned().collect();
        for edge in rechecked.plan.edges() {
            prop_assert!(was.contains(&edge.key()));
            let verdict = edge.verdict();
            prop_assert!(
                verdict.is_actionable() || matches!(verdict, Verdict::Present | Verdict::Refused)
            );
            accounted.insert(edge.key());
        }
        prop_assert_eq!(accounted, was);
    }
}

/// One image for two mirrors, one tag of which is in the way.
fn example() -> Plan {
    let raw = [RawManifest {
        source: "gcr.io/staging",
        destinations: vec!["us.gcr.io/prod", "eu.gcr.io/prod"],
        images: vec![RawImage {
            name: "a",
            digests: vec![(0, vec!["v1", "latest"])],
        }],
    }];
    let mut world = promo_core::inventory::Inventory::new();
    let content = |tags: &[(&str, usize)], digests: &[usize]| {
        let mut content = promo_core::inventory::RepositoryContent::complete();
        for (tag, number) in tags {
            content.record_tag(tag.parse().unwrap(), Some(digest(*number)));
        }
        for number in digests {
            content.record_digest(digest(*number), true);
        }
        promo_core::inventory::RepositoryInventory::Read(content)
    };
    world.insert("gcr.io/staging/a".parse().unwrap(), content(&[], &[0]));
    world.insert(
        "us.gcr.io/prod/a".parse().unwrap(),
        content(&[("latest", 1)], &[]),
    );
    world.insert("eu.gcr.io/prod/a".parse().unwrap(), content(&[], &[]));
    Planner::new(&manifest_set(&raw), &PlanOptions::default()).plan(Some(&world))
}

#[test]
fn the_document_is_readable() {
    let mut inputs = PlanInputs::default();
    inputs.tree = Some(digest(0));
    inputs.commit = Some("f00".to_owned());
    inputs.inventory_read = Some("2026-01-02T03:04:05Z".parse().unwrap());
    let document = example().to_document(&inputs);
    let text = serde_json::to_string_pretty(&document).unwrap();
    assert_eq!(
        SavedPlan::from_json(text.as_bytes()).unwrap().inputs,
        inputs
    );
    insta::assert_snapshot!(text);
}

#[test]
fn what_was_edited_is_refused_by_code() {
    let edits = [
        ("PROMO-P031", "/schema", json!("promo.plan/v2")),
        ("PROMO-P030", "/inputs", json!({ "unknown": 1 })),
        ("PROMO-P030", "/groups/0/digest", json!("md5:00")),
        ("PROMO-P030", "/groups/0/source", json!("https://x/y")),
        ("PROMO-P030", "/groups/0/usual/verdict", json!("maybe")),
        ("PROMO-P032", "/groups", json!([])),
        ("PROMO-P032", "/summary/verdicts/promote", json!(4)),
        ("PROMO-P032", "/summary/edges", json!(5)),
        ("PROMO-P032", "/unchanged/edges", json!(u64::MAX)),
        ("PROMO-P032", "/groups/0/exceptions", json!([])),
        ("PROMO-P033", "/inputs/inventoryRead", json!("yesterday")),
        ("PROMO-P033", "/groups/0/destinations", json!(7)),
        ("PROMO-P033", "/groups/0/exceptions/0/tag", json!("v9")),
        ("PROMO-P033", "/groups/0/usual/code", json!("PROMO-P001")),
        ("PROMO-P033", "/groups/0/usual/code", json!("PROMO-P999")),
        (
            "PROMO-P033",
            "/groups/0/tags",
            json!(["v1", "v1", "latest"]),
        ),
    ];
    for (code, place, value) in edits {
        let mut document = saved(&example());
        *document.pointer_mut(place).unwrap() = value.clone();
        let error = loaded(&document).unwrap_err();
        assert_eq!(error.code().as_str(), code, "{place} {value}: {error}");
    }
}

#[test]
fn what_changed_since_is_refused_and_named() {
    let before = example();
    let raw = [RawManifest {
        source: "gcr.io/staging",
        destinations: vec!["us.gcr.io/prod"],
        images: vec![RawImage {
            name: "a",
            digests: vec![(0, vec!["v1", "latest"])],
        }],
    }];
    let known = |tag: Option<usize>| {
        let mut known = crate::generate::RawInventory::new();
        let tags = tag.map(|number| ("v1", Some(number))).into_iter().collect();
        let read = crate::generate::RawRepository::Read {
            complete: true,
            digests: tag.map(|number| (number, true)).into_iter().collect(),
            tags,
        };
        known.insert("us.gcr.io/prod/a".to_owned(), read);
        known.insert(
            "gcr.io/staging/a".to_owned(),
            crate::generate::RawRepository::Missing,
        );
        Planner::new(&manifest_set(&raw), &PlanOptions::default()).plan(Some(&inventory(&known)))
    };
    let moved = recheck(&before, &known(Some(2)));
    let refused: Vec<_> = moved
        .plan
        .edges()
        .map(|edge| (edge.code(), edge.reason()))
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0.as_str(), "PROMO-P015");
    assert!(refused[0].1.contains("now tag-move"), "{refused:?}");
    let unwanted: Vec<_> = moved
        .unwanted
        .iter()
        .map(|key| key.destination.as_str())
        .collect();
    assert_eq!(unwanted, ["eu.gcr.io/prod/a", "eu.gcr.io/prod/a"]);
    assert!(moved.plan.work().is_empty());
    let lost = recheck(&before, &known(None));
    assert!(
        lost.plan
            .edges()
            .all(|edge| edge.reason().contains("now lost"))
    );
    let done = recheck(&before, &known(Some(0)));
    assert!(
        done.plan
            .edges()
            .all(|edge| edge.verdict() == Verdict::Present)
    );
}

/// The saved plan put a new tag; now an allowed move would overwrite one, or the other way round.
#[test]
fn a_move_is_carried_out_only_if_the_saved_plan_saw_that_move() {
    let raw = [RawManifest {
        source: "gcr.io/staging",
        destinations: vec!["us.gcr.io/prod"],
        images: vec![RawImage {
            name: "a",
            digests: vec![(0, vec!["v1"])],
        }],
    }];
    let with_tag = |target: Option<usize>| {
        let read = |tags, number: Option<usize>| crate::generate::RawRepository::Read {
            complete: true,
            tags,
            digests: number.map(|number| (number, true)).into_iter().collect(),
        };
        let tags = target.map(|number| ("v1", Some(number)));
        let mut known = crate::generate::RawInventory::new();
        let destination = read(tags.into_iter().collect(), target);
        known.insert("us.gcr.io/prod/a".to_owned(), destination);
        let source = read(std::collections::BTreeMap::new(), Some(0));
        known.insert("gcr.io/staging/a".to_owned(), source);
        let mut options = PlanOptions::default();
        let repository = "us.gcr.io/prod/a".to_owned();
        options.tag_moves = tag_moves(&[(repository, "v1", 1, 0)]);
        Planner::new(&manifest_set(&raw), &options).plan(Some(&inventory(&known)))
    };
    let (new_tag, moved_tag) = (with_tag(None), with_tag(Some(1)));
    for (saved, now) in [(&new_tag, &moved_tag), (&moved_tag, &new_tag)] {
        assert_eq!((saved.work().len(), now.work().len()), (1, 1));
        let rechecked = recheck(saved, now).plan;
        assert_eq!(rechecked.summary().verdicts.get(Verdict::Refused), 1);
        assert!(rechecked.work().is_empty());
    }
    assert_eq!(
        recheck(&moved_tag, &moved_tag).plan.work(),
        moved_tag.work()
    );
}

#[test]
fn what_is_beside_the_images_is_kept_and_may_be_missing() {
    let plan = example();
    assert!(saved(&plan).get("beside").is_none());
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let left = json!({"source": "staging.example/team/app", "image": digest("a"), "digest": digest("c"),
                      "type": "application/spdx+json", "becomes": "left-behind"});
    let tag = json!({"source": "staging.example/team/app", "image": digest("a"), "digest": digest("b"),
                     "tag": format!("sha256-{}.sbom", "a".repeat(64)), "becomes": "carried"});
    let mut document = saved(&plan);
    document["beside"] = json!([left, tag, left]);
    let back = loaded(&document).unwrap().plan;
    assert_eq!(saved(&back)["beside"], json!([tag, left]));
    document["beside"] = json!([]);
    assert_eq!(loaded(&document).unwrap().plan.beside(), Some(&[][..]));
    document["beside"] = json!([{"source": "staging.example/team/app"}]);
    let refused = loaded(&document).unwrap_err();
    assert!(matches!(refused, ArtifactError::Document(_)), "{refused}");
}
