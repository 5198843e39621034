//! Measures the images that a plan is to promote, so that it says what it takes. Beside the phases: only a plan that is
//! shown is measured, since a run reads the same manifests anyway.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::concurrent;
use crate::oci::{Digest, Repository};
use crate::plan::{ImageSizes, Plan};
use crate::ports::{Copier, Event, Observer, Phase, contain};

/// The plan with the sizes of what it is to promote, read from the sources by `copier`, at most `at_once` together.
///
/// An image whose manifests can't be read stays without a size; the observer hears why. A run would leave it for
/// the same reason, if that lasts.
pub async fn measure(
    plan: Plan,
    copier: &dyn Copier,
    observer: &dyn Observer,
    at_once: NonZeroUsize,
) -> Plan {
    let work = plan.work().into_iter();
    let images: BTreeSet<(Repository, Digest)> =
        work.map(|item| (item.source, item.digest)).collect();
    let count = images.len() as u64;
    observer.observe(&Event::PhaseBegan {
        phase: Phase::Plan,
        items: count,
    });
    let measured = concurrent::each(at_once, images.into_iter().collect(), |image| async move {
        let size = contain(copier.measure(&image.0, &image.1)).await;
        let item = format!("{}@{}", image.0, image.1);
        let left = size.as_ref().err().map(|failure| {
            let code = failure.code();
            let message = format!("{item} can't be measured: {}", failure.chain());
            observer.observe(&Event::Warning { code, message });
            code
        });
        observer.observe(&Event::ItemDone {
            phase: Phase::Plan,
            item,
            left,
        });
        Some((image, size.ok()?))
    })
    .await;
    let sizes: ImageSizes = measured.into_iter().flatten().collect();
    let passed = sizes.len() as u64;
    observer.observe(&Event::PhaseEnded {
        phase: Phase::Plan,
        passed,
        left: count - passed,
    });
    plan.with_sizes(sizes)
}
