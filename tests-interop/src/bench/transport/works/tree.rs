//! The steady state of a tree of the shape of the largest public one in June 2024: all that it wants is published.
//!
//! promo plans it online, and once more after ten digests have been added.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::{Course, Line};
use super::super::peers::{Journey, Place};
use super::super::section::{Section, Target};
use super::super::told::number;
use super::super::world::{Image, Planted, Registry};
use xtask::error::{OnPath, Result};
use xtask::process;

const HOSTS: usize = 22;
const PER_SECOND: u32 = 83;
const BURST: f64 = 10.0;
/// How many digests are new, and in which repository of the source they are.
const NEW: usize = 10;
const PROJECT: &str = "staging-pause-0";

/// The hosts, and the folder with the tree.
struct Tree<'a> {
    bench: &'a Bench,
    source: Registry,
    hosts: Vec<Registry>,
    planted: Planted,
    journey: Journey,
}

impl<'a> Tree<'a> {
    fn plant(bench: &'a Bench) -> Result<Self> {
        let properties = json!({"latency": 50, "quota": PER_SECOND, "bulk_list": true});
        let host = |_| bench.world.registry(&properties);
        let hosts: Vec<Registry> = (0..HOSTS).map(host).collect::<Result<_>>()?;
        let source = bench.world.registry(&properties)?;
        let images = bench.world.images(&source, PROJECT, "small")?;
        let folder = bench.folder("tree")?;
        let planted = bench.world.tree(&folder.join("tree"), HOSTS)?;
        Ok(Self {
            bench,
            journey: Journey {
                folder,
                images,
                from: Place::new(&source, PROJECT),
                to: Vec::new(),
            },
            source,
            hosts,
            planted,
        })
    }

    /// `promo plan`, with a promo.toml that tells the rate or doesn't.
    fn plan(&self, name: &str, rate: Option<u32>, more: &[&str]) -> Result<Client<'a>> {
        let mut toml = String::new();
        for host in self.hosts.iter().chain([&self.source]) {
            let rate = rate
                .map(|rate| format!("rate = {rate}\n"))
                .unwrap_or_default();
            // Writing to a String can't fail, here and below.
            let _written = write!(
                toml,
                "[registry.\"{}\"]\ninventory = \"bulk-list\"\n{rate}",
                host.address
            );
        }
        let word = if rate.is_some() { "told" } else { "untold" };
        let settings = self.journey.folder.join(format!("{word}.toml"));
        fs::write(&settings, toml).on("write", &settings)?;
        let more: Vec<String> = more.iter().map(|&word| word.to_owned()).collect();
        let journey = self.journey.clone();
        let promo = self.bench.peers.promo.clone();
        Ok(Client::one(name, Role::Promo, move || {
            let mut command = journey.program(&promo);
            command.args([
                "plan",
                "--summary",
                "--quiet",
                "--thin-manifest-dir",
                "tree",
            ]);
            command.arg("--config").arg(&settings).args(&more);
            command
        }))
    }

    fn course(&self) -> Course<'a> {
        let bench = self.bench;
        Course {
            source: self.source.clone(),
            destinations: self.hosts.clone(),
            wanted: 0,
            prepare: Box::new(|| Ok(())),
            told: Box::new(move || bench.world.told()),
        }
    }
}

pub(super) fn run(bench: &Bench) -> Result<Section> {
    let tree = Tree::plant(bench)?;
    let course = tree.course();
    let told = tree.plan("promo plan, told", Some(PER_SECOND), &[])?;
    let mut lines = course.measure(bench, &[told])?;
    let untold = tree.plan("promo plan, not told", None, &[])?;
    lines.extend(course.measure(bench, &[untold])?);
    add_digests(&tree.journey.folder.join("tree"), &tree.journey.images)?;
    let name = "promo plan --since, ten new digests";
    let since = tree.plan(name, Some(PER_SECOND), &["--since", "HEAD~1"])?;
    lines.extend(course.measure(bench, &[since])?);
    let repositories: u64 = tree.planted.repositories.iter().sum();
    let fullest = tree.planted.repositories.iter().max().copied();
    let floor = (number(fullest.unwrap_or_default()) - BURST) / f64::from(PER_SECOND);
    let about = format!(
        "A tree of the shape of the largest public one in June 2024: {} edges to {repositories} repositories on {HOSTS} hosts, all of \
         which are published. Each host answers {PER_SECOND} requests per second ({BURST} at once) after 50 ms, the others with 429, \
         and lists a repository's digests in one answer. The quota alone asks for {floor:.2} s.",
        tree.planted.edges
    );
    let targets = targets(&lines, number(repositories), floor);
    Ok(Section {
        title: "The steady state of a large tree",
        about,
        lines,
        targets,
    })
}

fn targets(lines: &[Line], repositories: f64, floor: f64) -> Vec<Target> {
    let mut targets = Vec::new();
    for (line, name) in lines.iter().zip(["told", "not told"]) {
        let each = number(line.destination.total()) / repositories;
        let what = format!("{name}: requests for each repository");
        let done = |value: f64| line.is_complete.then_some(value);
        targets.push(Target::at_most(&what, 1.02, "", done(each)));
        let refused = number(line.destination.refused());
        targets.push(Target::at_most(
            &format!("{name}: answers 429"),
            0.0,
            "",
            Some(refused),
        ));
        let what = format!("{name}: time to what the quota asks for");
        targets.push(Target::at_most(&what, 1.3, " ×", done(line.wall / floor)));
        let megabytes = line.mebibytes * 1.048_576;
        targets.push(Target::at_most(
            &format!("{name}: memory"),
            80.0,
            " MB",
            done(megabytes),
        ));
    }
    let since = lines.get(2).filter(|line| line.is_complete);
    let since = since.map(|line| line.wall);
    targets.push(Target::at_most(
        "ten new digests with `--since`",
        2.0,
        " s",
        since,
    ));
    targets
}

/// Commits the tree, and then ten more digests to it.
fn add_digests(tree: &Path, images: &[Image]) -> Result<()> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@promo.example",
        ]);
        command.args(arguments).current_dir(tree);
        process::capture(&mut command)?.success().map(drop)
    };
    git(&["init", "--quiet"])?;
    git(&["add", "."])?;
    git(&["commit", "--quiet", "--message", "All"])?;
    let file = tree.join(format!("images/{PROJECT}/images.yaml"));
    let mut text = fs::read_to_string(&file).on("read", &file)?;
    text.push_str("- name: r0\n  dmap:\n");
    for image in images.iter().filter(|image| image.name == "r0").take(NEW) {
        let _written = writeln!(text, "    \"{}\": [\"{}\"]", image.digest, image.tag);
    }
    fs::write(&file, text).on("write", &file)?;
    git(&["commit", "--quiet", "--all", "--message", "Ten more"])
}
