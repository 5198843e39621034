//! The `PlanCheck` and `Gate` ports: refusals from outside. A check looks at edges when they are planned, a gate at an image
//! with what was proven about it, before any byte of it goes to production. Neither can let pass what promo refuses.

use std::fmt::Debug;

use async_trait::async_trait;

use super::{AcceptedEvidence, Failure};
use crate::identity::Identity;
use crate::oci::{Digest, Repository};
use crate::plan::{DestinationWork, PlannedEdge};

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

/// Looks at edges that would be promoted. It is pure: the same edge gets the same answer, and nothing is sent.
///
/// Its objection makes the edge `refused` (`PROMO-P016`), in plans, dry runs and confirmed runs. One that panics objects.
pub trait PlanCheck: Debug + Send + Sync {
    /// The objection to an edge, if there is one.
    fn check(&self, edge: &PlannedEdge<'_>) -> Option<Objection>;
}

/// An image before a gate, with what was proven about it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GatedImage<'a> {
    /// Where it comes from.
    pub source: &'a Repository,
    /// Its digest.
    pub digest: Digest,
    /// Its public name.
    pub identity: &'a Identity,
    /// Where it is to go, ordered.
    pub destinations: &'a [DestinationWork],
    /// Its evidence in staging that was accepted and goes with it: verified by an accepted key, and about this image. Nothing
    /// if settings don't ask for signatures in staging.
    pub evidence: &'a [AcceptedEvidence],
}

/// Decides whether an image may go to production. It is asked in validate, of dry runs, too, once for each image.
#[async_trait]
pub trait Gate: Debug + Send + Sync {
    /// The objection to an image, if there is one: all its edges are left then (`PROMO-C060`).
    ///
    /// # Errors
    ///
    /// What kept the gate from deciding: the image is left, too, with the failure's code.
    async fn judge(&self, image: &GatedImage<'_>) -> Result<Option<Objection>, Failure>;
}
