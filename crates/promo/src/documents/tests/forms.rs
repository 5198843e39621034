//! Every form of a plan says the same as its edges, one by one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, DigestAlgorithm, Repository};
use promo_core::plan::{Plan, PlanInputs, PlanOptions, PlannedEdge, Planner, Selection, Verdict};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::Value;

use crate::documents::plan_text::short;
use crate::documents::{plan_markdown, plan_text, summary_markdown, summary_text};

const TAGS: [&str; 3] = ["v1.0.0", "v1.0.1", "v1.0.2"];
const MIRRORS: [&str; 4] = ["a.example/p", "b.example/p", "b.example/q", "c.example/p"];
const IMAGES: [&str; 2] = ["app", "team/server"];

/// What is known of one destination repository: where each tag points (0: nowhere, 1: to what is wanted, 2: elsewhere),
/// and whether the digest is there.
type Known = ([u8; 3], bool);

#[derive(Debug, Clone)]
struct World {
    mirrors: Vec<&'static str>,
    /// For each image its digests with their tags.
    images: Vec<Vec<Vec<&'static str>>>,
    known: Vec<Known>,
    in_source: Vec<bool>,
    offline: bool,
    only: Option<usize>,
}

fn worlds() -> impl Strategy<Value = World> {
    let tags = subsequence(TAGS.to_vec(), 0..=3);
    let images = proptest::collection::vec(proptest::collection::vec(tags, 1..3), 1..=IMAGES.len());
    let known = ([0_u8..3, 0_u8..3, 0_u8..3], any::<bool>());
    (
        subsequence(MIRRORS.to_vec(), 1..=3),
        images,
        proptest::collection::vec(known, 8),
        proptest::collection::vec(prop::bool::weighted(0.8), 4),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.2, 0..MIRRORS.len()),
    )
        .prop_map(|(mirrors, images, known, in_source, offline, only)| World {
            mirrors,
            images,
            known,
            in_source,
            offline,
            only,
        })
}

fn digest(image: usize, number: usize) -> Digest {
    Digest::of(
        DigestAlgorithm::Sha256,
        &[u8::try_from(10 * image + number).unwrap()],
    )
}

impl World {
    fn set(&self) -> ManifestSet {
        let mut text = "registries:\n- {name: s.example/st, src: true}\n".to_owned();
        for mirror in &self.mirrors {
            let _ = writeln!(text, "- name: {mirror}");
        }
        text.push_str("images:\n");
        for (image, digests) in self.images.iter().enumerate() {
            let _ = writeln!(text, "- name: {}\n  dmap:", IMAGES[image]);
            for (number, tags) in digests.iter().enumerate() {
                let digest = digest(image, number);
                let _ = writeln!(text, "    {digest}: [{}]", tags.join(", "));
            }
        }
        ManifestSet::parse_plain("m.yaml", text.as_bytes()).unwrap()
    }

    fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::new();
        let mut known = self.known.iter().cycle();
        let mut add = |name: String, content| {
            let name: Repository = name.parse().unwrap();
            inventory.insert(name, RepositoryInventory::Read(content));
        };
        for (image, digests) in self.images.iter().enumerate() {
            let mut source = RepositoryContent::complete();
            for (number, _) in digests.iter().enumerate() {
                source.record_digest(digest(image, number), self.in_source[2 * image + number]);
            }
            add(format!("s.example/st/{}", IMAGES[image]), source);
            for mirror in &self.mirrors {
                let mut content = RepositoryContent::complete();
                for (number, tags) in digests.iter().enumerate() {
                    let (points, is_there) = known.next().unwrap();
                    if *is_there {
                        content.record_digest(digest(image, number), true);
                    }
                    for (tag, points) in tags.iter().zip(points) {
                        let target = match points {
                            0 => continue,
                            1 => digest(image, number),
                            _ => digest(9, 9),
                        };
                        content.record_digest(target, true);
                        content.record_tag(tag.parse().unwrap(), Some(target));
                    }
                }
                add(format!("{mirror}/{}", IMAGES[image]), content);
            }
        }
        inventory
    }

    fn plan(&self) -> Plan {
        let mut options = PlanOptions::default();
        if let Some(only) = self.only {
            options.selection = Selection::new(&[], &[MIRRORS[only].to_owned()]).unwrap();
        }
        let inventory = (!self.offline).then(|| self.inventory());
        Planner::new(&self.set(), &options).plan(inventory.as_ref())
    }
}

/// An edge as a form names it: verdict, image, digest, tag, destination.
type Told = (String, String, String, String, String);

fn told(edge: &PlannedEdge<'_>) -> Told {
    (
        edge.verdict().to_string(),
        edge.image().to_owned(),
        short(edge.digest()),
        edge.tag().map_or_else(String::new, ToString::to_string),
        edge.destination_registry().to_string(),
    )
}

fn truth(plan: &Plan, wanted: impl Fn(Verdict) -> bool) -> BTreeSet<Told> {
    plan.edges()
        .filter(|edge| wanted(edge.verdict()))
        .map(|edge| told(&edge))
        .collect()
}

/// The edges that a row of a table tells of. `untagged` stands for none in the column of tags.
fn told_by(cells: &[String], untagged: &str, world: &World) -> Vec<Told> {
    let [verdict, image, digest, tags, destinations] = cells else {
        panic!("a row has five cells: {cells:?}");
    };
    let tags: Vec<&str> = match tags.as_str() {
        none if none == untagged => vec![""],
        some => some.split(", ").collect(),
    };
    let destinations: Vec<&str> = if destinations.ends_with("registries") {
        assert_eq!(*destinations, format!("{} registries", world.mirrors.len()));
        world.mirrors.clone()
    } else {
        destinations.split(", ").collect()
    };
    let cells = |tag: &str, destination: &str| {
        (
            verdict.clone(),
            image.clone(),
            digest.clone(),
            tag.to_owned(),
            destination.to_owned(),
        )
    };
    tags.iter()
        .flat_map(|tag| {
            destinations
                .iter()
                .map(|destination| cells(tag, destination))
        })
        .collect()
}

/// The edges of a table, none of which may be told of twice.
fn each_once(rows: impl Iterator<Item = Told>) -> BTreeSet<Told> {
    let mut told = BTreeSet::new();
    for row in rows {
        assert!(told.insert(row.clone()), "{row:?} is told of twice");
    }
    told
}

fn of_table(text: &str, world: &World) -> BTreeSet<Told> {
    let text = anstream::adapter::strip_str(text).to_string();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("VERDICT"))
        .skip(1);
    let rows = rows.take_while(|line| !line.is_empty()).map(|line| {
        let cells = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    });
    each_once(rows.flat_map(|cells| told_by(&cells, "-", world)))
}

fn of_markdown(text: &str, world: &World) -> BTreeSet<Told> {
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().replace('`', ""))
            .collect::<Vec<_>>()
    });
    each_once(rows.flat_map(|cells| told_by(&cells, "by digest", world)))
}

/// How many blocked edges stand under "Left".
fn blocked_in_markdown(text: &str) -> usize {
    let lines = text.lines().filter(|line| line.starts_with("- **"));
    lines
        .map(|line| {
            let more = line.split("` and ").nth(1);
            let more = more.and_then(|rest| rest.split(" more: ").next());
            1 + more.map_or(0, |more| more.parse::<usize>().unwrap())
        })
        .sum()
}

fn of_document(plan: &Plan) -> BTreeSet<Told> {
    let document = serde_json::to_value(plan.to_document(&PlanInputs::default())).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told = Vec::new();
    for group in document["groups"].as_array().unwrap() {
        let set = group["destinations"].as_u64().unwrap();
        let set = document["destinationSets"][usize::try_from(set).unwrap()]
            .as_array()
            .unwrap();
        let mut tags: Vec<Value> = group["tags"].as_array().unwrap().clone();
        if tags.is_empty() {
            tags.push(Value::Null);
        }
        let digest: Digest = text(&group["digest"]).parse().unwrap();
        for tag in &tags {
            for destination in set {
                let mut exceptions = group["exceptions"].as_array().into_iter().flatten();
                let is_here = |e: &&Value| e["tag"] == *tag && e["destination"] == *destination;
                let judgement = match exceptions.find(is_here) {
                    Some(exception) => &exception["judgement"],
                    None => &group["usual"],
                };
                if !judgement.is_null() {
                    told.push((
                        text(&judgement["verdict"]),
                        text(&group["image"]),
                        short(digest),
                        tag.as_str().unwrap_or_default().to_owned(),
                        text(destination),
                    ));
                }
            }
        }
    }
    each_once(told.into_iter())
}

proptest! {
    #[test]
    fn every_form_says_what_the_edges_say(world in worlds()) {
        let plan = world.plan();
        let table = plan_text(&plan).into_styled();
        let not_present = truth(&plan, |verdict| verdict != Verdict::Present);
        prop_assert_eq!(of_table(&table, &world), not_present.clone());

        let markdown = plan_markdown(&plan);
        let to_do = truth(&plan, |verdict| verdict.is_actionable() || verdict == Verdict::Wanted);
        prop_assert_eq!(of_markdown(&markdown, &world), to_do);
        let blocked = plan.edges().filter(|edge| edge.verdict().is_blocked()).count();
        prop_assert_eq!(blocked_in_markdown(&markdown), blocked);

        let document = of_document(&plan);
        let is_told = |edge: &Told| document.contains(edge);
        prop_assert!(not_present.iter().all(is_told));
        prop_assert!(document.is_subset(&truth(&plan, |_| true)));

        let counts = plan.summary().verdicts;
        let summary = summary_text(&plan).plain();
        for verdict in Verdict::ALL {
            let count = plan.edges().filter(|edge| edge.verdict() == verdict).count();
            prop_assert_eq!(counts.get(verdict), count as u64);
            let says = summary.contains(&format!("{count} {verdict}"));
            prop_assert_eq!(says, count > 0, "{} {}", verdict, &summary);
        }
        if !plan.is_offline() {
            let present = format!("{} published already", counts.get(Verdict::Present));
            prop_assert!(summary_markdown(&plan).contains(&present));
        }
    }
}

/// Three tags of one digest, of which only the last is still to be done.
#[test]
fn a_row_names_the_tags_of_its_verdict_and_no_others() {
    let world = World {
        mirrors: vec![MIRRORS[0]],
        images: vec![vec![TAGS.to_vec()]],
        known: vec![([2, 1, 0], true)],
        in_source: vec![true; 4],
        offline: false,
        only: None,
    };
    let markdown = plan_markdown(&world.plan());
    let row = markdown
        .lines()
        .find(|line| line.starts_with("| finish"))
        .unwrap();
    assert!(row.contains("| `v1.0.2` | `a.example/p` |"), "{row}");
    let table = plan_text(&world.plan()).into_styled();
    assert_eq!(of_table(&table, &world).len(), 2, "{table}");
}
