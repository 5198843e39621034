//! Every form of a plan says the same as its edges, one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, DigestAlgorithm, Repository};
use promo_core::plan::{
    Plan, PlanInputs, PlanOptions, PlannedEdge, Planner, Selection, TagMoves, Verdict,
};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::documents::plan_text::short;
use crate::documents::{Comment, Layout, plan_markdown, plan_text, summary_markdown, summary_text};

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
    /// Whether tags may move.
    moves: bool,
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
        any::<bool>(),
    )
        .prop_map(
            |(mirrors, images, known, in_source, offline, only, moves)| World {
                mirrors,
                images,
                known,
                in_source,
                offline,
                only,
                moves,
            },
        )
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

    /// Each tag may move from where it may point to the first digest of its image that asks for it.
    fn all_moves(&self) -> TagMoves {
        let mut moves = BTreeMap::new();
        for (image, digests) in self.images.iter().enumerate() {
            for (number, tags) in digests.iter().enumerate() {
                for (mirror, tag) in self
                    .mirrors
                    .iter()
                    .flat_map(|m| tags.iter().map(move |t| (m, t)))
                {
                    let repository = format!("{mirror}/{}", IMAGES[image]);
                    let (from, to) = (digest(9, 9), digest(image, number));
                    moves.entry((repository.clone(), *tag)).or_insert_with(
                        || json!({"repository": repository, "tag": tag, "from": from, "to": to}),
                    );
                }
            }
        }
        serde_json::from_value(Value::Array(moves.into_values().collect())).unwrap()
    }

    fn plan(&self) -> Plan {
        let mut options = PlanOptions::default();
        if let Some(only) = self.only {
            options.selection = Selection::new(&[], &[MIRRORS[only].to_owned()]).unwrap();
        }
        if self.moves {
            options.tag_moves = self.all_moves();
        }
        let inventory = (!self.offline).then(|| self.inventory());
        Planner::new(&self.set(), &options).plan(inventory.as_ref())
    }
}

/// An edge as a form names it: verdict, image, digest, tag, destination, and the digest that the tag moves from.
type Told = (String, String, String, String, String, String);

fn told(edge: &PlannedEdge<'_>) -> Told {
    (
        edge.verdict().to_string(),
        edge.image().to_owned(),
        short(edge.digest()),
        edge.tag().map_or_else(String::new, ToString::to_string),
        edge.destination_registry().to_string(),
        edge.moves_from().map_or_else(String::new, short),
    )
}

fn truth(plan: &Plan, wanted: impl Fn(Verdict) -> bool) -> BTreeSet<Told> {
    plan.edges()
        .filter(|edge| wanted(edge.verdict()))
        .map(|edge| told(&edge))
        .collect()
}

/// What letters stand for.
type Legend = BTreeMap<String, Vec<String>>;

/// The edges that a row tells of: image, tags, digest (with the one before), where, why. `untagged` stands for no tag.
fn told_by(cells: &[String], untagged: &str, legend: &Legend) -> Vec<Told> {
    let [image, tags, from, digest, places, why] = cells else {
        panic!("a row has six cells: {cells:?}");
    };
    let verdict = match why.as_str() {
        "new" | "new, by digest" | "moves, as allowed" => "promote",
        "only the tag is missing" => "finish",
        "wanted" => "wanted",
        other => panic!("{other}"),
    };
    assert_eq!(why == "moves, as allowed", !from.is_empty());
    let tags: Vec<&str> = match tags.as_str() {
        none if none == untagged => vec![""],
        some => some.split(", ").collect(),
    };
    let places = match places.split_once(" (") {
        None => vec![places.clone()],
        Some((letter, count)) => {
            let places = legend[letter].clone();
            assert_eq!(count, format!("{} mirrors)", places.len()));
            places
        }
    };
    let cell = |tag: &str, place: &str| {
        let [verdict, tag, place] = [verdict, tag, place].map(str::to_owned);
        (
            verdict,
            image.clone(),
            digest.clone(),
            tag,
            place,
            from.clone(),
        )
    };
    let of_tag = |tag| places.iter().map(move |place| cell(tag, place));
    tags.into_iter().flat_map(of_tag).collect()
}

/// The edges of a table, none of which may be told of twice.
fn each_once(rows: impl Iterator<Item = Told>) -> BTreeSet<Told> {
    let mut told = BTreeSet::new();
    for row in rows {
        assert!(told.insert(row.clone()), "{row:?} is told of twice");
    }
    told
}

fn of_table(text: &str) -> BTreeSet<Told> {
    let text = anstream::adapter::strip_str(text).to_string();
    let cells = |line: &str| -> Vec<String> {
        let cells = line.split("  ").map(str::trim);
        let cells = cells.filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect()
    };
    let (mut legend, mut rows) = (Legend::new(), Vec::new());
    for block in text.split("\n\n") {
        if let Some(table) = block.strip_prefix("IMAGE") {
            rows.extend(table.lines().skip(1).map(cells));
        } else if block.starts_with("A  ") {
            for line in block.lines().map(cells) {
                let names = line[1].split(", ").map(str::to_owned).collect();
                legend.insert(line[0].clone(), names);
            }
        }
    }
    let rows = rows.into_iter().map(|mut cells| {
        if cells.len() == 5 {
            cells.insert(2, String::new());
        }
        cells
    });
    each_once(rows.flat_map(|cells| told_by(&cells, "-", &legend)))
}

fn of_markdown(text: &str) -> BTreeSet<Told> {
    let plain = text.replace('`', "");
    let mut legend = Legend::new();
    for line in plain.lines() {
        if let Some((letter, names)) = line.strip_prefix("- **").and_then(|l| l.split_once("**: "))
        {
            let names = names.split(", ").map(str::to_owned).collect();
            legend.insert(letter.to_owned(), names);
        }
    }
    let rows = plain
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| image"));
    let rows = rows.map(|line| {
        let cells = line.trim_matches('|').split('|');
        let mut cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
        let digests = cells.remove(2);
        let (from, to) = digests.split_once(" → ").unwrap_or(("", &digests));
        cells.splice(2..2, [from.to_owned(), to.to_owned()]);
        cells
    });
    each_once(rows.flat_map(|cells| told_by(&cells, "by digest", &legend)))
}

/// How many blocked edges the lines of causes tell of: `- **lost** 2 edges of …`, or one by its name.
fn blocked_in(lines: impl Iterator<Item = String>) -> usize {
    let counts = lines.map(|line| match line.split_once(" edges of ") {
        Some((count, _)) => count.parse().unwrap(),
        None => 1,
    });
    counts.sum()
}

/// What stands after the verdict in each line of a cause.
fn causes_in_markdown(text: &str) -> impl Iterator<Item = String> {
    let blocked = text.split("#### Blocked\n").nth(1).unwrap_or_default();
    let lines = blocked.lines().take_while(|line| !line.starts_with('#'));
    let lines = lines.filter_map(|line| line.strip_prefix("- **"));
    lines.map(|line| line.split_once("** ").unwrap().1.to_owned())
}

fn causes_in_text(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().filter_map(|line| line.split_once("[PROMO-P"));
    lines.map(|(_, rest)| rest.split_once("] ").unwrap().1.to_owned())
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
                        judgement["from"]
                            .as_str()
                            .map_or_else(String::new, |from| short(from.parse().unwrap())),
                    ));
                }
            }
        }
    }
    each_once(told.into_iter())
}

proptest! {
    #[test]
    fn every_form_says_what_the_edges_say(world in worlds(), width in 40_usize..200) {
        let plan = world.plan();
        let unbroken = plan_text(&plan, Layout::within(usize::MAX));
        let not_present = truth(&plan, |verdict| verdict != Verdict::Present);
        let changes = truth(&plan, |verdict| verdict.is_actionable() || verdict == Verdict::Wanted);
        prop_assert_eq!(of_table(unbroken.styled()), changes.clone());
        let blocked = plan.edges().filter(|edge| edge.verdict().is_blocked()).count();
        prop_assert_eq!(blocked_in(causes_in_text(&unbroken.plain())), blocked);

        // In less room stands the same, in lines that fit.
        let narrow = plan_text(&plan, Layout::within(width)).plain();
        let tables = narrow.split("\n\n").filter(|block| block.starts_with("IMAGE") || block.starts_with("A  "));
        prop_assert!(tables.flat_map(str::lines).all(|line| line.chars().count() <= width), "{}", narrow);
        let characters = |text: &str| {
            let mut characters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
            characters.sort_unstable();
            characters
        };
        prop_assert_eq!(characters(&narrow), characters(&unbroken.plain()));

        let markdown = plan_markdown(&plan, &Comment::default());
        prop_assert_eq!(of_markdown(&markdown), changes);
        prop_assert_eq!(blocked_in(causes_in_markdown(&markdown)), blocked);

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
        moves: false,
    };
    let markdown = plan_markdown(&world.plan(), &Comment::default());
    let rows: Vec<&str> = markdown
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let [row] = rows[..] else {
        panic!("{markdown}")
    };
    assert!(row.contains("| `v1.0.2` |"), "{row}");
    assert!(
        row.ends_with("| `a.example/p` | only the tag is missing |"),
        "{row}"
    );
    let table = plan_text(&world.plan(), Layout::default());
    assert_eq!(of_table(table.styled()).len(), 1, "{}", table.plain());
}
