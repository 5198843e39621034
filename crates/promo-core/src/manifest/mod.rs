//! Promoter manifests: the YAML that people write, as checked types.
//!
//! First stage of the flow: files → `ManifestSet`. What stands in a [`ManifestSet`] is well formed;
//! entries that are not were left out and are among its findings. Comparing with registries is the
//! plan's work.

mod finding;
mod model;

pub use finding::{Finding, Severity};
pub use model::{
    DigestEntry, FilePath, ImageEntry, ManifestSet, Position, PromoterManifest, TagEntry,
};
