//! Where and with what was measured.
//!
//! Asks the kernel, git and the programs themselves; it measures nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::peers::Peers;
use xtask::error::{OnPath, Result};
use xtask::{process, workspace};

/// The machine and the versions of all programs, in Markdown.
pub(super) fn describe(peers: &Peers) -> Result<String> {
    let processors = read("/proc/cpuinfo")?;
    let models = processors
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models: Vec<&str> = models.map(|(_, model)| model).collect();
    let memory = read("/proc/meminfo")?;
    let memory = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let memory = memory.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let mut text = format!(
        "{} × {}, {} GiB of memory, Linux {}; client and registries share it.\n\n",
        models.len(),
        models.first().copied().unwrap_or("unknown processor"),
        memory.unwrap_or_default() >> 20,
        kernel.trim()
    );
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let promo = said(Command::new(&peers.promo).arg("--version"))?;
    let skopeo = said(Command::new("skopeo").arg("--version"))?;
    let crane = said(Command::new(&peers.crane).arg("version"))?;
    let regsync = said(Command::new(&peers.regsync).arg("version"))?;
    let regsync = regsync.trim_start_matches("VCSTag:").trim();
    for program in [
        format!("{promo} at {commit}"),
        skopeo,
        format!("crane {crane}"),
        format!("regsync {regsync}"),
    ] {
        // Writing to a String can't fail.
        let _written = writeln!(text, "- {program}");
    }
    Ok(text)
}

/// The day of the commit that is checked out.
pub(super) fn date_of_commit() -> Result<String> {
    git(&["log", "-1", "--format=%cs"])
}

fn git(arguments: &[&str]) -> Result<String> {
    said(
        Command::new("git")
            .args(arguments)
            .current_dir(workspace::root()),
    )
}

/// The first line that a program prints.
fn said(command: &mut Command) -> Result<String> {
    let said = process::capture(command)?.success()?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).on("read", Path::new(path))
}
