//! Writes down what cosign made, for the tests of promo-sign: each image's evidence as it stands in the registry, with who
//! signed it, and the trusted root of the stack.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::http::Client;
use xtask::error::{Error, OnPath, Result};

/// An image with evidence, and who signed it.
pub(super) struct Signed<'a> {
    pub(super) name: &'a str,
    pub(super) repository: &'a str,
    pub(super) digest: &'a str,
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
}

/// Writes all evidence of an image into a file of its own.
pub(super) fn evidence(folder: &Path, client: &Client, signed: &Signed<'_>) -> Result<()> {
    let tag = signed.digest.replace(':', "-");
    let bundles = bundles(client, signed.repository, signed.digest)?;
    let bundles = bundles.into_iter();
    let mut pieces: Vec<_> = bundles
        .map(|bundle| json!({"form": "bundle", "text": bundle}))
        .collect();
    for form in ["sig", "att"] {
        let tag = format!("{tag}.{form}");
        let manifest = manifest(client, signed.repository, &tag)?.unwrap_or_default();
        for layer in members(&manifest, "layers") {
            let held = blob(client, signed.repository, layer)?;
            let annotations = layer.get("annotations").cloned().unwrap_or_default();
            pieces.push(json!({"form": form, "annotations": annotations, "text": held}));
        }
    }
    let recorded = json!({
        "digest": signed.digest,
        "issuer": signed.issuer,
        "subject": signed.subject,
        "pieces": pieces,
    });
    let path = folder.join(format!("{}.json", signed.name));
    let mut text = serde_json::to_string_pretty(&recorded)
        .map_err(|error| Error::document("what was recorded", error.to_string()))?;
    text.push('\n');
    fs::write(&path, text).on("write", &path)
}

/// The bundles that refer to an image.
pub(super) fn bundles(client: &Client, repository: &str, digest: &str) -> Result<Vec<String>> {
    let mut bundles = Vec::new();
    let list = manifest(client, repository, &digest.replace(':', "-"))?.unwrap_or_default();
    for referrer in members(&list, "manifests") {
        let manifest = manifest(client, repository, text(referrer, "digest"))?.unwrap_or_default();
        for layer in members(&manifest, "layers") {
            bundles.push(blob(client, repository, layer)?);
        }
    }
    Ok(bundles)
}

fn manifest(client: &Client, repository: &str, reference: &str) -> Result<Option<Value>> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let Some(bytes) = client.get(&path)?.found()? else {
        return Ok(None);
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map_err(|error| Error::document(&path, error.to_string()))
}

fn blob(client: &Client, repository: &str, layer: &Value) -> Result<String> {
    let path = format!("/v2/{repository}/blobs/{}", text(layer, "digest"));
    let bytes = client.get(&path)?.found()?.unwrap_or_default();
    String::from_utf8(bytes).map_err(|error| Error::document(&path, error.to_string()))
}

fn members<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
