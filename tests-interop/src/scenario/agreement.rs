//! The plan agrees with kpromo's: edge by edge, over generated trees and the real ones, against a registry in which they
//! have been promoted in part.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use crate::interop::Setting;
use crate::kpromo::{Edge, Kpromo, Verdicts};
use crate::promo::Promo;
use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let kpromo = Kpromo::new(&setting.folder().join("home"))?;
    let manifests = setting.folder().join("manifests");
    fs::create_dir_all(&manifests).on("create", &manifests)?;
    let registry = HalfPromoted::start(&manifests)?;
    promo.write_settings(&format!(
        "[registry.\"{}\"]\ninventory = \"bulk-list\"\n",
        registry.address
    ))?;
    let mut told = BTreeMap::new();
    let files = workspace::files(&manifests, "yaml")?;
    for manifest in &files {
        compare(&promo, &kpromo, manifest, &mut told)?;
    }
    for (what, edges) in &told {
        println!("{edges:>8}  {what}");
    }
    println!("promo and kpromo agree on {} plain manifests", files.len());
    for what in ["present", "promote", "finish", "lost", "tag-move", HIDDEN] {
        if !told.contains_key(what) {
            return Err(Error::unmet(format!("no edge is `{what}`")));
        }
    }
    conflicts(&promo, &kpromo, &registry.address, setting.folder())
}

/// What promo mends: an image that is gone from staging hides from kpromo that its tag would move.
const HIDDEN: &str = "tag-move, which kpromo takes for lost";

/// Plans a manifest by both.
fn compare(
    promo: &Promo,
    kpromo: &Kpromo,
    manifest: &Path,
    told: &mut BTreeMap<String, usize>,
) -> Result<()> {
    let theirs = kpromo.plan(manifest)?.verdicts;
    let ours = edges(&promo.edges(manifest)?)?;
    if let Some(unknown) = theirs.keys().find(|edge| !ours.contains_key(edge)) {
        return Err(Error::unmet(format!("promo doesn't know {unknown:?}")));
    }
    for (edge, verdict) in &ours {
        let what = agreed(edge, verdict, &theirs).ok_or_else(|| {
            let said = theirs.get(edge).unwrap_or(&"nothing");
            let file = manifest.display();
            Error::unmet(format!("{file}: {edge:?} is {verdict}, kpromo says {said}"))
        })?;
        *told.entry(what.to_owned()).or_default() += 1;
    }
    Ok(())
}

/// What both say of an edge.
fn agreed<'a>(edge: &Edge, verdict: &'a str, theirs: &Verdicts) -> Option<&'a str> {
    match (verdict, theirs.get(edge).copied()) {
        (ours, Some(theirs)) if ours == theirs => Some(ours),
        ("tag-move", Some("lost")) => Some(HIDDEN),
        ("present", None) if edge.tag.is_none() => Some("present, without a tag"),
        _ => None,
    }
}

/// What is read of a line of `promo plan --edges`.
#[derive(Deserialize)]
struct Line {
    source: String,
    digest: String,
    destination: String,
    tag: Option<String>,
    verdict: String,
}

/// Verdicts by edge. Of edges that several entries ask for, the redundant ones have no verdict of their own.
fn edges(text: &str) -> Result<BTreeMap<Edge, String>> {
    let mut edges = BTreeMap::new();
    for line in text.lines() {
        let line: Line =
            serde_json::from_str(line).map_err(|error| Error::document("an edge", error))?;
        let edge = Edge {
            source: line.source,
            digest: line.digest,
            destination: line.destination,
            tag: line.tag,
        };
        if line.verdict != "redundant" {
            edges.insert(edge, line.verdict);
        }
    }
    Ok(edges)
}

/// Two digests for one tag stop both.
fn conflicts(promo: &Promo, kpromo: &Kpromo, address: &str, folder: &Path) -> Result<()> {
    let manifest = folder.join("conflict.yaml");
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let text = format!(
        "registries:\n- name: {address}/s\n  src: true\n- name: {address}/d\nimages:\n- name: a\n  dmap:\n    \"{}\": \
         [v1]\n    \"{}\": [v1]\n",
        digest("1"),
        digest("2")
    );
    fs::write(&manifest, text).on("write", &manifest)?;
    let theirs = kpromo.plan(&manifest)?;
    if theirs.is_content || !theirs.said.contains("overlapping edges") {
        let said = theirs.said;
        return Err(Error::unmet(format!("kpromo takes a conflict: {said}")));
    }
    promo.cip(&manifest)?.refusal().map(drop)
}

/// The registry of the example `half_promoted`, until this is dropped.
struct HalfPromoted {
    process: Child,
    address: String,
}

impl HalfPromoted {
    fn start(manifests: &Path) -> Result<Self> {
        let mut build = workspace::cargo();
        build.args(["build", "--locked", "--release", "--package"]);
        process::run(build.args(["promo-testkit", "--example", "half_promoted"]))?;
        let program = workspace::target_folder().join("release/examples/half_promoted");
        let mut command = Command::new(program);
        command.arg(manifests).args(real_trees());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = process::spawn(&mut command)?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut address);
            read.on("read from", Path::new("half_promoted"))?;
        }
        let address = address.trim().to_owned();
        if address.is_empty() {
            return Err(Error::unmet("half_promoted gave no address"));
        }
        Ok(Self { process, address })
    }
}

impl Drop for HalfPromoted {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The real trees, where they are there.
fn real_trees() -> Vec<PathBuf> {
    let Some(corpus) = std::env::var_os("PROMO_CORPUS") else {
        println!("PROMO_CORPUS names no real trees: only generated ones are compared");
        return Vec::new();
    };
    let trees = ["k8s-2022", "k8s-2022-legacy"];
    trees.map(|tree| Path::new(&corpus).join(tree)).into()
}
