//! An interruption in each phase: what is open is finished, nothing new is begun, the report is written.

use promo_core::pipeline::Interrupt;
use promo_core::report::{Report, RunOutcome};
use promo_testkit::registry::{Gate, Matcher, Operation, RegistryOptions};

use crate::world::{self, World, blocked_codes, image, want};

/// Interrupts a run while it waits for the first request that matches, at the first mirror.
async fn interrupt_at(world: &World, matcher: Matcher) -> Report {
    let (one, two) = (image(1), image(2));
    world.stage("one", &one);
    world.stage("two", &two);
    let set = world.set(&[want("one", &one, &["v1"]), want("two", &two, &["v1"])]);
    let mut settings = world.settings();
    settings.concurrency = std::num::NonZeroUsize::MIN;
    let interrupt = Interrupt::new();
    let gate = world.mirrors[0].faults().pause(matcher.times(1));
    let run = world::run(settings, world.ports(), interrupt.clone(), &set);
    let stop = async {
        gate.reached().await;
        interrupt.raise();
        gate.release();
    };
    let (report, ()) = tokio::join!(run, stop);
    world.assert_promise().await;

    let after = world.run(&set).await;
    assert_eq!(after.outcome(), RunOutcome::Done, "{after:#?}");
    world.assert_promise().await;
    report.unwrap()
}

#[tokio::test]
async fn while_the_plan_is_made() {
    let world = World::start().await;
    let report = interrupt_at(&world, Matcher::on(Operation::ManifestHead)).await;
    assert_eq!(report.outcome(), RunOutcome::Interrupted);
    assert_eq!(report.totals.published, 0);
    assert!(
        blocked_codes(&report)
            .iter()
            .all(|code| *code == "PROMO-C010")
    );
}

#[tokio::test]
async fn while_content_is_copied() {
    let world = World::start().await;
    let report = interrupt_at(&world, Matcher::on(Operation::BlobPut)).await;
    assert_eq!(report.outcome(), RunOutcome::Interrupted);
    assert_eq!(report.totals.published, 0);
    assert!(report.interrupted);
}

#[tokio::test]
async fn while_signatures_are_attached() {
    let world = World::start().await;
    let report = interrupt_at(&world, Matcher::on(Operation::Referrers)).await;
    assert_eq!(report.outcome(), RunOutcome::Interrupted);
    assert_eq!(report.totals.published, 0);
}

/// Images go through the phases by themselves: the one whose tag is put is published, the next isn't begun.
#[tokio::test]
async fn while_a_tag_is_put_no_other_image_is_begun() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let report = interrupt_at(&world, Matcher::on(Operation::ManifestPut).reference("v1")).await;
    assert_eq!(report.outcome(), RunOutcome::Interrupted, "{report:#?}");
    assert_eq!(report.totals.published, 1);
    assert_eq!(blocked_codes(&report), ["PROMO-C010"]);
}

#[tokio::test]
async fn while_tags_are_put_everything_that_has_its_evidence_is_published() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let (one, two) = (image(1), image(2));
    world.stage("one", &one);
    world.stage("two", &two);
    let set = world.set(&[want("one", &one, &["v1"]), want("two", &two, &["v1"])]);
    let faults = world.mirrors[0].faults();
    let put = || Matcher::on(Operation::ManifestPut).reference("v1");
    let gates = [put().times(1), put().after(1).times(1)].map(|it| faults.pause(it));
    let interrupt = Interrupt::new();
    let run = world::run(world.settings(), world.ports(), interrupt.clone(), &set);
    let stop = async {
        tokio::join!(gates[0].reached(), gates[1].reached());
        interrupt.raise();
        gates.iter().for_each(Gate::release);
    };

    let (report, ()) = tokio::join!(run, stop);

    let report = report.unwrap();
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert_eq!(report.totals.published, 2);
    assert!(report.interrupted);
    world.assert_promise().await;
}
