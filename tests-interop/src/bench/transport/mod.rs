//! `cargo xtask bench transport`: how quickly content gets from one registry to others, with how many requests, beside the
//! programs of others and a bare loop that checks nothing.
//!
//! Registries are embedded ones in a process of their own ([`world`]), clients are started cold and take turns ([`client`]),
//! what they do is in [`works`], and what came out goes to the terminal and into `docs/benchmarks.md` ([`page`]). Nothing is
//! judged: whether a target was met stands beside the number.

mod client;
mod line;
mod machine;
mod page;
mod peers;
mod promo;
mod section;
mod told;
mod works;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use self::page::Page;
use self::peers::Peers;
use self::section::Section;
use self::world::World;
use xtask::arguments::Arguments;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace;

const RUNS: usize = 5;
/// After so many seconds a client is given up.
const GIVE_UP: u64 = 170;

/// What is asked for beside the name of the measurement.
#[derive(Debug)]
pub(super) struct Options {
    only: Option<String>,
    runs: usize,
    give_up: Duration,
    date: Option<String>,
    page: PathBuf,
}

impl Options {
    /// Takes `--only NAME`, `--runs N`, `--give-up SECONDS`, `--date DATE` and `--page FILE`.
    pub(super) fn take(arguments: &mut Arguments) -> Result<Self> {
        let give_up = arguments.take_parsed("--give-up")?;
        let page = arguments.take_value("--page")?;
        Ok(Self {
            only: arguments.take_value("--only")?,
            runs: arguments.take_parsed("--runs")?.unwrap_or(RUNS).max(1),
            give_up: Duration::from_secs(give_up.unwrap_or(GIVE_UP)),
            date: arguments.take_value("--date")?,
            page: page.map_or_else(
                || workspace::root().join("docs/benchmarks.md"),
                PathBuf::from,
            ),
        })
    }
}

/// What all works have.
struct Bench {
    peers: Peers,
    world: World,
    folder: tempfile::TempDir,
    runs: usize,
    give_up: Duration,
}

impl Bench {
    /// A new folder for one work.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).on("create", &folder)?;
        Ok(folder)
    }
}

/// Runs all works, or the one that is named.
pub(super) fn run(options: &Options) -> Result<()> {
    let is_wanted =
        |work: &&works::Work| options.only.as_deref().is_none_or(|name| name == work.name);
    let chosen: Vec<&works::Work> = works::WORKS.iter().filter(is_wanted).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = works::WORKS.iter().map(|work| work.name).collect();
        let names = names.join(", ");
        return Err(Error::Usage(format!("the works are {names}")));
    }
    let peers = Peers::ensure()?;
    let folder = tempfile::Builder::new()
        .prefix("promo-transport-")
        .tempdir();
    let folder = folder.on("create", Path::new("a temporary folder"))?;
    let date = match &options.date {
        Some(date) => date.clone(),
        None => machine::date_of_commit()?,
    };
    let mut page = Page::open(&options.page)?;
    page.put("machine", &machine::describe(&peers)?);
    for work in chosen {
        println!("\n## {}", work.name);
        // Each work has registries of its own, and what it held is given back.
        let bench = Bench {
            peers: peers.clone(),
            world: World::start(&peers.world)?,
            folder: tempfile::tempdir_in(folder.path()).on("create a folder in", folder.path())?,
            runs: options.runs,
            give_up: options.give_up,
        };
        let section: Section = (work.run)(&bench)?;
        println!("{}", section.text());
        let command = format!("cargo xtask bench transport --only {}", work.name);
        page.put(work.name, &section.markdown(&command, &date));
        page.save()?;
    }
    Ok(())
}
