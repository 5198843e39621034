//! What is published: each crate says what it is, and its package holds its README, the licence and nothing from outside its
//! folder.
//!
//! The packages are made, but not built: the workspace's own tests have built the same files.

use std::fs;
use std::path::Path;

use crate::checks::metadata::{Metadata, Package};
use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

/// What cargo adds to a package by itself.
const MADE_BY_CARGO: [&str; 3] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];
/// The text of the licence, in each package as in the workspace.
const LICENCE: &str = "LICENSE";
/// The most keywords, and the most categories, that registries of crates take.
const MOST_WORDS: usize = 5;

/// Checks each published crate, and that cargo makes packages of them all.
pub(crate) fn check(metadata: &Metadata) -> Result<()> {
    let mut wrong = Vec::new();
    let published = || metadata.members().filter(|package| package.is_published());
    for package in published() {
        let name = &package.name;
        wrong.extend(missing_fields(package).map(|field| format!("{name} has no {field}")));
        let listed = listed(name)?;
        let strays = strays(package.folder(), &listed)?;
        let licence = licence_fault(package.folder(), &listed)?;
        let faults = strays.chain(licence);
        wrong.extend(faults.map(|fault| format!("the package of {name} {fault}")));
    }
    if !wrong.is_empty() {
        return Err(Error::unmet(wrong.join("; ")));
    }
    // All at once: none of them is in a registry, so each finds the others among those that are made with it.
    let mut command = workspace::cargo();
    command.args([
        "package",
        "--offline",
        "--locked",
        "--allow-dirty",
        "--no-verify",
        "--quiet",
    ]);
    for package in published() {
        command.args(["--package", &package.name]);
    }
    process::run(&mut command)
}

/// The fields that whoever finds the crate needs.
fn missing_fields(package: &Package) -> impl Iterator<Item = &'static str> {
    let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let are_some = |words: &[String]| (1..=MOST_WORDS).contains(&words.len());
    let fields = [
        ("description", has(&package.description)),
        ("license", has(&package.license)),
        ("repository", has(&package.repository)),
        ("readme", has(&package.readme)),
        ("keywords, one to five", are_some(&package.keywords)),
        ("categories, one to five", are_some(&package.categories)),
    ];
    fields
        .into_iter()
        .filter_map(|(name, is_there)| (!is_there).then_some(name))
}

/// The files of a package, by cargo.
fn listed(name: &str) -> Result<Vec<String>> {
    let mut command = workspace::cargo();
    command.args([
        "package",
        "--list",
        "--offline",
        "--allow-dirty",
        "--package",
        name,
    ]);
    let list = process::capture(&mut command)?.success()?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// What a package lacks or has from elsewhere. A README from above stands in the list, but not in the crate's folder.
fn strays(folder: &Path, listed: &[String]) -> Result<impl Iterator<Item = String> + use<>> {
    let folder = folder.canonicalize().on("find", folder)?;
    let mut faults = Vec::new();
    if !listed.iter().any(|path| path == "README.md") {
        faults.push("holds no README.md".to_owned());
    }
    let own = listed
        .iter()
        .filter(|path| !MADE_BY_CARGO.contains(&path.as_str()));
    for path in own {
        let file = folder.join(path).canonicalize();
        if !file.is_ok_and(|file| file.starts_with(&folder)) {
            faults.push(format!("holds {path}, which is not in its folder"));
        }
    }
    Ok(faults.into_iter())
}

/// What is wrong with the licence in a package: a copy, since a link would lead out of the folder.
fn licence_fault(folder: &Path, listed: &[String]) -> Result<Option<String>> {
    if !listed.iter().any(|path| path == LICENCE) {
        return Ok(Some(format!("holds no {LICENCE}")));
    }
    let read = |path: &Path| fs::read(path).on("read", path);
    let differs = read(&folder.join(LICENCE))? != read(&workspace::root().join(LICENCE))?;
    Ok(differs.then(|| format!("holds another {LICENCE} than the workspace's")))
}

#[cfg(test)]
mod tests;
