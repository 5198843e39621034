//! The Python package: built by maturin into a wheel, installed beside pytest in an environment of its own, and tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

/// What the environment holds, in exactly these versions.
const PACKAGES: [&str; 3] = ["maturin==1.16.0", "pytest==9.2.0", "mypy==2.4.1"];

/// Builds, installs and tests `crates/promo-py`.
pub(crate) fn check() -> Result<()> {
    let package = workspace::root().join("crates/promo-py");
    let environment = Environment::prepare()?;
    let wheel = environment.build_wheel(&package)?;
    let mut install = environment.program("python");
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--force-reinstall",
        ])
        .arg(wheel);
    process::run(&mut install)?;
    let mut pytest = environment.program("python");
    pytest
        .args(["-m", "pytest", "-p", "no:cacheprovider", "tests"])
        .current_dir(&package);
    process::run(&mut pytest)?;
    // The stub file is what users' type checkers see: it must say what the native module does.
    let mut stubs = environment.program("python");
    stubs
        .args(["-m", "mypy.stubtest", "promo"])
        .current_dir(&environment.folder);
    process::run(&mut stubs)
}

/// A virtual environment below the target folder.
struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it anew unless it already holds what it should.
    fn prepare() -> Result<Self> {
        let environment = Self {
            folder: workspace::target_folder().join("python"),
        };
        let stamp = environment.folder.join("packages");
        let wanted = PACKAGES.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(environment);
        }
        process::run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment.folder),
        )?;
        process::run(
            environment
                .program("python")
                .args(["-m", "pip", "install", "--quiet"])
                .args(PACKAGES),
        )?;
        fs::write(&stamp, wanted).on("write", &stamp)?;
        Ok(environment)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn build_wheel(&self, package: &Path) -> Result<PathBuf> {
        let wheels = self.folder.join("wheels");
        if wheels.exists() {
            fs::remove_dir_all(&wheels).on("empty", &wheels)?;
        }
        let mut build = self.program("maturin");
        build
            .args(["build", "--locked", "--out"])
            .arg(&wheels)
            .current_dir(package);
        build
            .arg("--interpreter")
            .arg(self.folder.join("bin/python"));
        process::run(&mut build)?;
        let mut built = workspace::files(&wheels, "whl")?;
        match (built.pop(), built.pop()) {
            (Some(wheel), None) => Ok(wheel),
            _ => Err(Error::unmet("maturin did not build exactly one wheel")),
        }
    }
}
