//! Copying an image with one layer of 2 GiB between two registries: the time, the memory of `promo`, and how that compares
//! with a bare GET piped into a PUT of the same bytes.
//!
//! One promise is checked: `promo` stays under 64 MiB.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::cold::{self, Cost};
use crate::digest::{self, sha256};
use crate::http::Client;
use crate::promo::write_tree;
use crate::push::upload;
use crate::servers::{Access, DockerRegistry};
use crate::tools;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace::{self, Profile};

const LAYER_BYTES: u64 = 2 << 30;
const MOST_MEMORY_KIB: u64 = 64 << 10;

pub(super) fn run() -> Result<()> {
    tools::ensure_debian()?;
    let promo = workspace::build_promo(Profile::Release)?;
    let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
    let staging = DockerRegistry::start(folder.path(), "staging", Access::Open)?;
    let production = DockerRegistry::start(folder.path(), "production", Access::Open)?;
    let layer = layer_digest()?;
    let image = push_image(&staging.client(), &layer)?;

    let floor = pipe(&staging.client(), &production.client(), &layer)?;
    let tree = folder.path().join("tree");
    let source = format!("{}/staging", staging.address());
    write_tree(
        &tree,
        &source,
        &[&format!("{}/production", production.address())],
        &[("large", &image, &["v1"])],
    )?;
    let Cost { time, memory } = promote(&promo, &tree)?;
    production
        .client()
        .get(&format!("/v2/production/large/blobs/{layer}"))?
        .expect(200)?;

    println!(
        "bare GET | PUT: {:.2} s, {:.0} MiB/s",
        floor.as_secs_f64(),
        rate(floor)
    );
    println!(
        "promo promote:  {:.2} s, {:.0} MiB/s",
        time.as_secs_f64(),
        rate(time)
    );
    println!("ratio: {:.2}", time.as_secs_f64() / floor.as_secs_f64());
    println!(
        "promo's memory at its peak: {:.1} MiB (VmHWM)",
        to_mebibytes(memory * 1024)
    );
    if memory < MOST_MEMORY_KIB {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "promo used {memory} KiB for one layer, but promises less than {MOST_MEMORY_KIB} KiB"
    )))
}

/// Runs a promotion to its end.
fn promote(promo: &Path, tree: &Path) -> Result<Cost> {
    let mut command = Command::new(promo);
    command
        .args([
            "promote",
            "--confirm",
            "--no-sign",
            "--quiet",
            "--thin-manifest-dir",
        ])
        .arg(tree);
    command.env_clear().env("HOME", tree).current_dir(tree);
    cold::run(&mut command, &tree.join("output"), &[0])
}

/// The floor: the same bytes from one registry to the other, with nothing looked at on the way.
fn pipe(from: &Client, to: &Client, layer: &str) -> Result<Duration> {
    let started = Instant::now();
    let blob = from
        .get(&format!("/v2/staging/large/blobs/{layer}"))?
        .expect(200)?;
    upload(to, "floor/large", layer, blob.body, LAYER_BYTES)?;
    Ok(started.elapsed())
}

/// Pushes an image with the large layer and returns its digest.
fn push_image(staging: &Client, layer: &str) -> Result<String> {
    upload(
        staging,
        "staging/large",
        layer,
        Noise::default(),
        LAYER_BYTES,
    )?;
    let configuration = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer]}});
    let configuration = configuration.to_string();
    let configuration_digest = sha256(configuration.as_bytes());
    upload(
        staging,
        "staging/large",
        &configuration_digest,
        configuration.as_bytes(),
        length(&configuration),
    )?;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": configuration_digest,
                   "size": configuration.len()},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": LAYER_BYTES}],
    });
    let manifest = manifest.to_string();
    let path = "/v2/staging/large/manifests/v1";
    staging
        .put(path, media_type, manifest.as_bytes(), length(&manifest))?
        .expect(201)?;
    Ok(sha256(manifest.as_bytes()))
}

fn layer_digest() -> Result<String> {
    let mut noise = Noise::default().take(LAYER_BYTES);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = noise
            .read(&mut buffer)
            .on("read", Path::new("the generator"))?;
        match buffer.get(..read) {
            Some(bytes) if read > 0 => hash.update(bytes),
            _ => break,
        }
    }
    Ok(digest::finish(hash))
}

/// Endless bytes that are always the same and can't be compressed (xorshift).
struct Noise {
    state: u64,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let whole = buffer.len() - buffer.len() % 8;
        for word in buffer.chunks_exact_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            word.copy_from_slice(&self.state.to_le_bytes());
        }
        Ok(whole)
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn rate(time: Duration) -> f64 {
    to_mebibytes(LAYER_BYTES) / time.as_secs_f64()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "printed with one digit after the point"
)]
fn to_mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
