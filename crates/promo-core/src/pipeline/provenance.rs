//! Provenance: verifies where images were built. In this version there is one policy, `off`, and the
//! report says that provenance was not asked for.

use super::ProvenancePolicy;
use super::flow::{Flow, Item, PhaseStatus};
use super::validate::Validated;
use crate::plan::ImageWork;
use crate::ports::Phase;

/// Images whose provenance is as the policy asks.
#[derive(Debug)]
pub struct ProvenanceVerified {
    pub(super) flow: Flow,
    pub(super) passed: Vec<ProvenanceVerifiedImage>,
}

/// Proof that the provenance of one image is as the policy asks. Only this phase makes it.
#[derive(Debug)]
pub struct ProvenanceVerifiedImage {
    pub(super) work: ImageWork,
}

impl ProvenanceVerified {
    pub(super) fn verify(mut flow: Flow, work: Vec<ImageWork>) -> Self {
        let (passed, status): (Vec<_>, _) = match flow.run.settings.provenance {
            ProvenancePolicy::Off => (
                work.into_iter()
                    .map(|work| ProvenanceVerifiedImage { work })
                    .collect(),
                PhaseStatus::NotAskedFor,
            ),
        };
        flow.end(Phase::Provenance, status, passed.len(), 0);
        Self { flow, passed }
    }

    /// The images that passed.
    pub fn passed(&self) -> &[ProvenanceVerifiedImage] {
        &self.passed
    }

    /// Judges the signatures that the images have in staging.
    pub async fn validate(self) -> Validated {
        Validated::validate(self).await
    }
}

impl Item for ProvenanceVerifiedImage {
    fn works(&self) -> Vec<ImageWork> {
        vec![self.work.clone()]
    }
}

impl ProvenanceVerifiedImage {
    /// What is to be done with it.
    pub fn work(&self) -> &ImageWork {
        &self.work
    }
}
