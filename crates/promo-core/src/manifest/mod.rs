//! Promoter manifests: the YAML that people write, as checked types.
//!
//! First stage of the flow: files → `ManifestSet`. What stands in a [`ManifestSet`] is well formed;
//! entries that are not were left out and are among its findings. Comparing with registries is the
//! plan's work.

mod document;
mod edit;
mod events;
mod finding;
mod format;
mod images;
mod kinds;
mod lint;
mod load;
mod model;
mod path_match;
mod provenance;
mod registries;
mod relaxed;
mod text;
mod thin;
mod tree_files;
mod yaml;

pub use edit::{Addition, EditError, add};
pub use finding::{Finding, Severity};
pub use format::format;
pub use kinds::{FINDING_KINDS, FindingKind};
pub use load::LoadError;
pub(crate) use load::parse_image_list;
pub use model::{
    DigestEntry, FilePath, ImageEntry, ManifestSet, ManifestSummary, Position, PromoterManifest,
    TagEntry,
};
pub use provenance::{
    Builder, Caller, Level, Provenance, ProvenanceMode, ProvenancePolicy, Signer,
};
pub use tree_files::TreeFiles;

#[cfg(test)]
mod tests;
