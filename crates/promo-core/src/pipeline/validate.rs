//! Validate: judges the signatures that images have in staging, and keeps what it accepted, byte for
//! byte, to be carried to production. Last phase of a dry run.

use std::sync::Arc;

use super::error::codes;
use super::flow::{Flow, Item, PhaseStatus, Run};
use super::outcome::{self, EdgeOutcome, EdgeResult, Left, LeftClass};
use super::promote::Promoted;
use super::provenance::{ProvenanceVerified, ProvenanceVerifiedImage};
use super::{Mode, StagingPolicy};
use crate::plan::ImageWork;
use crate::ports::{
    AcceptedEvidence, Evidence, EvidenceKind, Phase, UnknownEvidence, Verification, Verifier,
};
use crate::report::Report;

/// Images whose staging signatures are as the policy asks.
#[derive(Debug)]
pub struct Validated {
    pub(super) flow: Flow,
    pub(super) passed: Vec<ValidatedImage>,
}

/// Proof that the staging signatures of one image are as the policy asks. Only this phase makes it.
#[derive(Debug)]
pub struct ValidatedImage {
    pub(super) work: ImageWork,
    pub(super) staging: StagingSignatures,
}

/// What was found about an image in staging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagingSignatures {
    /// Whether anybody looked.
    pub asked_for: bool,
    /// Accepted signatures and attestations: they are carried to production.
    pub accepted: Vec<AcceptedEvidence>,
    /// Signatures by unknown signers: they are not carried.
    pub unknown: Vec<UnknownEvidence>,
}

impl Validated {
    pub(super) async fn validate(before: ProvenanceVerified) -> Self {
        let ProvenanceVerified { mut flow, passed } = before;
        let status = match flow.run.settings.staging {
            StagingPolicy::Off => PhaseStatus::NotAskedFor,
            _ => PhaseStatus::Done,
        };
        let validated = flow.carry_out(Phase::Validate, status, passed, judge).await;
        Self {
            flow,
            passed: validated,
        }
    }

    /// The images that passed.
    pub fn passed(&self) -> &[ValidatedImage] {
        &self.passed
    }

    /// Whether the run ends here because it isn't confirmed.
    pub fn is_dry_run(&self) -> bool {
        self.flow.is_dry_run()
    }

    /// Ends the run here: what passed is ready to be promoted.
    pub fn into_report(mut self) -> Report {
        for image in &self.passed {
            for destination in &image.work.destinations {
                let ready = outcome::of_destination(&image.work, destination, &EdgeResult::Ready);
                self.flow.outcomes.extend(ready);
            }
        }
        self.flow.into_report()
    }

    /// Copies content to the destinations.
    pub async fn promote(self) -> Promoted {
        debug_assert_eq!(self.flow.run.settings.mode, Mode::Confirmed);
        Promoted::promote(self).await
    }
}

impl Item for ValidatedImage {
    fn works(&self) -> Vec<ImageWork> {
        vec![self.work.clone()]
    }
}

impl ValidatedImage {
    /// What is to be done with it.
    pub fn work(&self) -> &ImageWork {
        &self.work
    }

    /// What was found about it in staging.
    pub fn staging(&self) -> &StagingSignatures {
        &self.staging
    }

    /// The evidence that goes with it to production.
    pub(super) fn carried(&self) -> Vec<Evidence> {
        self.staging
            .accepted
            .iter()
            .map(|accepted| accepted.evidence.clone())
            .collect()
    }
}

async fn judge(
    run: Arc<Run>,
    image: ProvenanceVerifiedImage,
) -> (Option<ValidatedImage>, Vec<EdgeOutcome>) {
    let work = image.work;
    let name = format!("{}@{}", work.source, work.digest);
    match staging_signatures(&run, &work).await {
        Ok(staging) => {
            run.item_done(Phase::Validate, name, None);
            (Some(ValidatedImage { work, staging }), Vec::new())
        }
        Err(left) => {
            run.item_done(Phase::Validate, name, Some(left.code));
            (None, outcome::of_image(&work, &left))
        }
    }
}

async fn staging_signatures(run: &Run, work: &ImageWork) -> Result<StagingSignatures, Left> {
    let Some(verifier) = asked_verifier(run) else {
        return Ok(StagingSignatures::default());
    };
    if run.interrupt.is_raised() {
        return Err(Left::interrupted(Phase::Validate));
    }
    let failed = |failure| Left::failed(Phase::Validate, &failure);
    let evidence = run
        .ports
        .evidence
        .read(&work.source, &work.digest)
        .await
        .map_err(failed)?;
    let verification = verifier
        .verify(&work.digest, None, &evidence)
        .await
        .map_err(failed)?;
    decide(run.settings.staging, verification)
}

fn asked_verifier(run: &Run) -> Option<&Arc<dyn Verifier>> {
    match run.settings.staging {
        StagingPolicy::Off => None,
        _ => run.ports.staging.as_ref(),
    }
}

/// The policy: what claims an accepted key and fails refuses; one accepted signature passes; strangers
/// refuse only where a signature is required.
fn decide(policy: StagingPolicy, verification: Verification) -> Result<StagingSignatures, Left> {
    let refuse = |code, message| {
        Err(Left::new(
            Phase::Validate,
            LeftClass::Refused,
            code,
            message,
        ))
    };
    if let Some(refused) = verification.refused.first() {
        let message = format!(
            "evidence in staging fails: {} ({})",
            refused.message, refused.code
        );
        return refuse(codes::STAGING_REFUSED, message);
    }
    let is_signature = |kind: &EvidenceKind| matches!(kind, EvidenceKind::Signature { .. });
    let signed = verification
        .accepted
        .iter()
        .any(|accepted| is_signature(&accepted.kind));
    if policy == StagingPolicy::Require && !signed {
        let strangers = verification
            .unknown
            .iter()
            .filter(|unknown| is_signature(&unknown.kind))
            .count();
        return if strangers == 0 {
            let message = "a signature is required in staging, and there is none".to_owned();
            refuse(codes::STAGING_UNSIGNED, message)
        } else {
            let message = format!(
                "a signature by an accepted key is required in staging, and the {strangers} found \
                 are by others"
            );
            refuse(codes::STAGING_UNKNOWN_SIGNER, message)
        };
    }
    Ok(StagingSignatures {
        asked_for: true,
        accepted: verification.accepted,
        unknown: verification.unknown,
    })
}
