//! mdBook makes the book of `docs/`, and has nothing to complain of.

use std::process::Command;

use crate::interop::Setting;
use crate::tools;
use xtask::error::{Error, Result};
use xtask::{process, workspace};

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let made = setting.folder().join("book");
    let mut command = Command::new(tools::mdbook()?);
    command
        .arg("build")
        .arg(workspace::root().join("docs"))
        .arg("--dest-dir")
        .arg(&made);
    let output = process::capture(&mut command)?;
    let told = output.stderr.clone();
    output.success()?;
    if told.contains("WARN") || told.contains("ERROR") {
        return Err(Error::unmet(format!("mdBook complains:\n{told}")));
    }
    let first = made.join("index.html");
    if !first.is_file() {
        return Err(Error::unmet("the book has no first page"));
    }
    println!("the book of docs/ was made without a warning");
    Ok(())
}
