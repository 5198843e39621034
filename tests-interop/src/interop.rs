//! `cargo xtask interop`: promo against servers and programs that others wrote.
//!
//! Each scenario is one file below [`scenario`]. A missing tool is a failure, never a skip.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::promo::Promo;
use crate::scenario;
use crate::tools::{self, Tools};
use xtask::arguments::Arguments;
use xtask::error::{Error, OnPath, Result};
use xtask::tally::Tally;
use xtask::workspace::{self, Profile};

/// What a scenario is called, and its program.
struct Scenario {
    name: &'static str,
    /// Whether it takes programs of Debian's.
    debian: bool,
    run: fn(&Setting<'_>) -> Result<()>,
}

const SCENARIOS: [Scenario; 14] = [
    Scenario {
        name: "control",
        debian: true,
        run: scenario::control::run,
    },
    Scenario {
        name: "book",
        debian: false,
        run: scenario::book::run,
    },
    Scenario {
        name: "dependencies",
        debian: false,
        run: scenario::dependencies::run,
    },
    Scenario {
        name: "conformance",
        debian: true,
        run: scenario::conformance::run,
    },
    Scenario {
        name: "evidence",
        debian: true,
        run: scenario::evidence::run,
    },
    Scenario {
        name: "sigstore",
        debian: true,
        run: scenario::sigstore::run,
    },
    Scenario {
        name: "promotion",
        debian: true,
        run: scenario::promotion::run,
    },
    Scenario {
        name: "newcomer",
        debian: true,
        run: scenario::newcomer::run,
    },
    Scenario {
        name: "matrix",
        debian: true,
        run: scenario::matrix::run,
    },
    Scenario {
        name: "page",
        debian: false,
        run: scenario::page::run,
    },
    Scenario {
        name: "link",
        debian: true,
        run: scenario::link::run,
    },
    Scenario {
        name: "agreement",
        debian: false,
        run: scenario::agreement::run,
    },
    Scenario {
        name: "interruption",
        debian: true,
        run: scenario::interruption::run,
    },
    Scenario {
        name: "crash",
        debian: true,
        run: scenario::crash::run,
    },
];

pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let only = arguments.take_value("--only")?;
    let record = arguments.take_value("--record")?.map(PathBuf::from);
    arguments.finish()?;
    let chosen: Vec<&Scenario> = SCENARIOS
        .iter()
        .filter(|scenario| only.as_deref().is_none_or(|name| name == scenario.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        return Err(Error::Usage(format!(
            "the scenarios are {}",
            names.join(", ")
        )));
    }
    if chosen.iter().any(|scenario| scenario.debian) {
        tools::ensure_debian()?;
    }
    let tools = Tools::open()?;
    let promo = OnceCell::new();
    let mut tally = Tally::new("cargo xtask interop");
    for scenario in chosen {
        tally.check(scenario.name, || {
            (scenario.run)(&Setting::new(&tools, &promo, record.as_deref())?)
        });
    }
    tally.close()
}

/// What a scenario works with: the tools, `promo`, and a folder that is gone afterwards.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) tools: &'a Tools,
    promo: &'a OnceCell<PathBuf>,
    record: Option<&'a Path>,
    folder: TempDir,
}

impl<'a> Setting<'a> {
    fn new(
        tools: &'a Tools,
        promo: &'a OnceCell<PathBuf>,
        record: Option<&'a Path>,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("promo-interop-").tempdir();
        let folder = folder.on("create", Path::new("a temporary folder"))?;
        Ok(Self {
            tools,
            promo,
            record,
            folder,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where what was made is kept for tests, if it is.
    pub(crate) fn record(&self) -> Option<&Path> {
        self.record
    }

    /// `promo`, built for release when it is first asked for.
    pub(crate) fn promo(&self) -> Result<Promo> {
        if let Some(program) = self.promo.get() {
            return Ok(Promo::new(program, self.folder()));
        }
        let program = workspace::build_promo(Profile::Release)?;
        Ok(Promo::new(
            self.promo.get_or_init(|| program),
            self.folder(),
        ))
    }
}
