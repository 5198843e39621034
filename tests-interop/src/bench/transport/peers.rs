//! The programs that are measured, and the command lines of those that aren't ours.
//!
//! A [`Journey`] knows what is to get where; each program is told so in its own way, in files in the journey's folder.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::{Image, Registry};
use crate::tools;
use xtask::error::{OnPath, Result};
use xtask::process;
use xtask::workspace::{self, Profile};

/// How many requests to a host and how many entries regsync is allowed at once where it is tuned.
const PARALLEL: u32 = 64;

/// Where all programs are.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    pub(super) promo: PathBuf,
    pub(super) crane: PathBuf,
    pub(super) regsync: PathBuf,
    pub(super) bare_loop: PathBuf,
    pub(super) world: PathBuf,
}

impl Peers {
    /// Builds and installs what is missing.
    pub(super) fn ensure() -> Result<Self> {
        tools::ensure_debian()?;
        let tools::Peers { crane, regsync } = tools::peers()?;
        let promo = workspace::build_promo(Profile::Release)?;
        let mut examples = workspace::cargo();
        examples.args([
            "build",
            "--locked",
            "--release",
            "--package",
            "promo-testkit",
        ]);
        examples.args(["--features", "certificates", "--example", "world"]);
        process::run(examples.args(["--example", "bare_loop"]))?;
        let examples = workspace::target_folder().join("release/examples");
        Ok(Self {
            promo,
            crane,
            regsync,
            bare_loop: examples.join("bare_loop"),
            world: examples.join("world"),
        })
    }
}

/// A registry, a path in it, and the authority that clients have to trust if it speaks TLS.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) registry: Registry,
    pub(super) path: &'static str,
    pub(super) authority: Option<PathBuf>,
}

impl Place {
    pub(super) fn new(registry: &Registry, path: &'static str) -> Self {
        Self {
            registry: registry.clone(),
            path,
            authority: None,
        }
    }

    /// `HOST/PATH`, as references have it.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.registry.address, self.path)
    }

    fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.name())
    }
}

/// Images that are to get from one place to another.
#[derive(Debug, Clone)]
pub(super) struct Journey {
    pub(super) folder: PathBuf,
    pub(super) images: Vec<Image>,
    pub(super) from: Place,
    pub(super) to: Vec<Place>,
}

impl Journey {
    fn repositories(&self) -> Vec<&str> {
        let names = self.images.iter().map(|image| image.name.as_str());
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A program that sees nothing of the environment but the authority.
    pub(super) fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("HOME", &self.folder)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(&self.folder);
        if let Some(authority) = &self.from.authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command
    }

    /// The bare loop: `copy`, `inside` or `look`, to the first destination.
    pub(super) fn bare(&self, peers: &Peers, work: &str, at_once: usize) -> Result<Command> {
        let list = self.folder.join("list");
        let line = |image: &Image| format!("{} {} {}\n", image.name, image.tag, image.digest);
        let lines: String = self.images.iter().map(line).collect();
        fs::write(&list, lines).on("write", &list)?;
        let mut command = self.program(&peers.bare_loop);
        command.args([work, &at_once.to_string(), &self.from.url()]);
        command.args(self.to.first().map(Place::url)).arg(list);
        command.args(&self.from.authority);
        Ok(command)
    }

    /// `crane copy --all-tags`, a process for each repository.
    pub(super) fn crane(&self, peers: &Peers) -> Vec<Command> {
        let repositories = self.repositories();
        let each = repositories.iter().map(|name| {
            let mut command = self.program(&peers.crane);
            command.args(["copy", "--all-tags", "--jobs", "10", "--insecure"]);
            command.arg(format!("{}/{name}", self.from.name()));
            let to = self.to.first().map(Place::name).unwrap_or_default();
            command.arg(format!("{to}/{name}"));
            command
        });
        each.collect()
    }

    /// `regsync once` as it comes, with an entry for each repository.
    pub(super) fn regsync(&self, peers: &Peers) -> Result<Command> {
        self.regsync_with(peers, "regsync.yml", "", &self.entries())
    }

    /// The same with as much at once as does it good.
    pub(super) fn regsync_tuned(&self, peers: &Peers) -> Result<Command> {
        let concurrency = format!("  reqConcurrent: {PARALLEL}\n");
        let entries = self.entries();
        let entries = format!("defaults:\n  parallel: {PARALLEL}\n{entries}");
        self.regsync_with(peers, "regsync-tuned.yml", &concurrency, &entries)
    }

    fn entries(&self) -> String {
        let mut text = String::from("sync:\n");
        let from = self.from.name();
        for to in &self.to {
            let to = to.name();
            for name in self.repositories() {
                // Writing to a String can't fail, here and below.
                let _written = writeln!(
                    text,
                    "- source: {from}/{name}\n  target: {to}/{name}\n  type: repository"
                );
            }
        }
        text
    }

    fn regsync_with(
        &self,
        peers: &Peers,
        file: &str,
        concurrency: &str,
        entries: &str,
    ) -> Result<Command> {
        let places = std::iter::once(&self.from).chain(&self.to);
        let hosts: BTreeSet<&str> = places
            .map(|place| place.registry.address.as_str())
            .collect();
        let tls = if self.from.authority.is_some() {
            "enabled"
        } else {
            "disabled"
        };
        let mut text = String::from("version: 1\ncreds:\n");
        for host in hosts {
            let _written = write!(text, "- registry: {host}\n  tls: {tls}\n{concurrency}");
        }
        text.push_str(entries);
        let path = self.folder.join(file);
        fs::write(&path, text).on("write", &path)?;
        let mut command = self.program(&peers.regsync);
        command
            .args(["--verbosity", "error", "--config"])
            .arg(path)
            .arg("once");
        Ok(command)
    }

    /// `skopeo sync` of all repositories.
    pub(super) fn skopeo(&self) -> Result<Command> {
        let host = &self.from.registry.address;
        let mut text = format!("\"{host}\":\n  tls-verify: false\n  images:\n");
        for name in self.repositories() {
            let _written = writeln!(text, "    {}/{name}: []", self.from.path);
        }
        let path = self.folder.join("skopeo.yml");
        fs::write(&path, text).on("write", &path)?;
        let policy = self.folder.join("policy.json");
        fs::write(
            &policy,
            r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
        )
        .on("write", &policy)?;
        let mut command = self.program(Path::new("skopeo"));
        command.arg("--policy").arg(policy);
        command.args(["sync", "--all", "--src", "yaml", "--dest", "docker"]);
        command.arg("--dest-tls-verify=false").arg(path);
        command.args(self.to.first().map(Place::name));
        Ok(command)
    }
}
