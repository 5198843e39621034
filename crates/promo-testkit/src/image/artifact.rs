//! Artifacts: an image manifest with an artifact type, the empty config, and any layers.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::built::{BuiltBlob, BuiltImage};
use super::descriptor::Descriptor;
use super::single::ImageManifest;
use super::{json_bytes, media_type};
use crate::digest::Algorithm;

/// Builds an artifact as OCI 1.1 describes it.
#[derive(Clone, Debug)]
pub struct ArtifactBuilder {
    artifact_type: String,
    algorithm: Algorithm,
    layers: Vec<(String, Bytes)>,
    annotations: BTreeMap<String, String>,
    subject: Option<Descriptor>,
}

impl ArtifactBuilder {
    /// An artifact of this type; without a layer it gets the empty one.
    pub fn new(artifact_type: &str) -> Self {
        Self {
            artifact_type: artifact_type.to_owned(),
            algorithm: Algorithm::Sha256,
            layers: Vec::new(),
            annotations: BTreeMap::new(),
            subject: None,
        }
    }

    /// With one more layer.
    #[must_use]
    pub fn layer(mut self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.layers.push((media_type.to_owned(), bytes.into()));
        self
    }

    /// With an annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// About another manifest, whether or not that exists.
    #[must_use]
    pub fn subject(mut self, subject: Descriptor) -> Self {
        self.subject = Some(Descriptor {
            platform: None,
            artifact_type: None,
            ..subject
        });
        self
    }

    /// With digests of this algorithm.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Builds it.
    pub fn build(&self) -> BuiltImage {
        let blob = |media_type: &str, bytes: &Bytes| {
            BuiltBlob::new(self.algorithm.digest(bytes), media_type, bytes.clone())
        };
        let config = blob(media_type::OCI_EMPTY, &Bytes::from_static(b"{}"));
        let mut layers: Vec<BuiltBlob> = self
            .layers
            .iter()
            .map(|(media_type, bytes)| blob(media_type, bytes))
            .collect();
        if layers.is_empty() {
            layers.push(config.clone());
        }
        let manifest = json_bytes(&ImageManifest {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST,
            artifact_type: Some(&self.artifact_type),
            config: config.descriptor(),
            layers: layers.iter().map(BuiltBlob::descriptor).collect(),
            subject: self.subject.clone(),
            annotations: self.annotations.clone(),
        });
        BuiltImage {
            artifact_type: Some(self.artifact_type.clone()),
            blobs: std::iter::once(config).chain(layers).collect(),
            ..BuiltImage::new(media_type::OCI_MANIFEST, manifest, self.algorithm)
        }
    }
}
