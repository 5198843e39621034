//! Where the project's files are, and how its own programs are built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{OnPath, Result};
use crate::process;

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Where cargo puts what it builds for this workspace.
pub fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The cargo that started us, in the workspace's root.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// How `promo` is compiled.
#[derive(Debug, Clone, Copy)]
pub enum Profile {
    /// Quickly built.
    Debug,
    /// As it is shipped.
    Release,
}

/// Builds the command `promo` and says where it is; `PROMO_BINARY` names one to be tried instead.
pub fn build_promo(profile: Profile) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("PROMO_BINARY") {
        println!("not built, but given: {}", program.display());
        return Ok(PathBuf::from(program));
    }
    let mut command = cargo();
    command.args(["build", "--locked", "--package", "promo-cli"]);
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    process::run(&mut command)?;
    Ok(target_folder().join(folder).join("promo"))
}

/// All files below `folder` with this extension, sorted; hidden folders and what is generated are not entered.
pub fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, extension, &mut found)?;
    found.sort();
    Ok(found)
}

/// A path as it reads from the workspace's root.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).on("list", folder)? {
        let path = entry.on("list", folder)?.path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with('.') && name != "target" && name != "book" {
                collect(&path, extension, found)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(())
}
