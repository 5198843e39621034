//! Images of one platform, in OCI's and in Docker's format.

use std::collections::BTreeMap;

use serde::Serialize;

use super::built::{BuiltBlob, BuiltImage};
use super::descriptor::{Descriptor, Platform};
use super::layer::Layer;
use super::{json_bytes, media_type};
use crate::digest::{self, Algorithm};

/// Builds an image of one platform.
///
/// ```
/// use promo_testkit::image::{ImageBuilder, Layer};
///
/// let image = ImageBuilder::new().platform("linux", "arm64").layer(Layer::file("hello", "world")).build();
/// assert_eq!(image.blobs().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    format: Format,
    algorithm: Algorithm,
    platform: Platform,
    layers: Vec<Layer>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    subject: Option<Descriptor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Oci,
    Docker,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// An OCI image for linux/amd64 without layers.
    pub fn new() -> Self {
        Self {
            format: Format::Oci,
            algorithm: Algorithm::Sha256,
            platform: Platform {
                architecture: "amd64".to_owned(),
                os: "linux".to_owned(),
            },
            layers: Vec::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            subject: None,
        }
    }

    /// An image with one opaque layer: small, real, and different for each seed.
    pub fn seeded(seed: u64) -> Self {
        Self::new().layer(Layer::opaque(seed, 1024))
    }

    /// For this platform.
    #[must_use]
    pub fn platform(mut self, os: &str, architecture: &str) -> Self {
        self.platform = Platform {
            architecture: architecture.to_owned(),
            os: os.to_owned(),
        };
        self
    }

    /// With one more layer.
    #[must_use]
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// With a label in its config.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With an annotation in its manifest; Docker's format has none.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// About another manifest, whether or not that exists.
    #[must_use]
    pub fn subject(mut self, subject: Descriptor) -> Self {
        self.subject = Some(subject);
        self
    }

    /// In Docker's format, schema 2.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.format = Format::Docker;
        self
    }

    /// With digests of this algorithm everywhere but in the diff ids.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Builds it.
    pub fn build(&self) -> BuiltImage {
        let config = self.config();
        let layers: Vec<(BuiltBlob, Descriptor)> = self
            .layers
            .iter()
            .map(|layer| self.layer_blob(layer))
            .collect();
        let is_oci = self.format == Format::Oci;
        let media_type = if is_oci {
            media_type::OCI_MANIFEST
        } else {
            media_type::DOCKER_MANIFEST
        };
        let manifest = json_bytes(&ImageManifest {
            schema_version: 2,
            media_type,
            artifact_type: None,
            config: config.descriptor(),
            layers: layers
                .iter()
                .map(|(_, descriptor)| descriptor.clone())
                .collect(),
            subject: self.subject.clone(),
            annotations: if is_oci {
                self.annotations.clone()
            } else {
                BTreeMap::new()
            },
        });
        let blobs = layers.into_iter().map(|(blob, _)| blob);
        BuiltImage {
            platform: Some(self.platform.clone()),
            blobs: std::iter::once(config).chain(blobs).collect(),
            ..BuiltImage::new(media_type, manifest, self.algorithm)
        }
    }

    fn config(&self) -> BuiltBlob {
        let media_type = match self.format {
            Format::Oci => media_type::OCI_CONFIG,
            Format::Docker => media_type::DOCKER_CONFIG,
        };
        let bytes = json_bytes(&ImageConfig {
            architecture: &self.platform.architecture,
            os: &self.platform.os,
            created: "2024-01-01T00:00:00Z",
            config: RunConfig {
                labels: &self.labels,
            },
            rootfs: RootFs {
                kind: "layers",
                diff_ids: self
                    .layers
                    .iter()
                    .map(|layer| digest::sha256(&layer.bytes))
                    .collect(),
            },
            history: vec![
                History {
                    created_by: "promo-testkit"
                };
                self.layers.len()
            ],
        });
        BuiltBlob::new(self.algorithm.digest(&bytes), media_type, bytes)
    }

    fn layer_blob(&self, layer: &Layer) -> (BuiltBlob, Descriptor) {
        let usual = match (self.format, layer.is_foreign()) {
            (Format::Oci, false) => media_type::OCI_LAYER,
            (Format::Oci, true) => media_type::OCI_LAYER_NONDISTRIBUTABLE,
            (Format::Docker, false) => media_type::DOCKER_LAYER,
            (Format::Docker, true) => media_type::DOCKER_LAYER_FOREIGN,
        };
        let media_type = layer.media_type.as_deref().unwrap_or(usual);
        let blob = BuiltBlob {
            is_distributable: !layer.is_foreign(),
            ..BuiltBlob::new(
                layer.digest(self.algorithm),
                media_type,
                layer.bytes.clone(),
            )
        };
        let descriptor = Descriptor {
            urls: layer.urls.clone(),
            ..blob.descriptor()
        };
        (blob, descriptor)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageManifest<'a> {
    pub(super) schema_version: u8,
    pub(super) media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<&'a str>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ImageConfig<'a> {
    architecture: &'a str,
    os: &'a str,
    created: &'a str,
    config: RunConfig<'a>,
    rootfs: RootFs<'a>,
    history: Vec<History<'a>>,
}

#[derive(Serialize)]
struct RunConfig<'a> {
    #[serde(rename = "Labels", skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RootFs<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    diff_ids: Vec<String>,
}

#[derive(Clone, Serialize)]
struct History<'a> {
    created_by: &'a str,
}
