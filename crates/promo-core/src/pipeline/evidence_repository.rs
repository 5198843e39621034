//! A repository that shall hold evidence about an image, and the image that it is about: work in progress from sign to
//! publish. What stands there is known to `shared_evidence`; what is looked for, made and attached stands in `standing` and
//! `placing`.

use super::outcome::Blocked;
use crate::identity::Identity;
use crate::oci::{Descriptor, RawManifest, Repository};
use crate::ports::Evidence;

/// The image that evidence is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) identity: &'a Identity,
    pub(super) descriptor: &'a Descriptor,
    /// Its manifest, if it isn't in the registries yet: it is put first where that is asked for.
    pub(super) manifest: Option<&'a RawManifest>,
}

/// A repository that shall hold evidence.
#[derive(Debug)]
pub(super) struct EvidenceRepository {
    pub(super) name: Repository,
    /// Why the evidence does not stand here.
    pub(super) blocked: Option<Blocked>,
    /// Whether the manifest had to be put before its evidence.
    pub(super) manifest_first: bool,
    /// What is claimed to stand here, and is looked at again before anything is published.
    pub(super) claims: Vec<Claim>,
}

/// A piece of evidence that was found or attached, and what it is about: the image, or a child of it.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) subject: Descriptor,
    pub(super) evidence: Evidence,
}

impl EvidenceRepository {
    pub(super) fn new(name: Repository) -> Self {
        Self {
            name,
            blocked: None,
            manifest_first: false,
            claims: Vec::new(),
        }
    }

    /// Records that these pieces about `subject` stand, unless the repository was blocked.
    pub(super) fn claim(
        &mut self,
        subject: &Descriptor,
        evidence: impl IntoIterator<Item = Evidence>,
    ) {
        if self.blocked.is_none() {
            self.claims
                .extend(evidence.into_iter().map(|evidence| Claim {
                    subject: subject.clone(),
                    evidence,
                }));
        }
    }
}
