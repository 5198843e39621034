//! The vocabulary of OCI registries as checked types: digests, repositories, tags, references,
//! descriptors and raw manifests.
//!
//! Every other module speaks in these. A value of one of these types is known to be well formed:
//! it can be put into a URL or a report as it is. Nothing here talks to a registry.

mod descriptor;
mod digest;
mod index;
mod media_type;
mod reference;
mod repository;
mod tag;

pub use descriptor::Descriptor;
pub use digest::{Digest, DigestAlgorithm, DigestError, Digester};
pub use index::IndexChildren;
pub use media_type::MediaType;
pub use reference::{ImageReference, ImageReferenceError, ManifestReference, RawManifest};
pub use repository::{RegistryHost, RegistryPath, Repository, RepositoryError};
pub use tag::{Tag, TagError};

#[cfg(test)]
mod tests;
