//! The parts of a plan by themselves; `tests/plan` holds the reference model and the laws.

use std::collections::BTreeSet;

use super::*;
use crate::manifest::{
    DigestEntry, FilePath, ImageEntry, ManifestSet, Position, PromoterManifest, TagEntry,
};

fn digest(n: u8) -> Digest {
    Digest::sha256_of(&[n])
}

fn tag_move(tag: &str, from: u8, to: u8) -> TagMove {
    TagMove {
        repository: "a.io/x".parse().unwrap(),
        tag: tag.parse().unwrap(),
        from: digest(from),
        to: digest(to),
    }
}

/// Two images for many mirrors; the first two entries of the second meet.
fn set(mirrors: usize) -> ManifestSet {
    let at = |line| Position { line, column: 1 };
    let entry = |n: u8, tag: &str| {
        let tags = vec![TagEntry::from_parts(tag.parse().unwrap(), at(u32::from(n)))];
        DigestEntry::from_parts(digest(n), at(u32::from(n)), tags)
    };
    let first = (0..50).map(|n| entry(n, &format!("v{n}")));
    let images = vec![
        ImageEntry::from_parts("x", at(1), first.collect()),
        ImageEntry::from_parts(
            "y",
            at(2),
            vec![entry(1, "v1"), entry(2, "v1"), entry(3, "v3")],
        ),
    ];
    let destinations = (0..mirrors).map(|n| format!("m{n}.io/prod").parse().unwrap());
    let file = FilePath::new("images.yaml");
    let source = "a.io/staging".parse().unwrap();
    let destinations = destinations.collect();
    let manifest =
        PromoterManifest::from_parts(file.clone(), file, source, destinations, images).unwrap();
    ManifestSet::from_parts(vec![manifest], vec![])
}

#[test]
fn a_list_of_tag_moves_says_one_thing_about_a_tag() {
    let moves = TagMoves::new(vec![tag_move("v1", 1, 2), tag_move("v2", 1, 2)]).unwrap();
    let repository = "a.io/x".parse().unwrap();
    let tag = "v1".parse().unwrap();
    assert!(moves.allows(&repository, &tag, &digest(1), &digest(2)));
    assert!(!moves.allows(&repository, &tag, &digest(2), &digest(1)));
    assert!(!moves.allows(&"a.io/y".parse().unwrap(), &tag, &digest(1), &digest(2)));
    let repeated = TagMoves::new(vec![tag_move("v1", 1, 2), tag_move("v1", 3, 2)]);
    assert!(matches!(repeated, Err(TagMovesError::Repeated { .. })));
    let no_move = TagMoves::new(vec![tag_move("v1", 1, 1)]);
    assert!(matches!(no_move, Err(TagMovesError::NoMove { .. })));
}

#[test]
fn tag_moves_are_read_as_a_plain_list_and_checked() {
    let moves = TagMoves::new(vec![tag_move("v2", 1, 2), tag_move("v1", 1, 2)]).unwrap();
    let json = serde_json::to_string(&moves).unwrap();
    assert_eq!(serde_json::from_str::<TagMoves>(&json).unwrap(), moves);
    let read = |text: &str| serde_json::from_str::<TagMoves>(text).map_err(|e| e.to_string());
    assert!(
        read(&json.replace("v2", "v1"))
            .unwrap_err()
            .contains("stands twice")
    );
    assert!(
        read(&json.replace("\"tag\"", "\"tags\""))
            .unwrap_err()
            .contains("unknown field")
    );
    assert!(read(&json.replace("v2", "-")).is_err());
    assert!(read("[]").unwrap().is_empty());
}

#[test]
fn a_pattern_that_is_no_glob_is_named() {
    let error = Selection::new(&[], &["a[".to_owned()]).unwrap_err();
    assert_eq!(error.to_string(), "`a[` is not a glob pattern");
    assert!(Selection::new(&[], &[]).unwrap().is_all());
}

#[test]
fn only_what_differs_is_kept_for_an_edge() {
    for mirrors in [1, 60] {
        let plan = Planner::new(&set(mirrors), &PlanOptions::default()).plan(None);
        assert_eq!(plan.summary().edges, 53 * mirrors as u64);
        // The two entries in conflict are exceptional as a whole: one for each mirror.
        let kept: usize = plan
            .groups()
            .map(|group| group.exceptional_cells().len())
            .sum();
        assert_eq!(kept, 2 * mirrors);
        assert_eq!(plan.conflicts.len(), 1);
        assert_eq!(plan.manifests.repositories.len(), 2 * mirrors);
    }
}

#[test]
fn an_edge_is_one_object() {
    let plan = Planner::new(&set(1), &PlanOptions::default()).plan(None);
    let edge = serde_json::to_value(plan.edges().next().unwrap()).unwrap();
    let expected = serde_json::json!({
        "source": "a.io/staging/x",
        "image": "x",
        "digest": digest(0).to_string(),
        "destination": "m0.io/prod/x",
        "tag": "v0",
        "verdict": "wanted",
        "code": "PROMO-P005",
        "reason": "wanted; no registry was asked",
        "from": null,
        "file": "images.yaml",
        "line": 0,
        "column": 1,
    });
    assert_eq!(edge, expected);
}

#[test]
fn codes_are_given_out_once_and_in_order() {
    let codes: Vec<_> = codes::ALL.iter().map(|entry| entry.code).collect();
    let distinct: BTreeSet<_> = codes.iter().copied().collect();
    assert_eq!(codes, distinct.into_iter().collect::<Vec<_>>());
}

fn rule(text: &str, image: Option<&str>, mutable: bool) -> TagRule {
    TagRule {
        tag: text.parse().unwrap(),
        image: image.map(|image| image.parse().unwrap()),
        mutable,
    }
}

#[test]
fn of_rules_about_tags_the_first_that_is_about_it_decides() {
    let rules = MutableTags::new(vec![
        rule("v1.*", None, false),
        rule("v?", Some("team/*"), true),
        rule("v*", Some("team/app"), true),
        rule("latest", None, true),
    ]);
    let allows = |image: &str, text: &str| rules.allows(image, &text.parse().unwrap());
    assert!(allows("anything", "latest"));
    assert!(allows("team/app", "v1"));
    assert!(allows("team/deep/app", "v1"));
    assert!(allows("team/app", "v2.0"));
    for (image, text) in [
        ("team/app", "v1.0"),
        ("app", "v1"),
        ("team/other", "v2.0"),
        ("app", "latest-1"),
        ("app", "Latest"),
    ] {
        assert!(!allows(image, text), "{image}:{text}");
    }
    assert!(!MutableTags::default().allows("app", &"latest".parse().unwrap()));
    for wrong in ["", "a{", "[z-a]"] {
        assert!(wrong.parse::<NamePattern>().is_err(), "{wrong}");
    }
}

#[test]
fn a_tag_that_may_move_is_planned_with_where_it_is_and_a_saved_plan_says_so() {
    use crate::inventory::{Inventory, RepositoryContent, RepositoryInventory};
    let mut inventory = Inventory::new();
    let mut put = |repository: &str, tag: Option<&str>, digests: &[u8]| {
        let mut content = RepositoryContent::complete();
        for n in digests {
            content.record_digest(digest(*n), true);
        }
        if let Some(tag) = tag {
            content.record_tag(tag.parse().unwrap(), Some(digest(200)));
        }
        let repository = repository.parse().unwrap();
        inventory.insert(repository, RepositoryInventory::Read(content));
    };
    let all: Vec<u8> = (0..50).collect();
    put("a.io/staging/x", None, &all);
    put("a.io/staging/y", None, &all);
    put("m0.io/prod/x", Some("v7"), &[200]);
    put("m0.io/prod/y", Some("v3"), &[200]);
    let options = PlanOptions {
        mutable_tags: MutableTags::new(vec![rule("v?", Some("x"), true)]),
        ..PlanOptions::default()
    };
    let plan = Planner::new(&set(1), &options).plan(Some(&inventory));
    let said = |plan: &Plan, image: &str, tag: &str| {
        let edge = plan
            .edges()
            .find(|edge| edge.image() == image && edge.tag().is_some_and(|t| t.as_str() == tag))
            .unwrap();
        (edge.verdict(), edge.moves_from(), edge.reason())
    };
    let (from, to) = (digest(200), digest(7));
    let moves = format!("the tag would move from {from} to {to}, as a tag that may move");
    assert_eq!(
        said(&plan, "x", "v7"),
        (Verdict::Promote, Some(from), moves)
    );
    assert_eq!(said(&plan, "y", "v3").0, Verdict::TagMove);
    let saved = plan.to_document(&PlanInputs::default());
    let read = SavedPlan::from_json(&serde_json::to_vec(&saved).unwrap()).unwrap();
    assert_eq!(said(&read.plan, "x", "v7"), said(&plan, "x", "v7"));
    assert_eq!(read.plan.options.mutable_tags, options.mutable_tags);

    // It moved meanwhile, so what is done would not be what was seen.
    let mut moved = RepositoryContent::complete();
    moved.record_tag("v7".parse().unwrap(), Some(digest(201)));
    moved.record_digest(digest(201), true);
    let repository = "m0.io/prod/x".parse().unwrap();
    inventory.insert(repository, RepositoryInventory::Read(moved));
    let now = Planner::new(&set(1), &options).plan(Some(&inventory));
    assert_eq!(said(&now, "x", "v7").0, Verdict::Promote);
    let left = recheck(&read.plan, &now);
    assert_eq!(said(&left.plan, "x", "v7").0, Verdict::Refused);
}
