//! Indexes and manifest lists: of platforms, nested, with children that are missing, and very large ones.

use std::collections::BTreeMap;

use serde::Serialize;

use super::built::BuiltImage;
use super::descriptor::Descriptor;
use super::{json_bytes, media_type};
use crate::digest::{self, Algorithm};

/// Builds an index.
///
/// ```
/// use promo_testkit::image::{ImageBuilder, IndexBuilder, Layer};
///
/// let image = |arch| ImageBuilder::new().platform("linux", arch).layer(Layer::file("arch", arch)).build();
/// let index = IndexBuilder::new().image(image("amd64")).image(image("arm64")).build();
/// assert_eq!(index.children().len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct IndexBuilder {
    is_docker: bool,
    algorithm: Algorithm,
    artifact_type: Option<String>,
    descriptors: Vec<Descriptor>,
    children: Vec<BuiltImage>,
    annotations: BTreeMap<String, String>,
    subject: Option<Descriptor>,
}

impl IndexBuilder {
    /// An OCI index without children.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an image, an artifact or another index as its next child.
    #[must_use]
    pub fn image(mut self, child: BuiltImage) -> Self {
        self.descriptors.push(child.descriptor());
        self.children.push(child);
        self
    }

    /// With a descriptor as its next child that nothing stands behind.
    #[must_use]
    pub fn descriptor(mut self, descriptor: Descriptor) -> Self {
        self.descriptors.push(descriptor);
        self
    }

    /// With a child that does not exist anywhere.
    #[must_use]
    pub fn missing_child(self, seed: u64) -> Self {
        self.descriptor(missing(seed))
    }

    /// With this many children that do not exist anywhere.
    #[must_use]
    pub fn missing_children(mut self, count: u64) -> Self {
        self.descriptors.extend((0..count).map(missing));
        self
    }

    /// With an annotation; Docker's format has none.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With an artifact type.
    #[must_use]
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// About another manifest, whether or not that exists.
    #[must_use]
    pub fn subject(mut self, subject: Descriptor) -> Self {
        self.subject = Some(subject);
        self
    }

    /// As a Docker manifest list.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.is_docker = true;
        self
    }

    /// With a digest of this algorithm for the index itself.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Builds it.
    pub fn build(&self) -> BuiltImage {
        let media_type = if self.is_docker {
            media_type::DOCKER_LIST
        } else {
            media_type::OCI_INDEX
        };
        let manifest = json_bytes(&Index {
            schema_version: 2,
            media_type,
            artifact_type: self.artifact_type.as_deref(),
            manifests: &self.descriptors,
            subject: self.subject.as_ref(),
            annotations: (!self.is_docker)
                .then_some(&self.annotations)
                .filter(|all| !all.is_empty()),
        });
        BuiltImage {
            artifact_type: self.artifact_type.clone(),
            children: self.children.clone(),
            ..BuiltImage::new(media_type, manifest, self.algorithm)
        }
    }
}

fn missing(seed: u64) -> Descriptor {
    let digest = digest::sha256(&seed.to_le_bytes());
    Descriptor::new(media_type::OCI_MANIFEST, &digest, 500).platform("linux", "amd64")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    manifests: &'a [Descriptor],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
}
