//! Gates: what decides from outside whether an image may go to production. Validate asks them, after staging's
//! signatures were judged, so that no gate sees what was not verified.

use super::codes;
use super::flow::Run;
use super::outcome::{Blocked, BlockedClass};
use crate::plan::ImageWork;
use crate::ports::{AcceptedEvidence, GatedDestination, GatedImage, Phase};

/// Asks all gates about an image; the first that objects, or can't decide, blocks it.
pub(super) async fn pass(
    run: &Run,
    work: &ImageWork,
    evidence: &[AcceptedEvidence],
) -> Result<(), Blocked> {
    let destinations: Vec<GatedDestination<'_>> = work
        .destinations
        .iter()
        .map(|destination| GatedDestination {
            repository: &destination.repository,
            tags: destination.tags.iter().map(|wanted| &wanted.tag).collect(),
        })
        .collect();
    let image = GatedImage {
        source: &work.source,
        digest: work.digest,
        identity: &work.identity,
        destinations: &destinations,
        evidence,
    };
    for gate in &run.ports.gates {
        if run.interrupt.is_raised() {
            return Err(Blocked::interrupted(Phase::Validate));
        }
        let objection = gate.judge(&image).await;
        let objection = objection.map_err(|failure| Blocked::failed(Phase::Validate, &failure))?;
        if let Some(objection) = objection {
            let blocked = Blocked::new(
                Phase::Validate,
                BlockedClass::Refused,
                codes::OBJECTED,
                objection.reason,
            );
            return Err(Blocked {
                hints: objection.hints,
                ..blocked
            });
        }
    }
    Ok(())
}
