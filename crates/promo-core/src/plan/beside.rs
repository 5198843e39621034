//! What staging has beside the images of a plan, as far as somebody looked: artifacts that refer to them (SBOMs, say), and
//! the tags that cosign puts beside them.
//!
//! It is looked at elsewhere (`pipeline::look_beside`, and by a run's validate); this is what is said of it.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::oci::{Digest, Repository, Tag};

/// Something that staging has beside an image, or that belongs to the image and stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Beside {
    /// Where it is.
    pub source: Repository,
    /// The image, or the child of an index that it is beside.
    pub image: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// Its tag, if it is found by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// What it is: the type of an artifact, or the media type of a layer; as the registry says it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of something beside an image. In a plan and a dry run: what would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Becomes {
    /// It is copied as it is, because the settings name its type.
    Carried,
    /// It is a signature or attestation: it is judged, and carried if it is accepted.
    Judged,
    /// It stays where it is.
    LeftBehind,
}

impl Plan {
    /// The plan with what staging has beside its images, which it keeps in order.
    #[must_use]
    pub fn with_beside(mut self, mut beside: Vec<Beside>) -> Self {
        beside.sort_unstable();
        beside.dedup();
        self.beside = Some(beside);
        self
    }

    /// What staging has beside the images that are to be promoted, ordered; none if nobody looked.
    pub fn beside(&self) -> Option<&[Beside]> {
        self.beside.as_deref()
    }
}
