//! The `Gate` port: refusals from outside, of images, by what was found out about them and before any byte of them goes to
//! production. A gate can't let pass what promo refuses. Edges are refused by a `PlanCheck`, when they are planned.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{AcceptedEvidence, Failure};
use crate::identity::Identity;
use crate::oci::{Digest, Repository, Tag};

/// Why a check or a gate refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// A sentence without a period. It says nothing that differs between the destinations of one digest, so that it can be
    /// said once for all of them.
    pub reason: String,
    /// What to do, one sentence each. Those of a check are not kept: a plan tells reasons only.
    pub hints: Vec<String>,
}

impl Objection {
    /// For this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            hints: Vec::new(),
        }
    }
}

/// An image before a gate, with what was found out about it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GatedImage<'a> {
    /// Where it comes from.
    pub source: &'a Repository,
    /// Its digest.
    pub digest: Digest,
    /// Its public name.
    pub identity: &'a Identity,
    /// Where it is to go, and under which tags; ordered, a repository without tags takes it by digest.
    pub destinations: &'a [GatedDestination<'a>],
    /// Its evidence in staging that was accepted and goes with it: verified by an accepted key, and about this image. Nothing
    /// if settings don't ask for signatures in staging.
    pub evidence: &'a [AcceptedEvidence],
}

/// Where an image before a gate is to go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GatedDestination<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The tags that it is to get there, ordered.
    pub tags: Vec<&'a Tag>,
}

/// Decides whether an image may go to production. It is asked in validate, of dry runs, too, once for each image.
#[async_trait]
pub trait Gate: Debug + Send + Sync {
    /// The objection to an image, if there is one: all its edges are blocked then (`PROMO-C060`).
    ///
    /// # Errors
    ///
    /// What kept the gate from deciding: the image is blocked, too, with the failure's code.
    async fn judge(&self, image: &GatedImage<'_>) -> Result<Option<Objection>, Failure>;
}
