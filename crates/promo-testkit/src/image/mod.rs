//! Builders of real images: layers that are tar archives, configs with their diff ids, indexes, artifacts.
//!
//! The same calls give the same bytes and digests, in each run and on each machine. [`BuiltImage`] is the result of
//! them all; it knows its blobs and children and can put itself into a registry's state.

mod artifact;
mod built;
mod descriptor;
mod index;
mod layer;
mod legacy;
mod single;

pub use self::artifact::ArtifactBuilder;
pub use self::built::{BuiltBlob, BuiltImage};
pub use self::descriptor::{Descriptor, Platform};
pub use self::index::IndexBuilder;
pub use self::layer::Layer;
pub use self::legacy::schema1;
pub use self::single::ImageBuilder;

/// Media types of manifests, configs and layers.
pub mod media_type {
    /// An OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// The config of an OCI image.
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// The config `{}` of an OCI artifact.
    pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// An OCI layer, a tar archive.
    pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
    /// An OCI layer that registries need not have.
    pub const OCI_LAYER_NONDISTRIBUTABLE: &str =
        "application/vnd.oci.image.layer.nondistributable.v1.tar";
    /// A Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// A Docker manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// The config of a Docker image.
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    /// A Docker layer, a tar archive.
    pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
    /// A Docker layer that registries need not have.
    pub const DOCKER_LAYER_FOREIGN: &str =
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    /// A Docker image manifest, schema 1, signed.
    pub const DOCKER_SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

/// The bytes of a JSON document whose members are in the order of the type.
fn json_bytes<T: serde::Serialize>(value: &T) -> bytes::Bytes {
    // Writing our own plain structures to memory can't fail; an empty document would fail each test at once.
    bytes::Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}
