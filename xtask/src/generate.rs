//! `cargo xtask generate`: what stands in `docs/reference`, pages and JSON Schemas, which come from the code.
//!
//! `promo` itself writes them (`promo reference DIR`, a hidden command: it alone knows its command line, its error codes
//! and its schemas); here they are put into the book, or with `--check` only compared with what stands there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::arguments::Arguments;
use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

/// Path below the folder and content of every page and schema.
type Pages = BTreeMap<String, Vec<u8>>;

/// What stands in the folder and is written by hand: it explains by example, or tells what was seen, which no code knows.
const BY_HAND: [&str; 2] = ["promoter-manifests.md", "registries.md"];

pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let only_check = arguments.take_switch("--check");
    arguments.finish()?;
    if only_check { check() } else { write() }
}

/// Compares the pages with what the code would write now.
pub(crate) fn check() -> Result<()> {
    let wanted = generated()?;
    let found = read_pages(&reference_folder())?;
    let names = wanted.keys().chain(found.keys());
    let mut stale: Vec<&String> = names
        .filter(|name| wanted.get(*name) != found.get(*name))
        .collect();
    stale.dedup();
    if stale.is_empty() {
        println!(
            "docs/reference: {} files are as the code says",
            wanted.len()
        );
        return Ok(());
    }
    Err(Error::unmet(format!(
        "docs/reference differs from the code in {stale:?}: run `cargo xtask generate`"
    )))
}

fn write() -> Result<()> {
    let wanted = generated()?;
    let folder = reference_folder();
    fs::create_dir_all(&folder).on("create", &folder)?;
    for name in read_pages(&folder)?
        .keys()
        .filter(|name| !wanted.contains_key(*name))
    {
        let path = folder.join(name);
        fs::remove_file(&path).on("remove", &path)?;
    }
    for (name, text) in &wanted {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).on("create", parent)?;
        }
        fs::write(&path, text).on("write", &path)?;
        println!("{}", workspace::relative(&path));
    }
    Ok(())
}

/// Everything in the folder but [`BY_HAND`] is generated; nobody writes there.
fn reference_folder() -> PathBuf {
    workspace::root().join("docs/reference")
}

fn generated() -> Result<Pages> {
    let promo = workspace::build_promo(workspace::Profile::Debug)?;
    let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
    process::capture(Command::new(promo).arg("reference").arg(folder.path()))?.success()?;
    let pages = read_pages(folder.path())?;
    if pages.is_empty() {
        Err(Error::unmet("`promo reference` wrote no page"))
    } else {
        Ok(pages)
    }
}

fn read_pages(folder: &Path) -> Result<Pages> {
    let mut pages = Pages::new();
    if !folder.exists() {
        return Ok(pages);
    }
    take_pages(folder, "", &mut pages)?;
    pages.retain(|name, _| !BY_HAND.contains(&name.as_str()));
    Ok(pages)
}

/// Takes all files of a folder and of those in it; `prefix` is the way there, with `/` at its end.
fn take_pages(folder: &Path, prefix: &str, pages: &mut Pages) -> Result<()> {
    for entry in fs::read_dir(folder).on("list", folder)? {
        let path = entry.on("list", folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            take_pages(&path, &format!("{name}/"), pages)?;
        } else {
            pages.insert(name, fs::read(&path).on("read", &path)?);
        }
    }
    Ok(())
}
