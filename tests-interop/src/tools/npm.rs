//! Packages of JavaScript, by lock files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Cache, keep, on_path};
use xtask::error::{OnPath, Result};
use xtask::process;

impl Cache {
    /// Installs what a lock file pins, by its digests, once.
    pub(super) fn node_modules(&self, package: &str, lock: &str) -> Result<PathBuf> {
        let folder = self.folder.join("node");
        if !folder.exists() {
            let scratch = self.scratch()?;
            for (name, text) in [("package.json", package), ("package-lock.json", lock)] {
                let path = scratch.path().join(name);
                fs::write(&path, text).on("write", &path)?;
            }
            let mut install = Command::new(on_path("npm")?);
            install.current_dir(scratch.path()).args([
                "ci",
                "--silent",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ]);
            process::run(&mut install)?;
            keep(&scratch.keep(), &folder)?;
        }
        Ok(folder)
    }
}
