//! The registries: the example `world` of promo-testkit, which takes orders and answers in lines of JSON.
//!
//! Each order waits for its answer; the process ends with its owner.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::told::Told;
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// A registry of the world.
#[derive(Debug, Clone)]
pub(super) struct Registry {
    pub(super) number: usize,
    /// `127.0.0.1:PORT`.
    pub(super) address: String,
}

/// An image that is in a registry.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) tag: String,
    pub(super) digest: String,
}

/// How much a tree of promoter manifests wants.
#[derive(Debug, Deserialize)]
pub(super) struct Planted {
    pub(super) edges: u64,
    /// Of each registry.
    pub(super) repositories: Vec<u64>,
}

/// The process; it ends with this.
#[derive(Debug)]
pub(super) struct World {
    pipes: RefCell<Pipes>,
    process: Child,
}

#[derive(Debug)]
struct Pipes {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    registries: usize,
}

impl World {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = process::spawn(&mut command)?;
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Error::unmet("the world has no pipes"));
        };
        Ok(Self {
            pipes: RefCell::new(Pipes {
                orders,
                answers: BufReader::new(answers),
                registries: 0,
            }),
            process,
        })
    }

    /// Starts a registry with these properties (see the example).
    pub(super) fn registry(&self, properties: &Value) -> Result<Registry> {
        let address = self.ask("registry", properties)?;
        let mut pipes = self.pipes.borrow_mut();
        let number = pipes.registries;
        pipes.registries += 1;
        Ok(Registry { number, address })
    }

    /// Puts 200 images into a registry, below a path.
    pub(super) fn images(&self, registry: &Registry, path: &str, size: &str) -> Result<Vec<Image>> {
        let wanted = json!({"registry": registry.number, "path": path, "size": size});
        self.ask("images", &wanted)
    }

    /// Writes the large tree into a folder, and gives the first registries what it wants.
    pub(super) fn tree(&self, folder: &Path, hosts: usize) -> Result<Planted> {
        self.ask("tree", &json!({"folder": folder, "hosts": hosts}))
    }

    /// Forgets what a registry has.
    pub(super) fn clear(&self, registry: &Registry) -> Result<()> {
        self.ask("clear", &json!({"registry": registry.number}))
    }

    /// Lets a registry fail after so many milliseconds: `gone`, `silent` or `unavailable`.
    pub(super) fn fail(&self, registry: &Registry, after: u64, failure: &str) -> Result<()> {
        let wanted = json!({"registry": registry.number, "after": after, "failure": failure});
        self.ask("fail", &wanted)
    }

    /// Starts the clock; nothing was sent, and nothing fails.
    pub(super) fn begin(&self) -> Result<()> {
        self.ask("begin", &json!({}))
    }

    /// What was sent since, by registry; nothing of those that are gone.
    pub(super) fn told(&self) -> Result<Vec<Option<Told>>> {
        self.ask("told", &json!({}))
    }

    fn ask<T: DeserializeOwned>(&self, order: &str, with: &Value) -> Result<T> {
        let mut line = with.clone();
        if let Some(fields) = line.as_object_mut() {
            fields.insert("order".to_owned(), Value::from(order));
        }
        let world = Path::new("the world");
        let mut pipes = self.pipes.borrow_mut();
        writeln!(pipes.orders, "{line}").on("write to", world)?;
        let mut answer = String::new();
        pipes
            .answers
            .read_line(&mut answer)
            .on("read from", world)?;
        let wrong = |error| Error::document(format!("the answer to `{order}`"), error);
        serde_json::from_str(&answer).map_err(wrong)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // One that is gone already needs no ending.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
