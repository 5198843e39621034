//! Why an image can't be added to promoter manifests.

use promo_core::Code;
use promo_core::oci::{Digest, Tag};

use super::codes;
use crate::ending::Ending;

/// Why an image can't be added to the promoter manifests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlacementError {
    /// `PROMO-X033`: no manifest has its registry as source.
    #[error("no promoter manifest has a source registry that `{repository}` is in")]
    Nowhere {
        /// The repository of the image.
        repository: String,
    },
    /// `PROMO-X033`: several manifests do.
    #[error("`{repository}` could go into each of {}", files.join(", "))]
    Several {
        /// The repository of the image.
        repository: String,
        /// Their files of images.
        files: Vec<String>,
    },
    /// `PROMO-X034`: a tag can have one digest only, and has another one.
    #[error("the tag `{tag}` of `{name}` belongs to {digest} already, at {place}")]
    TagTaken {
        /// The tag.
        tag: Tag,
        /// The name of the image.
        name: String,
        /// What has it.
        digest: Digest,
        /// Where that stands: file, line and column.
        place: String,
    },
}

impl PlacementError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Nowhere { .. } | Self::Several { .. } => codes::NOWHERE_TO_ADD,
            Self::TagTaken { .. } => codes::TAG_TAKEN,
        }
    }

    /// What it means for the whole.
    pub fn ending(&self) -> Ending {
        match self {
            Self::TagTaken { .. } => Ending::Refused,
            _ => Ending::Usage,
        }
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::TagTaken { .. } => "give it another tag, or remove that one first",
            _ => "an image is added to the manifest whose registry with `src: true` it is in",
        };
        vec![hint.to_owned()]
    }
}

impl From<PlacementError> for super::Error {
    fn from(error: PlacementError) -> Self {
        Self::Placement(Box::new(error))
    }
}
