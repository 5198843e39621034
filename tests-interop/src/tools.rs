//! The programs of others: pinned, installed when they are missing, and asked for their version.
//!
//! Debian's packages go where Debian puts them; what is built from the Go module proxy is kept in a folder outside the
//! checkout, named after the pins, so that a changed pin never meets an old program.

mod browser;
mod debian;
mod npm;
mod peers;
mod sigstore;
mod sigstore_clients;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::digest::sha256;
use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

pub(crate) use browser::{BrowserTools, browser};
pub(crate) use debian::ensure_debian;
pub(crate) use peers::{Peers, peers};
pub(crate) use sigstore::{Programs, sigstore};
pub(crate) use sigstore_clients::sigstore_clients;

const COSIGN_3: &str = "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3";
const COSIGN_2: &str = "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5";

/// The official suite of the OCI Distribution specification, and a module that pins it with all it needs.
const CONFORMANCE: &str = "github.com/opencontainers/distribution-spec/conformance";
const CONFORMANCE_MODULE: &str = include_str!("pins/conformance.go.mod");
const CONFORMANCE_SUMS: &str = include_str!("pins/conformance.go.sum");

/// Kubernetes' promoter, whose work the measurements repeat, and a module that pins it.
const KPROMO: &str = "sigs.k8s.io/promo-tools/v4/cmd/kpromo";
const KPROMO_MODULE: &str = include_str!("pins/kpromo.go.mod");
const KPROMO_SUMS: &str = include_str!("pins/kpromo.go.sum");

/// Registries that Debian doesn't have, and a module that pins them.
const DISTRIBUTION: &str = "github.com/distribution/distribution/v3/cmd/registry";
const GGCR: &str = "github.com/google/go-containerregistry/cmd/registry";
const REGISTRIES_MODULE: &str = include_str!("pins/registries.go.mod");
const REGISTRIES_SUMS: &str = include_str!("pins/registries.go.sum");

const CARGO_DENY: &str = "0.20.2";
const MDBOOK: &str = "0.5.4";

/// The Python implementation of in-toto, with all that it needs.
const PYTHON: [&str; 10] = [
    "in-toto==3.1.0",
    "attrs==26.1.0",
    "cffi==2.1.1",
    "cryptography==50.0.2",
    "iso8601==2.1.0",
    "pathspec==1.1.1",
    "pycparser==3.12",
    "python-dateutil==4.0.0",
    "securesystemslib==1.6.0",
    "tzdata==2026.6",
];

/// The programs that are not on the `PATH`. Each is built when a scenario asks for it and it is missing, and must be the
/// version that was pinned.
#[derive(Debug)]
pub(crate) struct Tools {
    cache: Cache,
}

impl Tools {
    pub(crate) fn open() -> Result<Self> {
        let cache = Cache::open(&pins())?;
        Ok(Self { cache })
    }

    pub(crate) fn cosign_3(&self) -> Result<PathBuf> {
        self.cache.go_program("cosign-3", COSIGN_3)
    }

    pub(crate) fn cosign_2(&self) -> Result<PathBuf> {
        self.cache.go_program("cosign-2", COSIGN_2)
    }

    pub(crate) fn conformance(&self) -> Result<PathBuf> {
        self.cache.conformance()
    }

    pub(crate) fn cargo_deny(&self) -> Result<PathBuf> {
        let shown = format!("cargo-deny {CARGO_DENY}");
        self.cache
            .crate_program("cargo-deny", CARGO_DENY, &shown, &[])
    }

    /// A Python with in-toto.
    pub(crate) fn python(&self) -> Result<PathBuf> {
        self.cache.python(&PYTHON)
    }
}

/// mdBook, built when it is missing, without what serves a book while it is written or searches in it.
pub(crate) fn mdbook() -> Result<PathBuf> {
    let cache = Cache::open(&format!("mdbook-{MDBOOK}"))?;
    let shown = format!("mdbook v{MDBOOK}");
    cache.crate_program("mdbook", MDBOOK, &shown, &["--no-default-features"])
}

/// kpromo, built when it is missing. Its pins are its own: the other programs stay when they change.
pub(crate) fn kpromo() -> Result<PathBuf> {
    let cache = Cache::open(&format!("kpromo-{}", named_after(KPROMO_SUMS)))?;
    cache.pinned("kpromo", (KPROMO_MODULE, KPROMO_SUMS), KPROMO)
}

/// Distribution 3 and the registry of go-containerregistry, built when they are missing.
pub(crate) fn registries() -> Result<(PathBuf, PathBuf)> {
    let cache = Cache::open(&format!("registries-{}", named_after(REGISTRIES_SUMS)))?;
    let pins = (REGISTRIES_MODULE, REGISTRIES_SUMS);
    Ok((
        cache.pinned("distribution", pins, DISTRIBUTION)?,
        cache.pinned("ggcr", pins, GGCR)?,
    ))
}

/// cosign 3 alone, built when it is missing.
pub(crate) fn cosign_3() -> Result<PathBuf> {
    Cache::open(&pins())?.go_program("cosign-3", COSIGN_3)
}

/// Where a program is that Debian has.
pub(crate) fn on_path(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.ok_or_else(|| Error::Missing(format!("`{program}` is not on the PATH")))
}

/// The folder of the programs that were built from the Go module proxy.
#[derive(Debug)]
struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// `PROMO_INTEROP_CACHE`, or a folder of the user's.
    fn open(pins: &str) -> Result<Self> {
        let base = match std::env::var_os("PROMO_INTEROP_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => match std::env::var_os("HOME") {
                Some(home) => Path::new(&home).join(".cache/promo-interop"),
                None => {
                    return Err(Error::Missing(
                        "neither PROMO_INTEROP_CACHE nor HOME is set".to_owned(),
                    ));
                }
            },
        };
        let folder = base.join(pins);
        fs::create_dir_all(&folder).on("create", &folder)?;
        Ok(Self { folder })
    }

    /// Builds the command of a Go module, once; `pin` is `PACKAGE@VERSION`.
    fn go_program(&self, name: &str, pin: &str) -> Result<PathBuf> {
        let program = self.folder.join(name);
        if !program.exists() {
            let scratch = self.scratch()?;
            let mut install = go(scratch.path());
            install
                .args(["install", "-trimpath", pin])
                .env("GOBIN", scratch.path())
                .env("CGO_ENABLED", "0");
            process::run(&mut install)?;
            keep(&scratch.path().join("cosign"), &program)?;
        }
        let (_, version) = pin.split_once('@').unwrap_or((pin, ""));
        let answer = process::capture(Command::new(&program).arg("version"))?.success()?;
        if answer
            .lines()
            .any(|line| line.starts_with("GitVersion:") && line.ends_with(version))
        {
            return Ok(program);
        }
        Err(Error::Missing(format!(
            "{} is not {version}",
            program.display()
        )))
    }

    /// Builds the conformance suite's test program, once; its version is in the module that pins it.
    fn conformance(&self) -> Result<PathBuf> {
        let program = self.folder.join("conformance.test");
        if !program.exists() {
            let scratch = self.module(CONFORMANCE_MODULE, CONFORMANCE_SUMS)?;
            let built = scratch.path().join("conformance.test");
            process::run(
                go(scratch.path())
                    .args(["test", "-mod=readonly", "-c", "-o"])
                    .arg(&built)
                    .arg(CONFORMANCE),
            )?;
            keep(&built, &program)?;
        }
        Ok(program)
    }

    /// Builds a command with what a module pins, once.
    fn pinned(&self, name: &str, (module, sums): (&str, &str), package: &str) -> Result<PathBuf> {
        let program = self.folder.join(name);
        if !program.exists() {
            let scratch = self.module(module, sums)?;
            build(scratch.path(), package, &program)?;
        }
        Ok(program)
    }

    /// Builds a program of one file with what a module pins, once.
    fn pinned_source(
        &self,
        name: &str,
        (module, sums): (&str, &str),
        source: &str,
    ) -> Result<PathBuf> {
        let program = self.folder.join(name);
        if !program.exists() {
            let scratch = self.module(module, sums)?;
            let path = scratch.path().join("main.go");
            fs::write(&path, source).on("write", &path)?;
            build(scratch.path(), ".", &program)?;
        }
        Ok(program)
    }

    /// A folder with a Go module that pins what is built in it.
    fn module(&self, module: &str, sums: &str) -> Result<tempfile::TempDir> {
        let scratch = self.scratch()?;
        for (name, text) in [("go.mod", module), ("go.sum", sums)] {
            let path = scratch.path().join(name);
            fs::write(&path, text).on("write", &path)?;
        }
        Ok(scratch)
    }

    /// Builds a program from the registry of crates with the dependencies that it was released with, once. What it says of its
    /// version has to be `shown`.
    fn crate_program(
        &self,
        name: &str,
        version: &str,
        shown: &str,
        with: &[&str],
    ) -> Result<PathBuf> {
        let program = self.folder.join(name);
        if !program.exists() {
            let scratch = self.scratch()?;
            let mut install = workspace::cargo();
            install
                .args(["install", name, "--locked", "--version", version])
                .args(with)
                .arg("--root")
                .arg(scratch.path());
            install.env("CARGO_TARGET_DIR", scratch.path().join("target"));
            process::run(&mut install)?;
            keep(&scratch.path().join("bin").join(name), &program)?;
        }
        let answer = process::capture(Command::new(&program).arg("--version"))?.success()?;
        if answer.trim() == shown {
            return Ok(program);
        }
        Err(Error::Missing(format!(
            "{} is not {version}",
            program.display()
        )))
    }

    /// Makes an environment with these packages and nothing else, once.
    fn python(&self, packages: &[&str]) -> Result<PathBuf> {
        let folder = self.folder.join("python");
        let python = folder.join("bin/python");
        let complete = folder.join("complete");
        if !complete.exists() {
            process::run(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&folder),
            )?;
            process::run(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet", "--no-deps"])
                    .args(packages),
            )?;
            process::capture(Command::new(&python).args(["-m", "pip", "check"]))?.success()?;
            fs::write(&complete, "").on("write", &complete)?;
        }
        let answer =
            process::capture(Command::new(&python).args(["-m", "pip", "freeze"]))?.success()?;
        match packages
            .iter()
            .find(|pin| !answer.lines().any(|line| line == **pin))
        {
            None => Ok(python),
            Some(pin) => Err(Error::Missing(format!(
                "{} does not hold {pin}",
                folder.display()
            ))),
        }
    }

    /// A folder on the same file system, so that what is finished can be moved into place.
    fn scratch(&self) -> Result<tempfile::TempDir> {
        tempfile::tempdir_in(&self.folder).on("create a folder in", &self.folder)
    }
}

/// A name for the set of all pins.
fn pins() -> String {
    named_after(
        &[
            COSIGN_3,
            COSIGN_2,
            CONFORMANCE_SUMS,
            CARGO_DENY,
            &PYTHON.join("\n"),
        ]
        .join("\n"),
    )
}

fn named_after(pins: &str) -> String {
    let hash = sha256(pins.as_bytes());
    hash.chars().skip("sha256:".len()).take(16).collect()
}

/// The Go that is installed, and no other that it might want to fetch.
fn go(folder: &Path) -> Command {
    let mut command = Command::new("go");
    command
        .current_dir(folder)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-buildvcs=false");
    command
}

/// Builds a package in the folder of a module that pins all it needs.
fn build(module: &Path, package: &str, program: &Path) -> Result<()> {
    let built = module.join("built");
    let mut build = go(module);
    build.args(["build", "-mod=readonly", "-trimpath", "-o"]);
    build.arg(&built).arg(package).env("CGO_ENABLED", "0");
    process::run(&mut build)?;
    keep(&built, program)
}

/// A program appears in the cache whole or not at all.
fn keep(built: &Path, program: &Path) -> Result<()> {
    fs::rename(built, program).on("keep", program)
}
