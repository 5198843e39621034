//! Media types: what a manifest or blob says it is. Kept as text; the known ones have names.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A media type, as it stood in a header or a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(Arc<str>);

impl MediaType {
    /// OCI image manifest.
    pub const OCI_MANIFEST: &'static str = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image index.
    pub const OCI_INDEX: &'static str = "application/vnd.oci.image.index.v1+json";
    /// Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &'static str =
        "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker manifest list.
    pub const DOCKER_LIST: &'static str =
        "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker image manifest, schema 1, signed.
    pub const DOCKER_SCHEMA1_SIGNED: &'static str =
        "application/vnd.docker.distribution.manifest.v1+prettyjws";
    /// Docker image manifest, schema 1.
    pub const DOCKER_SCHEMA1: &'static str = "application/vnd.docker.distribution.manifest.v1+json";
    /// The empty JSON object, `{}`.
    pub const OCI_EMPTY: &'static str = "application/vnd.oci.empty.v1+json";
    /// OCI image configuration.
    pub const OCI_CONFIG: &'static str = "application/vnd.oci.image.config.v1+json";
    /// A sigstore bundle, version 0.3.
    pub const SIGSTORE_BUNDLE: &'static str = "application/vnd.dev.sigstore.bundle.v0.3+json";
    /// A signature payload as cosign writes it.
    pub const SIMPLE_SIGNING: &'static str = "application/vnd.dev.cosign.simplesigning.v1+json";
    /// A DSSE envelope.
    pub const DSSE_ENVELOPE: &'static str = "application/vnd.dsse.envelope.v1+json";

    /// All manifest types that promo asks a registry for, in the order of preference.
    pub const MANIFESTS: [&'static str; 6] = [
        Self::OCI_INDEX,
        Self::OCI_MANIFEST,
        Self::DOCKER_LIST,
        Self::DOCKER_MANIFEST,
        Self::DOCKER_SCHEMA1_SIGNED,
        Self::DOCKER_SCHEMA1,
    ];

    /// A media type from text; parameters behind `;` and surrounding white space are dropped.
    pub fn new(text: &str) -> Self {
        Self(text.split(';').next().unwrap_or_default().trim().into())
    }

    /// The media type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an index: a manifest that lists other manifests.
    pub fn is_index(&self) -> bool {
        matches!(self.as_str(), Self::OCI_INDEX | Self::DOCKER_LIST)
    }

    /// Whether it is an image manifest with a config and layers.
    pub fn is_image(&self) -> bool {
        matches!(self.as_str(), Self::OCI_MANIFEST | Self::DOCKER_MANIFEST)
    }

    /// Whether it is a manifest of Docker's schema 1, which lists blobs in a way of its own.
    pub fn is_schema1(&self) -> bool {
        matches!(
            self.as_str(),
            Self::DOCKER_SCHEMA1 | Self::DOCKER_SCHEMA1_SIGNED
        )
    }

    /// Whether a layer of this type may have to stay where it is: non-distributable (OCI) or foreign
    /// (Docker) layers are not copied if they can be had elsewhere.
    pub fn is_non_distributable(&self) -> bool {
        self.as_str()
            .starts_with("application/vnd.oci.image.layer.nondistributable.")
            || self
                .as_str()
                .starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar")
    }
}

impl Default for MediaType {
    /// The empty one, of what isn't said.
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
