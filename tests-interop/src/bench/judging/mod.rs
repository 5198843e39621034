//! Judging one image whose staging repository is full of what looks like evidence: the memory of `promo` at its peak, one
//! image for each kind of junk, less what a run needs for an image that nobody signed.
//!
//! One promise is checked: judging an image takes less than 64 MiB, whatever staging offers.

mod junk;
mod staging;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cold::{self, Cost};
use crate::promo::write_tree;
use crate::servers::{Access, DockerRegistry};
use crate::tools;
use junk::Kind;
use staging::Image;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace::{self, Profile};

const MOST_MEMORY_KIB: u64 = 64 << 10;
/// How often each is measured; the most counts.
const RUNS: usize = 3;
/// Nothing stands against the image, or it is refused: there is more than is read and nothing of it is good.
const ENDINGS: [i32; 2] = [0, 5];

/// What a run is given.
struct Bench {
    promo: PathBuf,
    folder: PathBuf,
    staging: DockerRegistry,
    production: DockerRegistry,
}

pub(super) fn run() -> Result<()> {
    tools::ensure_debian()?;
    let promo = workspace::build_promo(Profile::Release)?;
    let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
    let bench = Bench {
        promo,
        folder: folder.path().to_owned(),
        staging: DockerRegistry::start(folder.path(), "staging", Access::Open)?,
        production: DockerRegistry::start(folder.path(), "production", Access::Open)?,
    };
    let floor = bench.measure("nothing", |_| Ok(()))?;
    println!(
        "{:<44} {:>8.1} MiB in all, {:>6.0} ms",
        "no evidence",
        floor.mebibytes(),
        floor.milliseconds()
    );
    let mut broken = Vec::new();
    for Kind { name, plant } in junk::kinds() {
        let cost = bench.measure(name, plant)?;
        let judging = Cost {
            memory: cost.memory.saturating_sub(floor.memory),
            ..cost
        };
        let kept = judging.memory < MOST_MEMORY_KIB;
        println!(
            "{name:<44} {:>8.1} MiB more,   {:>6.0} ms: {}",
            judging.mebibytes(),
            judging.milliseconds(),
            if kept { "kept" } else { "BROKEN" }
        );
        if !kept {
            broken.push(name);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let limit = MOST_MEMORY_KIB >> 10;
    Err(Error::unmet(format!(
        "judging one image promises less than {limit} MiB, but takes more with: {}",
        broken.join(", ")
    )))
}

impl Bench {
    /// Pushes an image with what is planted beside it, and judges it; the most memory and time of several runs.
    fn measure(&self, name: &str, plant: impl Fn(&mut Image) -> Result<()>) -> Result<Cost> {
        let word = name.replace(|found: char| !found.is_ascii_alphanumeric(), "-");
        let word = word.to_lowercase();
        let mut image = Image::push(self.staging.client(), &format!("staging/{word}"))?;
        plant(&mut image)?;
        image.list()?;
        let tree = self.folder.join(format!("tree-{word}"));
        write_tree(
            &tree,
            &format!("{}/staging", self.staging.address()),
            &[&format!("{}/production", self.production.address())],
            &[(&word, image.digest(), &["v1"])],
        )?;
        let mut most = Cost::default();
        for _ in 0..RUNS {
            let cost = self.judge(&tree)?;
            most.memory = most.memory.max(cost.memory);
            most.time = most.time.max(cost.time);
        }
        Ok(most)
    }

    /// A dry run with a key to judge by.
    fn judge(&self, tree: &Path) -> Result<Cost> {
        let key = workspace::root().join("crates/promo-sign/tests/fixtures/cosign3/cosign.pub");
        let mut command = Command::new(&self.promo);
        command
            .args(["promote", "--quiet", "--thin-manifest-dir"])
            .arg(tree)
            .arg("--staging-key")
            .arg(key);
        command.env_clear().env("HOME", tree).current_dir(tree);
        cold::run(&mut command, &tree.join("output"), &ENDINGS)
    }
}
