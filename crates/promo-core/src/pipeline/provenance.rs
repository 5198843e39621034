//! Provenance: verifies where images were built. In this version nothing can be verified, so images whose promoter
//! manifest requires provenance are refused; where none does, the report says that provenance was not asked for.

use super::ended::PhaseStatus;
use super::flow::{Flow, Item};
use super::intent::Intent;
use super::outcome::{self, Blocked, BlockedClass};
use super::planned::Planned;
use super::{ProvenancePolicy, codes};
use crate::plan::{ImageWork, ProvenanceDemand};
use crate::ports::Phase;

/// Images whose provenance is as the policy asks.
#[derive(Debug)]
pub struct ProvenanceVerified<I> {
    flow: Flow,
    passed: Vec<ProvenanceVerifiedImage>,
    intent: I,
}

/// Proof that the provenance of one image is as the policy asks. Only this phase makes it.
#[derive(Debug)]
pub struct ProvenanceVerifiedImage {
    work: ImageWork,
}

impl<I: Intent> Planned<I> {
    /// Verifies where the images come from.
    pub fn verify_provenance(self) -> ProvenanceVerified<I> {
        let (mut flow, work, intent) = self.into_parts();
        let ProvenancePolicy::Off = flow.run.settings.provenance;
        let is_asked = work
            .iter()
            .any(|image| image.provenance > ProvenanceDemand::None);
        let status = if is_asked {
            flow.begin(Phase::Provenance, work.len());
            PhaseStatus::Done
        } else {
            PhaseStatus::NotAskedFor
        };
        let mut passed = Vec::with_capacity(work.len());
        let mut refused = 0;
        for work in work {
            let blocked = unmet(work.provenance);
            if is_asked {
                let name = format!("{}@{}", work.source, work.digest);
                let code = blocked.as_ref().map(|blocked| blocked.code);
                flow.run.item_done(Phase::Provenance, name, code);
            }
            match blocked {
                None => passed.push(ProvenanceVerifiedImage { work }),
                Some(blocked) => {
                    refused += 1;
                    flow.outcomes.extend(outcome::of_image(&work, &blocked));
                }
            }
        }
        flow.end(Phase::Provenance, status, passed.len(), refused);
        ProvenanceVerified {
            flow,
            passed,
            intent,
        }
    }
}

impl<I: Intent> ProvenanceVerified<I> {
    /// The images that passed.
    pub fn passed(&self) -> &[ProvenanceVerifiedImage] {
        &self.passed
    }

    /// What the next phase works on.
    pub(super) fn into_parts(self) -> (Flow, Vec<ProvenanceVerifiedImage>, I) {
        (self.flow, self.passed, self.intent)
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

    /// The work, for the next phase.
    pub(super) fn into_work(self) -> ImageWork {
        self.work
    }
}

/// Why an image can't pass: nothing is verified yet, so whatever is required is unmet.
fn unmet(demand: ProvenanceDemand) -> Option<Blocked> {
    let (code, message, hint) = match demand {
        ProvenanceDemand::None => return None,
        ProvenanceDemand::Required => (
            codes::PROVENANCE_REQUIRED,
            "the promoter manifest requires provenance, which can't be verified yet",
            "with `mode: warn` in the `provenance` section of the promoter manifest the image is promoted unverified",
        ),
        ProvenanceDemand::Unusable => (
            codes::PROVENANCE_UNUSABLE,
            "the `provenance` section of the promoter manifest can't be used",
            "`promo manifest check` shows what is wrong with the section",
        ),
    };
    let blocked = Blocked::new(Phase::Provenance, BlockedClass::Refused, code, message);
    Some(Blocked {
        hints: vec![hint.to_owned()],
        ..blocked
    })
}
