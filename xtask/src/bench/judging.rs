//! Judging an image whose staging repository is full of junk that looks like evidence: bundles of 16 MiB that would be
//! hundreds of MiB if their values were built. The memory of `promo` at its peak, with and without judging.
//!
//! One promise is checked: judging an image takes less than 64 MiB.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::cold::{self, Cost};
use super::copy::upload;
use crate::error::{Error, OnPath, Result};
use crate::interop::digest::sha256;
use crate::interop::http::Client;
use crate::interop::promo::write_tree;
use crate::interop::servers::{Access, DockerRegistry};
use crate::interop::tools;
use crate::workspace::{self, Profile};

const MOST_MEMORY_KIB: u64 = 64 << 10;
/// What a blob of evidence may have, without the names around it.
const JUNK_BYTES: usize = (16 << 20) - 4096;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const REPOSITORY: &str = "staging/junk";
/// Refused, because there is more than is read and nothing of it is good.
const REFUSED: i32 = 5;

pub(super) fn run() -> Result<()> {
    tools::ensure_debian()?;
    let promo = workspace::build_promo(Profile::Release)?;
    let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
    let staging = DockerRegistry::start(folder.path(), "staging", Access::Open)?;
    let production = DockerRegistry::start(folder.path(), "production", Access::Open)?;
    let client = staging.client();
    let subject = push(&client, &image(&client)?, None)?;
    let mut listed = Vec::new();
    for (name, bundle) in junk() {
        println!("{name}: {:.1} MiB", mebibytes(bundle.len()));
        listed.push(push(&client, &referrer(&client, &bundle, &subject)?, None)?);
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed});
    let digest = subject
        .pointer("/digest")
        .and_then(Value::as_str)
        .unwrap_or_default();
    push(&client, &index, Some(&digest.replace(':', "-")))?;

    let tree = folder.path().join("tree");
    let destination = format!("{}/production", production.address());
    let source = format!("{}/staging", staging.address());
    write_tree(
        &tree,
        &source,
        &[&destination],
        &[("junk", digest, &["v1"])],
    )?;
    let without = promote(&promo, &tree, false)?;
    let judging = promote(&promo, &tree, true)?;
    let difference = judging.memory.saturating_sub(without.memory);
    println!(
        "a dry run that judges nothing: {:.0} ms, {:.1} MiB (VmHWM)",
        without.milliseconds(),
        without.mebibytes()
    );
    println!(
        "one that judges the image:     {:.0} ms, {:.1} MiB",
        judging.milliseconds(),
        judging.mebibytes()
    );
    if difference < MOST_MEMORY_KIB {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "promo used {difference} KiB to judge one image, but promises less than {MOST_MEMORY_KIB} KiB"
    )))
}

/// A dry run, with or without a key to judge by.
fn promote(promo: &Path, tree: &Path, judge: bool) -> Result<Cost> {
    let key = workspace::root().join("crates/promo-sign/tests/fixtures/cosign3/cosign.pub");
    let mut command = Command::new(promo);
    command
        .args(["promote", "--quiet", "--thin-manifest-dir"])
        .arg(tree);
    if judge {
        command.arg("--staging-key").arg(key);
    }
    command.env_clear().env("HOME", tree).current_dir(tree);
    let accepted = if judge { REFUSED } else { 0 };
    cold::run(&mut command, &tree.join("output"), &[accepted])
}

/// Few bytes, many values: in what nobody reads, in what may be signed, in keys, and in escapes.
fn junk() -> Vec<(&'static str, String)> {
    let log = "[],".repeat(JUNK_BYTES / 3);
    // In base64: `[[]`, as often as it fits `,[]`, and `]` with two spaces.
    let payload = format!("W1td{}XSAg", "LFtd".repeat(JUNK_BYTES / 4 - 2));
    let mut keys = String::new();
    for number in 0..1_400_000 {
        let _ = write!(keys, r#""{number:x}":0,"#);
    }
    vec![
        (
            "a log",
            bundle(&format!(r#","tlogEntries":[{log}[]]"#), "e30="),
        ),
        ("a payload", bundle("", &payload)),
        ("keys", bundle(&format!(r#","x":{{{keys}"y":0}}"#), "e30=")),
        ("escapes", bundle("", &r"\/".repeat(JUNK_BYTES / 2))),
    ]
}

fn bundle(material: &str, payload: &str) -> String {
    format!(
        r#"{{"mediaType":"{BUNDLE}","verificationMaterial":{{"publicKey":{{"hint":""}}{material}}},"dsseEnvelope":{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"AAAA"}}]}}}}"#
    )
}

fn image(client: &Client) -> Result<Value> {
    let config = push_blob(client, "application/vnd.oci.image.config.v1+json", "{}")?;
    Ok(json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}))
}

fn referrer(client: &Client, bundle: &str, subject: &Value) -> Result<Value> {
    let config = push_blob(client, EMPTY, "{}")?;
    let layer = push_blob(client, BUNDLE, bundle)?;
    Ok(json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": config, "layers": [layer],
        "subject": subject,
    }))
}

fn push_blob(client: &Client, media_type: &str, text: &str) -> Result<Value> {
    let digest = sha256(text.as_bytes());
    upload(client, REPOSITORY, &digest, text.as_bytes(), length(text))?;
    Ok(json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
}

/// Puts a manifest, by its digest unless a tag is given, and returns its descriptor.
fn push(client: &Client, manifest: &Value, tag: Option<&str>) -> Result<Value> {
    let text = manifest.to_string();
    let digest = sha256(text.as_bytes());
    let media_type = manifest
        .pointer("/mediaType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let path = format!("/v2/{REPOSITORY}/manifests/{}", tag.unwrap_or(&digest));
    client
        .put(&path, media_type, text.as_bytes(), length(&text))?
        .expect(201)?;
    Ok(json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "printed with one digit after the point"
)]
fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
