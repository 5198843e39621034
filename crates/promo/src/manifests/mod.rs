//! What is done with files of promoter manifests besides planning them: checked, formatted, and where an image is added.

mod check;
mod format;
pub(crate) mod owning_manifest;
mod sarif;

pub use check::{Checked, check, path_of};
pub use format::{Formatted, format_files, format_tree};
