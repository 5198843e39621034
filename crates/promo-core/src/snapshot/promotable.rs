//! What of a snapshot can stand in a promoter manifest, and what can't: a tree that begins with what a registry holds must be
//! one that loads.
//!
//! Left out is what belongs to signers (tags of evidence, and digests that have no other) and what has no tag: children of
//! indexes, signatures, what was replaced. Who wants a digest without a tag adds it by name.

use std::collections::BTreeSet;
use std::fmt;

use super::Snapshot;
use crate::oci::{RegistryPath, Tag};

/// What of one name was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The name, relative to the registry.
    pub name: String,
    /// What.
    pub what: LeftOutKind,
}

/// What can't stand in a promoter manifest, or isn't meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutKind {
    /// Tags of signatures, attestations, SBOMs and lists of referrers: so many.
    EvidenceTags(usize),
    /// Digests without a tag: so many.
    Untagged(usize),
    /// All of it: images can't have this name.
    Name(String),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let s = |count: usize| if count == 1 { "" } else { "s" };
        match &self.what {
            LeftOutKind::EvidenceTags(count) => {
                write!(
                    f,
                    "{name}: {count} tag{} of evidence (`sha256-…`), which is made anew where images go",
                    s(*count)
                )
            }
            LeftOutKind::Untagged(count) => write!(
                f,
                "{name}: {count} digest{} without a tag, such as parts of an index and signatures",
                s(*count)
            ),
            LeftOutKind::Name(why) => write!(f, "{name}: {why}"),
        }
    }
}

impl Snapshot {
    /// The part that can stand in a promoter manifest, with what was left out, ordered by name.
    #[must_use]
    pub fn promotable(mut self) -> (Self, Vec<LeftOut>) {
        let mut left_out = Vec::new();
        self.images.retain(|name, image| {
            let mut note = |what| {
                left_out.push(LeftOut {
                    name: name.to_string(),
                    what,
                });
            };
            if let Err(error) = RegistryPath::check_image_name(name) {
                note(LeftOutKind::Name(error.to_string()));
                return false;
            }
            let (mut evidence, mut untagged) = (0, 0);
            image.digests.retain(|_, tags: &mut BTreeSet<Tag>| {
                let before = tags.len();
                tags.retain(|tag| !tag.is_evidence());
                evidence += before - tags.len();
                untagged += usize::from(before == 0);
                !tags.is_empty()
            });
            if evidence > 0 {
                note(LeftOutKind::EvidenceTags(evidence));
            }
            if untagged > 0 {
                note(LeftOutKind::Untagged(untagged));
            }
            !image.digests.is_empty()
        });
        self.whole = false;
        (self, left_out)
    }
}
