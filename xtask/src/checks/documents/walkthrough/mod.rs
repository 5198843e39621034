//! Documents that a reader follows: every `console` block of a page is run, from the first line to the last.
//!
//! A line `$ COMMAND` is typed into one shell for the whole page, in an empty folder, with `promo` on the `PATH`; it must
//! succeed. The lines below it must occur in what it prints, in this order; `…` stands for anything within a line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

/// What stands between the outputs of two commands.
const MARK: &str = "@@ next @@";

/// One command of a page, and what the page shows of its output.
#[derive(Debug, PartialEq)]
struct Step {
    command: String,
    shown: Vec<String>,
}

/// Follows every document of the project that has something to follow.
pub(crate) fn check() -> Result<()> {
    let promo = workspace::build_promo(workspace::Profile::Debug)?;
    let mut followed = Vec::new();
    for path in workspace::files(workspace::root(), "md")? {
        let steps = steps(&fs::read_to_string(&path).on("read", &path)?);
        if !steps.is_empty() {
            follow(&steps, &promo).map_err(|error| {
                Error::unmet(format!("{}: {error}", workspace::relative(&path)))
            })?;
            followed.push(format!(
                "{} ({} commands)",
                workspace::relative(&path),
                steps.len()
            ));
        }
    }
    println!("followed: {}", followed.join(", "));
    if followed.is_empty() {
        Err(Error::unmet("no document has a `console` block"))
    } else {
        Ok(())
    }
}

fn follow(steps: &[Step], promo: &Path) -> Result<()> {
    let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
    let output = process::capture(&mut shell(steps, promo, folder.path())?)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    for (step, printed) in steps.iter().zip(printed.split(MARK)) {
        if let Some(missing) = first_missing(&step.shown, printed) {
            let command = &step.command;
            return Err(Error::unmet(format!(
                "`{command}` did not print `{missing}`, but:\n{printed}"
            )));
        }
    }
    output.success().map(drop)
}

/// A shell that runs all steps and stops at the first that fails; servers in its background end with it.
fn shell(steps: &[Step], promo: &Path, folder: &Path) -> Result<Command> {
    let commands: Vec<String> = steps
        .iter()
        .map(|step| format!("{}\necho '{MARK}'\n", step.command))
        .collect();
    let script = format!(
        "set -e\nexec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{}",
        commands.concat()
    );
    let file = folder.join("script");
    fs::write(&file, script).on("write", &file)?;
    let here = folder.join("here");
    fs::create_dir(&here).on("create", &here)?;
    let mut path = vec![promo.parent().map(PathBuf::from).unwrap_or_default()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let path = std::env::join_paths(path).map_err(|error| Error::document("the PATH", error))?;
    let mut command = Command::new("bash");
    command
        .arg(file)
        .current_dir(here)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("NO_COLOR", "1");
    Ok(command)
}

/// The first shown line that does not occur in `printed` after those before it.
fn first_missing<'a>(shown: &'a [String], printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    shown
        .iter()
        .map(String::as_str)
        .find(|wanted| !lines.any(|line| matches(wanted, line)))
}

/// Whether `line` is `wanted`, in which `…` stands for anything.
fn matches(wanted: &str, line: &str) -> bool {
    let mut pieces = wanted.trim_end().split('…');
    let Some(mut rest) = line
        .trim_end()
        .strip_prefix(pieces.next().unwrap_or_default())
    else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// The commands of all `console` blocks of a page; a command goes on after a backslash.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut inside, mut goes_on) = (false, false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside && line.trim() == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            goes_on = command.ends_with('\\');
            steps.push(Step {
                command: as_installed(command),
                shown: Vec::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            if goes_on {
                step.command.push('\n');
                step.command.push_str(line);
                goes_on = line.ends_with('\\');
            } else if !line.trim().is_empty() {
                step.shown.push(line.to_owned());
            }
        }
    }
    steps
}

/// What a reader runs out of the checkout is here the `promo` that was built already.
fn as_installed(command: &str) -> String {
    match command.strip_prefix("cargo run --release -p promo-cli --") {
        Some(arguments) => format!("promo{arguments}"),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests;
