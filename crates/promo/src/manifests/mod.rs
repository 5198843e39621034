//! What is done with files of promoter manifests besides planning them: checked, formatted, added to.

mod add;
mod check;
mod format;
mod place;
mod sarif;

pub use add::Added;
pub use check::{Checked, check, path_of};
pub use format::{Formatted, format_files, format_tree};
pub use place::PlacementError;
