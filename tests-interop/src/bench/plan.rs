//! What a plan costs: a tree of the shape of the largest public one, and one ten times as large, planned offline from a
//! cold start; beside it the YAML parser alone on the same bytes. Then kpromo on the same work.
//!
//! The limits of the first part are promises; how far kpromo is behind is printed for a reader.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::cold::{self, Cost};
use crate::tools;
use xtask::error::{Error, OnPath, Result};
use xtask::process;
use xtask::workspace::{self, Profile};

const RUNS: usize = 9;
/// kpromo takes seconds, and differs little from run to run.
const KPROMO_RUNS: usize = 5;

const MOST_SECONDS: f64 = 0.25;
const MOST_MEGABYTES: f64 = 100.0;
/// How much more ten times the size may take: ten times, and what caches no longer hold.
const LINEAR: f64 = 12.5;

/// A destination of the generated plain manifest.
const DESTINATION: &str = "region-0-docker.example/artifacts/images";

pub(super) fn run() -> Result<()> {
    let bench = Bench::build()?;
    let one = bench.shape(1)?;
    let ten = bench.shape(10)?;
    println!("{RUNS} runs each, medians");
    println!("edges      MB of YAML  parser alone  promo plan  the rest / the parser  peak memory");
    for shape in [&one, &ten] {
        println!(
            "{:<9}  {:>10.1}  {:>9.1} ms  {:>7.1} ms  {:>21.2}  {:>7.1} MiB",
            shape.edges,
            shape.megabytes(),
            shape.parser.milliseconds(),
            shape.plan.milliseconds(),
            shape.rest_ratio(),
            shape.plan.mebibytes()
        );
    }
    let growth = Growth::between(&one, &ten);
    println!(
        "ten times the size: {:.1} times the time, {:.1} times the memory",
        growth.time, growth.memory
    );
    bench.compare_with_kpromo()?;
    judge(&one, &ten, &growth)
}

/// The programs, and a folder for what they read and write.
struct Bench {
    promo: PathBuf,
    kpromo: PathBuf,
    tree: PathBuf,
    yaml_events: PathBuf,
    folder: tempfile::TempDir,
}

/// A tree of one size, and what it cost.
struct Shape {
    edges: u64,
    bytes: u64,
    parser: Cost,
    plan: Cost,
}

impl Shape {
    fn megabytes(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "printed with one digit after the point"
        )]
        let bytes = self.bytes as f64;
        bytes / 1e6
    }

    /// All that is not parsing YAML, in times of parsing.
    fn rest_ratio(&self) -> f64 {
        self.plan.milliseconds() / self.parser.milliseconds() - 1.0
    }
}

/// How many times more the larger tree cost.
struct Growth {
    time: f64,
    memory: f64,
}

impl Growth {
    fn between(one: &Shape, ten: &Shape) -> Self {
        Self {
            time: ten.plan.milliseconds() / one.plan.milliseconds(),
            memory: ten.plan.mebibytes() / one.plan.mebibytes(),
        }
    }
}

/// What is read of a plan's document.
#[derive(Deserialize)]
struct PlanDocument {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    edges: u64,
}

impl Bench {
    fn build() -> Result<Self> {
        let promo = workspace::build_promo(Profile::Release)?;
        let kpromo = tools::kpromo()?;
        let mut examples = workspace::cargo();
        examples.args(["build", "--locked", "--release", "--package"]);
        examples.args(["promo-testkit", "--example", "tree"]);
        process::run(examples.args(["--example", "yaml_events"]))?;
        let examples = workspace::target_folder().join("release/examples");
        Ok(Self {
            promo,
            kpromo,
            tree: examples.join("tree"),
            yaml_events: examples.join("yaml_events"),
            folder: tempfile::tempdir().on("create", Path::new("a temporary folder"))?,
        })
    }

    /// Measures a tree so many times as large as the public one. The programs take turns, so that both see the same machine.
    fn shape(&self, times: u32) -> Result<Shape> {
        let tree = self.folder.path().join(format!("tree-{times}"));
        let (edges, bytes) = self.generate("thin", &tree, Some(times))?;
        let output = self.folder.path().join("output");
        let mut parser = Vec::new();
        let mut plan = Vec::new();
        for _ in 0..RUNS {
            let mut alone = self.program(&self.yaml_events);
            parser.push(cold::run(alone.arg(&tree), &output, &[0])?);
            let mut promo = self.program(&self.promo);
            promo.args([
                "plan",
                "--offline",
                "--summary",
                "--output",
                "json",
                "--thin-manifest-dir",
            ]);
            // 3: real trees have bad entries, which are left.
            plan.push(cold::run(promo.arg(&tree), &output, &[3])?);
        }
        let found = planned_edges(&output)?;
        if found != edges {
            return Err(Error::unmet(format!(
                "promo plans {found} edges of {edges}"
            )));
        }
        Ok(Shape {
            edges,
            bytes,
            parser: Cost::median(&parser),
            plan: Cost::median(&plan),
        })
    }

    /// The same snapshot of one plain manifest by both.
    fn compare_with_kpromo(&self) -> Result<()> {
        let manifest = self.folder.path().join("promoter-manifest.yaml");
        let (edges, _) = self.generate("plain", &manifest, None)?;
        let theirs = self.folder.path().join("kpromo.csv");
        let ours = self.folder.path().join("promo.csv");
        let mut kpromo_costs = Vec::new();
        let mut promo_costs = Vec::new();
        for _ in 0..KPROMO_RUNS {
            let mut kpromo = self.program(&self.kpromo);
            kpromo.args(["cip", "--manifest"]).arg(&manifest);
            kpromo.args([
                "--manifest-based-snapshot-of",
                DESTINATION,
                "--output",
                "csv",
            ]);
            kpromo_costs.push(cold::run(&mut kpromo, &theirs, &[0])?);
            let mut promo = self.program(&self.promo);
            promo.args(["snapshot", "--from-manifests"]).arg(&manifest);
            promo.args([DESTINATION, "--output", "csv"]);
            promo_costs.push(cold::run(&mut promo, &ours, &[0])?);
        }
        let lines = same_lines(&theirs, &ours)?;
        let (theirs, ours) = (Cost::median(&kpromo_costs), Cost::median(&promo_costs));
        println!(
            "a snapshot of one plain manifest of {edges} edges: the same {lines} lines by both"
        );
        for (name, cost) in [("kpromo", theirs), ("promo", ours)] {
            println!(
                "{name:<9}  {:>8.1} ms  {:>7.1} MiB",
                cost.milliseconds(),
                cost.mebibytes()
            );
        }
        println!(
            "kpromo / promo: {:.0} times the time (the goal is 20), {:.0} times the memory (the goal is 10)",
            theirs.milliseconds() / ours.milliseconds(),
            theirs.mebibytes() / ours.mebibytes()
        );
        Ok(())
    }

    /// Makes manifests and says how many edges and bytes they have.
    fn generate(&self, kind: &str, to: &Path, times: Option<u32>) -> Result<(u64, u64)> {
        let mut command = self.program(&self.tree);
        command.arg(kind).arg(to);
        command.args(times.map(|times| times.to_string()));
        let said = process::capture(&mut command)?.success()?;
        let number = |text: &str| text.parse::<u64>().ok();
        let numbers = said.trim().split_once(' ');
        numbers
            .and_then(|(edges, bytes)| Some((number(edges)?, number(bytes)?)))
            .ok_or_else(|| Error::document("the generator's answer", said))
    }

    /// A program that sees nothing of the environment.
    fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path());
        command
    }
}

fn planned_edges(output: &Path) -> Result<u64> {
    let bytes = fs::read(output).on("read", output)?;
    let plan: PlanDocument =
        serde_json::from_slice(&bytes).map_err(|error| Error::document("the plan", error))?;
    Ok(plan.summary.edges)
}

/// How many lines both files have; kpromo ends its output with an empty one.
fn same_lines(theirs: &Path, ours: &Path) -> Result<usize> {
    let read = |path: &Path| fs::read_to_string(path).on("read", path);
    let (theirs, ours) = (read(theirs)?, read(ours)?);
    let lines = ours.lines().count();
    if lines > 0 && theirs.trim_end().lines().eq(ours.lines()) {
        Ok(lines)
    } else {
        Err(Error::unmet("kpromo and promo print different snapshots"))
    }
}

/// The promises of the documents.
fn judge(one: &Shape, ten: &Shape, growth: &Growth) -> Result<()> {
    let megabytes = one.plan.mebibytes() * 1.048_576;
    let promises = [
        (
            "at most 0.25 s",
            one.plan.time.as_secs_f64() <= MOST_SECONDS,
        ),
        ("at most 100 MB", megabytes <= MOST_MEGABYTES),
        ("time grows with the size", growth.time <= LINEAR),
        ("memory grows with the size", growth.memory <= LINEAR),
        (
            "the rest costs less than the parser",
            one.rest_ratio() < 1.0 && ten.rest_ratio() < 1.0,
        ),
    ];
    let broken: Vec<&str> = promises
        .into_iter()
        .filter(|(_, kept)| !kept)
        .map(|(promise, _)| promise)
        .collect();
    if broken.is_empty() {
        println!(
            "all promises are kept: at most 0.25 s and 100 MB, linear, and the rest below the parser"
        );
        return Ok(());
    }
    Err(Error::unmet(format!("not kept: {}", broken.join("; "))))
}
