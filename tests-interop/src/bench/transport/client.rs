//! Clients: one or several processes that do a work together, and what they cost.
//!
//! They are started, looked at, and given up when their time is over; what they do is in their command lines.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::world::World;
use xtask::error::{OnPath, Result};
use xtask::process;

/// How often processes are looked at.
const LOOK: Duration = Duration::from_millis(3);
/// What the kernel counts the time of a processor in.
const TICKS_PER_SECOND: f64 = 100.0;
/// What a client is to the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    Promo,
    /// The bare loop.
    Floor,
    Peer,
    /// Neither is compared with the others nor are they with it.
    Apart,
}

/// Makes the processes of a client.
type Commands<'a> = Box<dyn Fn() -> Vec<Command> + 'a>;
/// Something that happens to the registries as soon as the clock has started.
type Upset<'a> = Box<dyn Fn(&World) -> Result<()> + 'a>;

/// Who does a work, and how.
pub(super) struct Client<'a> {
    pub(super) name: String,
    pub(super) role: Role,
    commands: Commands<'a>,
    at_once: usize,
    /// Fewer runs for those that take long.
    pub(super) most_runs: usize,
    upset: Option<Upset<'a>>,
}

impl<'a> Client<'a> {
    pub(super) fn new(name: &str, role: Role, commands: impl Fn() -> Vec<Command> + 'a) -> Self {
        Self {
            name: name.to_owned(),
            role,
            commands: Box::new(commands),
            at_once: 1,
            most_runs: usize::MAX,
            upset: None,
        }
    }

    /// With a single process.
    pub(super) fn one(name: &str, role: Role, command: impl Fn() -> Command + 'a) -> Self {
        Self::new(name, role, move || vec![command()])
    }

    /// So many of its processes run at the same time.
    pub(super) fn at_once(mut self, processes: usize) -> Self {
        self.at_once = processes;
        self
    }

    /// It runs only so often.
    pub(super) fn runs(mut self, most: usize) -> Self {
        self.most_runs = most;
        self
    }

    /// It is compared with nobody: it does something else.
    pub(super) fn apart(mut self) -> Self {
        self.role = Role::Apart;
        self
    }

    /// Something happens to the registries when it starts.
    pub(super) fn upset(mut self, upset: impl Fn(&World) -> Result<()> + 'a) -> Self {
        self.upset = Some(Box::new(upset));
        self
    }

    /// Runs to its end, or until its time is over.
    pub(super) fn run(&self, world: &World, give_up: Duration) -> Result<Cost> {
        let mut waiting = (self.commands)();
        waiting.reverse();
        let mut errors = tempfile::tempfile().on("create", Path::new("a temporary file"))?;
        world.begin()?;
        if let Some(upset) = &self.upset {
            upset(world)?;
        }
        let processor = processor_seconds();
        let started = Instant::now();
        let mut running: Vec<Child> = Vec::new();
        let mut cost = Cost::default();
        loop {
            while running.len() < self.at_once
                && let Some(command) = waiting.pop()
            {
                running.push(start(command, &errors)?);
            }
            cost.memory = cost.memory.max(running.iter().map(memory).sum());
            let mut going = Vec::new();
            for mut child in running {
                match child.try_wait() {
                    Ok(Some(status)) => cost.failures += u64::from(!status.success()),
                    _ => going.push(child),
                }
            }
            running = going;
            if running.is_empty() && waiting.is_empty() {
                break;
            }
            if started.elapsed() > give_up {
                cost.given_up = true;
                running.into_iter().for_each(end);
                break;
            }
            std::thread::sleep(LOOK);
        }
        cost.wall = started.elapsed().as_secs_f64();
        cost.processor = processor_seconds() - processor;
        if cost.failures > 0 {
            show(&self.name, &mut errors)?;
        }
        Ok(cost)
    }
}

/// What one run cost.
#[derive(Debug, Clone, Default)]
pub(super) struct Cost {
    /// In seconds, as is the next.
    pub(super) wall: f64,
    pub(super) processor: f64,
    /// At its peak, of all processes that ran together, in KiB.
    pub(super) memory: u64,
    /// How many processes failed.
    pub(super) failures: u64,
    pub(super) given_up: bool,
}

fn start(mut command: Command, errors: &File) -> Result<Child> {
    let errors = errors.try_clone();
    let errors = errors.on("share", Path::new("a temporary file"))?;
    command.stdin(Stdio::null()).stdout(Stdio::null());
    process::spawn(command.stderr(errors))
}

fn end(mut child: Child) {
    // Whether the kill succeeds or not, it is given up.
    drop(child.kill());
    drop(child.wait());
}

/// The last lines that failed processes said.
fn show(name: &str, errors: &mut File) -> Result<()> {
    let mut said = Vec::new();
    let read = errors.rewind().and_then(|()| errors.read_to_end(&mut said));
    read.on("read", Path::new("a temporary file"))?;
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(5)) {
        println!("{name} said: {line}");
    }
    Ok(())
}

/// The most memory that a process has held so far (`VmHWM`), in KiB.
fn memory(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// What all processes took that we have waited for, and those that they have waited for.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold spaces; `cutime` and `cstime` are fields 16 and 17.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let fields = fields.split(' ').skip(13).take(2);
    fields
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}
