//! A program run from a cold start: how long it took, and how much memory it held at its peak.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// How often the memory is looked at.
const LOOK: Duration = Duration::from_micros(500);

/// What one run cost, or the medians of several.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) time: Duration,
    /// At its peak (`VmHWM`), in KiB.
    pub(super) memory: u64,
}

impl Cost {
    /// The median of times and of memory, each by itself.
    pub(super) fn median(costs: &[Self]) -> Self {
        let mut times: Vec<Duration> = costs.iter().map(|cost| cost.time).collect();
        let mut memory: Vec<u64> = costs.iter().map(|cost| cost.memory).collect();
        times.sort_unstable();
        memory.sort_unstable();
        Self {
            time: times.get(times.len() / 2).copied().unwrap_or_default(),
            memory: memory.get(memory.len() / 2).copied().unwrap_or_default(),
        }
    }

    pub(super) fn milliseconds(self) -> f64 {
        self.time.as_secs_f64() * 1000.0
    }

    pub(super) fn mebibytes(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "printed with one digit after the point"
        )]
        let kibibytes = self.memory as f64;
        kibibytes / 1024.0
    }
}

/// Runs a program to its end; its standard output goes to `output`. Ends other than those in `accepted`
/// are errors.
pub(super) fn run(command: &mut Command, output: &Path, accepted: &[i32]) -> Result<Cost> {
    let stdout = File::create(output).on("create", output)?;
    let mut stderr = tempfile::tempfile().on("create", Path::new("a temporary file"))?;
    let for_child = stderr
        .try_clone()
        .on("share", Path::new("a temporary file"))?;
    command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(for_child);
    let started = Instant::now();
    let mut child = process::spawn(command)?;
    let id = child.id();
    let (status, time, memory) = std::thread::scope(|scope| {
        let watcher = scope.spawn(move || peak(id));
        let status = child.wait();
        let time = started.elapsed();
        // A watcher that panicked saw nothing.
        (status, time, watcher.join().unwrap_or_default())
    });
    let status = status.on("wait for", Path::new(command.get_program()))?;
    if is_accepted(status, accepted) {
        return Ok(Cost { time, memory });
    }
    let mut said = String::new();
    stderr
        .rewind()
        .and_then(|()| stderr.read_to_string(&mut said))
        .on("read", Path::new("a temporary file"))?;
    Err(Error::Program {
        command: process::shown(command),
        ending: format!("failed ({status})\n"),
        output: said,
    })
}

fn is_accepted(status: ExitStatus, accepted: &[i32]) -> bool {
    status.code().is_some_and(|code| accepted.contains(&code))
}

/// Looks at a process until it is gone. The mark only grows, so the last look sees the peak.
fn peak(id: u32) -> u64 {
    let status_file = format!("/proc/{id}/status");
    let mut memory = 0;
    while let Some(now) = fs::read_to_string(&status_file)
        .ok()
        .and_then(|text| high_water(&text))
    {
        memory = memory.max(now);
        std::thread::sleep(LOOK);
    }
    memory
}

/// `VmHWM` of a process's status, in KiB; nothing once the process has ended.
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
