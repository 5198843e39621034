//! Images made by hand and pushed by plain HTTP: for scenarios that want many of them, quickly. What programs of others make
//! is in `containers`.

use std::io::Read;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::digest::sha256;
use crate::http::Client;
use xtask::error::Result;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIGURATION: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Pushes an image without a tag; its layers are bytes of these seeds and lengths. Returns its descriptor.
pub(crate) fn image(client: &Client, repository: &str, layers: &[(&str, usize)]) -> Result<Value> {
    let mut descriptors = Vec::new();
    for (seed, length) in layers {
        descriptors.push(blob(client, repository, LAYER, &bytes_of(seed, *length))?);
    }
    let digests: Vec<&Value> = descriptors.iter().map(|layer| &layer["digest"]).collect();
    let configuration = json!({
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": digests},
    });
    let configuration = configuration.to_string();
    let configuration = blob(client, repository, CONFIGURATION, configuration.as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": configuration,
        "layers": descriptors,
    });
    put(client, repository, IMAGE, &manifest)
}

/// Pushes an index of images that are there, without a tag. Returns its descriptor.
pub(crate) fn index(client: &Client, repository: &str, images: &[Value]) -> Result<Value> {
    let manifest = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images});
    put(client, repository, INDEX, &manifest)
}

fn put(client: &Client, repository: &str, media_type: &str, manifest: &Value) -> Result<Value> {
    let text = manifest.to_string();
    let digest = sha256(text.as_bytes());
    let path = format!("/v2/{repository}/manifests/{digest}");
    client
        .put(&path, media_type, text.as_bytes(), length(text.as_bytes()))?
        .expect(201)?;
    Ok(json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
}

fn blob(client: &Client, repository: &str, media_type: &str, bytes: &[u8]) -> Result<Value> {
    let digest = sha256(bytes);
    upload(client, repository, &digest, bytes, length(bytes))?;
    Ok(json!({"mediaType": media_type, "digest": digest, "size": bytes.len()}))
}

/// Uploads a blob in one piece.
pub(crate) fn upload(
    client: &Client,
    repository: &str,
    digest: &str,
    body: impl Read,
    length: u64,
) -> Result<()> {
    let session = client
        .post(&format!("/v2/{repository}/blobs/uploads/"))?
        .expect(202)?;
    let location = session.header("Location").unwrap_or_default();
    let path = location
        .find("/v2/")
        .and_then(|at| location.get(at..))
        .unwrap_or(location);
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}digest={digest}");
    client
        .put(&path, "application/octet-stream", body, length)?
        .expect(201)
        .map(drop)
}

/// Bytes that no compressor makes smaller and that differ for each seed.
pub(crate) fn bytes_of(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut block = Sha256::digest(seed);
    while bytes.len() < length {
        bytes.extend_from_slice(&block);
        block = Sha256::digest(block);
    }
    bytes.truncate(length);
    bytes
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}
