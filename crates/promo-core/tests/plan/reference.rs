//! Edge by edge, the plan says what the reference model says.

use std::collections::BTreeMap;

use promo_core::plan::{PlanOptions, PlannedEdge, Planner, Selection, TagMove, TagMoves, Verdict};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::generate::{
    RawInventory, RawManifest, deal, digest, inventory, manifest_set, manifests, repositories,
};
use crate::model::{self, ModelEdge, ModelVerdict, Move, Points};

/// An edge as text, whichever implementation it comes from.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub(crate) struct EdgeLine(pub(crate) Vec<String>);

pub(crate) fn real_line(edge: &PlannedEdge<'_>) -> EdgeLine {
    EdgeLine(vec![
        edge.source().to_string(),
        edge.image().to_owned(),
        edge.digest().to_string(),
        edge.destination_registry().to_string(),
        edge.destination().to_string(),
        edge.tag().map_or("-".to_owned(), ToString::to_string),
        format!("{}:{}", edge.file(), edge.position()),
        edge.verdict().to_string(),
        edge.code().to_string(),
        edge.moves_from()
            .map_or("-".to_owned(), |from| from.to_string()),
    ])
}

fn model_line(edge: &ModelEdge, (verdict, code, from): ModelVerdict) -> EdgeLine {
    EdgeLine(vec![
        edge.source.clone(),
        edge.image.to_owned(),
        edge.digest().to_string(),
        edge.registry.to_owned(),
        edge.destination.clone(),
        edge.tag.unwrap_or("-").to_owned(),
        format!("{}:{}:3", edge.file, edge.line),
        verdict.to_owned(),
        code.to_owned(),
        from.map_or("-".to_owned(), |from| digest(from).to_string()),
    ])
}

/// All edges as the model has them.
pub(crate) fn model_lines(
    manifests: &[RawManifest],
    inventory: Option<&RawInventory>,
    moves: &[Move],
) -> Vec<EdgeLine> {
    let edges = model::edges(manifests);
    let lines = edges.iter().enumerate();
    lines
        .map(|(i, edge)| model_line(edge, model::verdict(&edges, i, inventory, moves)))
        .collect()
}

/// Moves that would be allowed: of the tags that are in the way, those that `pick` has; some of them
/// from a digest that isn't there.
pub(crate) fn moves(
    manifests: &[RawManifest],
    raw: &RawInventory,
    pick: &[Option<bool>],
) -> Vec<Move> {
    let mut found = BTreeMap::new();
    for (edge, pick) in model::edges(manifests).into_iter().zip(pick.iter().cycle()) {
        let (Some(tag), Some(exact)) = (edge.tag, pick) else {
            continue;
        };
        if let Points::To(from) = model::points(raw, &edge.destination, tag) {
            let from = if *exact { from } else { (from + 1) % 5 };
            if from != edge.number {
                found.insert((edge.destination, tag), (from, edge.number));
            }
        }
    }
    let moves = found.into_iter();
    moves
        .map(|((repository, tag), (from, to))| (repository, tag, from, to))
        .collect()
}

pub(crate) fn tag_moves(moves: &[Move]) -> TagMoves {
    let list = moves.iter().map(|(repository, tag, from, to)| TagMove {
        repository: repository.parse().unwrap(),
        tag: tag.parse().unwrap(),
        from: digest(*from),
        to: digest(*to),
    });
    TagMoves::new(list.collect()).unwrap()
}

pub(crate) fn picks() -> impl Strategy<Value = Vec<Option<bool>>> {
    prop::collection::vec(prop::option::of(prop::bool::weighted(0.8)), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_edge_gets_the_verdict_of_the_model(
        raw in manifests(true),
        dealt in repositories(),
        pick in picks(),
    ) {
        let known = deal(&raw, &dealt);
        let moves = moves(&raw, &known, &pick);
        let mut options = PlanOptions::default();
        options.tag_moves = tag_moves(&moves);
        let plan = Planner::new(&manifest_set(&raw), &options).plan(Some(&inventory(&known)));
        let real: Vec<_> = plan.edges().map(|edge| real_line(&edge)).collect();
        prop_assert_eq!(real, model_lines(&raw, Some(&known), &moves));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn offline_every_edge_is_wanted_but_those_that_meet(raw in manifests(true)) {
        let plan = Planner::new(&manifest_set(&raw), &PlanOptions::default()).plan(None);
        let real: Vec<_> = plan.edges().map(|edge| real_line(&edge)).collect();
        prop_assert_eq!(real, model_lines(&raw, None, &[]));
        prop_assert!(plan.work().is_empty());
    }

    #[test]
    fn the_plan_of_a_part_is_the_part_of_the_plan(
        raw in manifests(true),
        dealt in repositories(),
        offline in any::<bool>(),
        image in prop::option::of(prop::sample::select(&["a", "*/a", "sub*", "gcr.io/staging/*"][..])),
        destination in prop::option::of(prop::sample::select(
            &["us.gcr.io", "us.gcr.io/prod", "us.gcr.io/prod/*", "127.0.0.1:5000"][..]
        )),
    ) {
        let known = deal(&raw, &dealt);
        let known_inventory = inventory(&known);
        let given = (!offline).then_some(&known_inventory);
        let patterns = |one: Option<&str>| one.map(str::to_owned).into_iter().collect::<Vec<_>>();
        let mut options = PlanOptions::default();
        options.selection = Selection::new(&patterns(image), &patterns(destination)).unwrap();
        let part = Planner::new(&manifest_set(&raw), &options).plan(given);
        let real: Vec<_> = part.edges().map(|edge| real_line(&edge)).collect();
        let expected: Vec<_> = model_lines(&raw, (!offline).then_some(&known), &[])
            .into_iter()
            .filter(|line| is_image(image, line) && is_destination(destination, line))
            .collect();
        prop_assert_eq!(real, expected);
    }

    #[test]
    fn summary_and_groups_count_what_the_edges_are(
        raw in manifests(true),
        dealt in repositories(),
        part in any::<bool>(),
    ) {
        let mut options = PlanOptions::default();
        if part {
            options.selection = Selection::new(&[], &["us.gcr.io".to_owned()]).unwrap();
        }
        let known = inventory(&deal(&raw, &dealt));
        let plan = Planner::new(&manifest_set(&raw), &options).plan(Some(&known));
        let summary = plan.summary();
        let edges: Vec<_> = plan.edges().collect();
        prop_assert_eq!(summary.edges, edges.len() as u64);
        let tagless = edges.iter().filter(|edge| edge.tag().is_none()).count();
        prop_assert_eq!(summary.tagless, tagless as u64);
        let images = raw.iter().flat_map(|manifest| {
            let mut destinations = manifest.destinations.iter();
            let lands = destinations.any(|d| !part || d.starts_with("us.gcr.io/"));
            manifest.images.iter().filter(move |image| lands && !image.digests.is_empty())
        });
        prop_assert_eq!(summary.images, images.count() as u64);
        let repositories = edges.iter().flat_map(|edge| [edge.source(), edge.destination()]);
        prop_assert_eq!(summary.repositories, distinct(repositories));
        let digests = distinct(edges.iter().map(PlannedEdge::digest));
        prop_assert_eq!(summary.digests, digests);
        for verdict in Verdict::ALL {
            let counted = edges.iter().filter(|edge| edge.verdict() == verdict).count() as u64;
            prop_assert_eq!(summary.verdicts.get(verdict), counted);
            let grouped: u64 = plan.groups().map(|group| group.counts().get(verdict)).sum();
            prop_assert_eq!(grouped, counted);
        }
        for group in plan.groups() {
            let exceptional = group.exceptions().count();
            let usual = group.usual_verdict();
            let others = group.edges().filter(|edge| Some(edge.verdict()) != usual).count();
            prop_assert!(others <= exceptional || usual.is_none());
        }
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> u64 {
    values.collect::<std::collections::BTreeSet<T>>().len() as u64
}

/// The patterns above in the test's own words.
fn is_image(pattern: Option<&str>, EdgeLine(line): &EdgeLine) -> bool {
    let (source, name) = (line[0].as_str(), line[1].as_str());
    match pattern {
        None => true,
        Some("a") => name == "a",
        Some("*/a") => name.ends_with("/a") || source.ends_with("/a"),
        Some("sub*") => name.starts_with("sub"),
        Some("gcr.io/staging/*") => source.starts_with("gcr.io/staging/"),
        Some(other) => unreachable!("{other}"),
    }
}

fn is_destination(pattern: Option<&str>, EdgeLine(line): &EdgeLine) -> bool {
    let (registry, repository) = (line[3].as_str(), line[4].as_str());
    match pattern {
        None => true,
        Some("us.gcr.io") => repository.starts_with("us.gcr.io/"),
        Some("us.gcr.io/prod") => registry == "us.gcr.io/prod",
        Some("us.gcr.io/prod/*") => repository.starts_with("us.gcr.io/prod/"),
        Some("127.0.0.1:5000") => repository.starts_with("127.0.0.1:5000/"),
        Some(other) => unreachable!("{other}"),
    }
}

/// The generated worlds reach every verdict and every reason often enough to be worth comparing.
#[test]
fn generated_worlds_reach_every_code() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let worlds = (manifests(true), repositories(), picks());
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..500 {
        let (raw, dealt, pick) = worlds.new_tree(&mut runner).unwrap().current();
        let known = deal(&raw, &dealt);
        let moves = moves(&raw, &known, &pick);
        for EdgeLine(line) in model_lines(&raw, Some(&known), &moves) {
            *reached.entry(line[8].clone()).or_default() += 1;
        }
    }
    for entry in promo_core::plan::codes::ALL {
        let (code, meaning) = (entry.code, entry.title);
        let times = reached.get(code.as_str()).copied().unwrap_or_default();
        assert!(
            times > 20 || is_elsewhere(meaning),
            "{code} {times}: {reached:?}"
        );
    }
}

/// Codes that other tests reach: without an inventory, with a saved plan, and with a check of one's own.
fn is_elsewhere(meaning: &str) -> bool {
    ["no inventory", "saved plan", "a check of the plan"]
        .iter()
        .any(|words| meaning.contains(words))
}
