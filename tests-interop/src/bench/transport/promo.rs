//! promo on the same journeys: a tree, a promo.toml, and command lines.
//!
//! The tree asks for what the peers are told to copy, no more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::peers::{Journey, Peers};
use crate::cosign::{Keys, PASSWORD};
use xtask::error::{OnPath, Result};

/// How promo is set up besides.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// Whether all destinations have one public name.
    pub(super) identity: bool,
    /// How many requests it may send to each host in a second, if it is told.
    pub(super) rate: Option<u32>,
}

/// A folder that promo runs in.
#[derive(Debug, Clone)]
pub(super) struct Promo {
    program: PathBuf,
    folder: PathBuf,
    journey: Journey,
}

impl Promo {
    /// Writes what a journey needs into a folder of its own.
    pub(super) fn new(
        peers: &Peers,
        journey: &Journey,
        name: &str,
        settings: &Settings,
    ) -> Result<Self> {
        let folder = journey.folder.join(name);
        let registries = registries(journey);
        write(
            &folder.join("tree/manifests/team/promoter-manifest.yaml"),
            &registries,
        )?;
        write(
            &folder.join("tree/images/team/images.yaml"),
            &images(journey),
        )?;
        write(&folder.join("promo.toml"), &toml(journey, settings))?;
        Ok(Self {
            program: peers.promo.clone(),
            folder,
            journey: journey.clone(),
        })
    }

    /// `promo promote --confirm --no-sign`
    pub(super) fn promote(&self) -> Command {
        let mut command = self.confirm();
        command.arg("--no-sign");
        command
    }

    /// `promo promote --confirm --key …`
    pub(super) fn promote_with_proof(&self, keys: &Keys, forms: &str) -> Command {
        let mut command = self.confirm();
        command.env("COSIGN_PASSWORD", PASSWORD);
        command.arg("--key").arg(&keys.private);
        command.args(["--signature-formats", forms]);
        command
    }

    fn confirm(&self) -> Command {
        let mut command = self.journey.program(&self.program);
        command.current_dir(&self.folder);
        command.args(["promote", "--confirm", "--quiet"]);
        command.args(["--thin-manifest-dir", "tree"]);
        command
    }
}

fn registries(journey: &Journey) -> String {
    let mut text = format!(
        "registries:\n- name: {}\n  src: true\n",
        journey.from.name()
    );
    for to in &journey.to {
        // Writing to a String can't fail, here and below.
        let _written = writeln!(text, "- name: {}", to.name());
    }
    text
}

fn images(journey: &Journey) -> String {
    let mut repositories: BTreeMap<&str, String> = BTreeMap::new();
    for image in &journey.images {
        let entries = repositories.entry(&image.name).or_default();
        let _written = writeln!(entries, "    \"{}\": [\"{}\"]", image.digest, image.tag);
    }
    let mut text = String::new();
    for (name, entries) in repositories {
        let _written = write!(text, "- name: {name}\n  dmap:\n{entries}");
    }
    text
}

fn toml(journey: &Journey, settings: &Settings) -> String {
    let mut text = String::new();
    if let Some(authority) = &journey.from.authority {
        let _written = writeln!(
            text,
            "[tls]\nroots = [{:?}]",
            authority.display().to_string()
        );
    }
    if settings.identity {
        for to in &journey.to {
            let name = to.name();
            let _written = writeln!(
                text,
                "[[identity]]\nmatch = \"{name}\"\nname = \"registry.example/images\""
            );
        }
    }
    let mut hosts: Vec<&str> = journey
        .to
        .iter()
        .map(|to| to.registry.address.as_str())
        .collect();
    hosts.push(&journey.from.registry.address);
    hosts.sort_unstable();
    hosts.dedup();
    for host in hosts {
        let plain = journey.from.authority.is_none();
        let _written = writeln!(text, "[registry.\"{host}\"]\nplain-http = {plain}");
        if let Some(rate) = settings.rate {
            let _written = writeln!(text, "rate = {rate}");
        }
    }
    text
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.with_file_name("");
    fs::create_dir_all(&folder).on("create", &folder)?;
    fs::write(path, text).on("write", path)
}
