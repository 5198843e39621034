//! Docker's schema 1, which some old images still have.

use serde_json::json;

use super::built::{BuiltBlob, BuiltImage};
use super::layer::Layer;
use super::{json_bytes, media_type};
use crate::digest::Algorithm;

/// A schema 1 manifest over these layers, with the shape of a signed one. Nobody could verify its signature.
///
/// Its digest is that of its bytes; registries of old took that of the signed payload, which nothing here needs.
pub fn schema1(name: &str, tag: &str, layers: &[Layer]) -> BuiltImage {
    let blobs: Vec<BuiltBlob> = layers
        .iter()
        .map(|layer| {
            BuiltBlob::new(
                layer.digest(Algorithm::Sha256),
                media_type::DOCKER_LAYER,
                layer.bytes.clone(),
            )
        })
        .collect();
    let manifest = json!({
        "architecture": "amd64",
        "fsLayers": blobs.iter().map(|blob| json!({ "blobSum": blob.digest })).collect::<Vec<_>>(),
        "history": blobs.iter().map(|_| json!({ "v1Compatibility": "{}" })).collect::<Vec<_>>(),
        "name": name,
        "schemaVersion": 1,
        "signatures": [{ "header": { "alg": "ES256" }, "protected": "e30", "signature": "AA" }],
        "tag": tag,
    });
    BuiltImage {
        blobs,
        ..BuiltImage::new(
            media_type::DOCKER_SCHEMA1,
            json_bytes(&manifest),
            Algorithm::Sha256,
        )
    }
}
