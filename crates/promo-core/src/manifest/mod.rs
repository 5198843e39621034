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
mod load_error;
mod model;
mod parse;
mod path_match;
mod position;
mod provenance;
mod provenance_section;
mod registries;
mod relaxed;
mod severity;
mod text;
mod thin;
mod tree_files;
mod yaml;

pub use edit::{Addition, EditError, add};
pub use finding::Finding;
pub use format::format;
pub use kinds::{FINDING_KINDS, FindingKind};
pub(crate) use load::parse_image_list;
pub use load_error::LoadError;
pub use model::{
    DigestEntry, ImageEntry, ManifestSet, ManifestSummary, PromoterManifest, TagEntry,
};
pub use position::{FilePath, Position};
pub use provenance::{
    Builder, Caller, Level, Provenance, ProvenanceMode, ProvenancePolicy, Signer,
};
pub use severity::Severity;
pub use tree_files::TreeFiles;

#[cfg(test)]
mod tests;
