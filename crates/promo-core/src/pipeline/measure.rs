//! Measures the images that a plan is to promote, so that it says what it takes. It is no phase: only a plan that is
//! shown is measured, since a run reads the same manifests anyway.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::concurrent;
use crate::oci::{Digest, Repository};
use crate::plan::{ImageSizes, Plan};
use crate::ports::{Copier, Event, Failure, Observer, Phase, contain};

/// An image by its source and digest.
pub(super) type Image = (Repository, Digest);

/// The plan with the sizes of what it is to promote, read from the sources by `copier`, at most `at_once` together.
///
/// An image whose manifests can't be read stays without a size; the observer hears why. A run would block it for
/// the same reason, if that lasts.
pub async fn measure(
    plan: Plan,
    copier: &dyn Copier,
    observer: &dyn Observer,
    at_once: NonZeroUsize,
) -> Plan {
    let work = plan.work().into_iter();
    let images = work.map(|item| (item.source, item.digest)).collect();
    let measured = of_each(images, observer, at_once, |(source, digest)| async move {
        let size = contain(copier.measure(&source, &digest)).await;
        size.inspect_err(|failure| {
            let code = failure.code();
            let reason = failure.chain();
            let message = format!("{source}@{digest} can't be measured: {reason}");
            observer.observe(&Event::Warning { code, message });
        })
    })
    .await;
    let sizes: ImageSizes = measured.into_iter().collect();
    plan.with_sizes(sizes)
}

/// Asks something about each image for a plan that is shown, and tells the observer how it goes on.
/// Each is asked about by value: the future of a borrowed one can't be sent to another thread.
pub(super) async fn of_each<T, Fut>(
    images: BTreeSet<Image>,
    observer: &dyn Observer,
    at_once: NonZeroUsize,
    ask: impl Fn(Image) -> Fut,
) -> Vec<(Image, T)>
where
    Fut: Future<Output = Result<T, Failure>>,
{
    let count = images.len() as u64;
    observer.observe(&Event::PhaseBegan {
        phase: Phase::Plan,
        items: count,
    });
    let ask = &ask;
    let images: Vec<Image> = images.into_iter().collect();
    let answers = concurrent::each(at_once, images, |image| async move {
        let answer = ask(image.clone()).await;
        observer.observe(&Event::ItemDone {
            phase: Phase::Plan,
            item: format!("{}@{}", image.0, image.1),
            blocked: answer.as_ref().err().map(Failure::code),
        });
        Some((image, answer.ok()?))
    })
    .await;
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    let passed = answers.len() as u64;
    observer.observe(&Event::PhaseEnded {
        phase: Phase::Plan,
        passed,
        blocked: count - passed,
    });
    answers
}
