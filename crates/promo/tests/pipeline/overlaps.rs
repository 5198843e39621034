//! Two runs at once with keys of their own: they share the tags that evidence is kept under, and each image that is
//! published has the evidence of both who say that they published it.

use std::sync::Arc;

use promo_core::pipeline::Interrupt;
use promo_core::report::{Report, RunOutcome};
use promo_sign::SigningKey;
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{self, World, image, want};

/// The world with another key.
fn with_another_key(world: &mut World) -> Arc<SigningKey> {
    std::mem::replace(&mut world.key, Arc::new(SigningKey::generate().unwrap()))
}

/// Fails if a run says that it is done and its evidence doesn't stand.
async fn assert_proven_by(world: &World, report: &Report, digest: &str, round: u64) {
    assert_eq!(report.outcome(), RunOutcome::Done, "{round}: {report:#?}");
    assert_eq!(
        world.accepted_evidence(0, "app", digest).await.len(),
        3,
        "{round}"
    );
}

/// The second run begins and ends while the answer to one request of the first is on its way, each in turn. What is
/// lost is what the first reads right before it puts a shared tag: no look of the second comes late enough. It
/// was more than one loss for each such PUT before promo read right before it.
#[tokio::test]
async fn runs_that_overlap_at_any_request_both_have_their_evidence() {
    for api in [true, false] {
        let mut lost = 0;
        for request in 0.. {
            let options = RegistryOptions::default().switch(|it| it.referrers_api = api);
            let mut world = World::with_mirrors(vec![options]).await;
            let one = image(1);
            world.stage("app", &one);
            let set = world.set(&[want("app", &one, &["v1"])]);
            let first_ports = world.ports();
            let first_key = with_another_key(&mut world);
            let gate = world.mirrors[0]
                .faults()
                .pause_answer(Matcher::any().after(request).times(1));
            let settings = world.settings();
            let mut first = Box::pin(world::run(settings, first_ports, Interrupt::new(), &set));
            tokio::select! {
                _ = &mut first => {
                    assert!(request > 20, "the run was only {request} requests long");
                    // `.sig`, and for two bundles the list where the registry keeps none.
                    assert!(lost <= if api { 1 } else { 3 }, "{lost}, referrers API: {api}");
                    break;
                }
                () = gate.reached() => {}
            }
            let second = async {
                let report = world.run(&set).await;
                gate.release();
                report
            };
            let (first, second) = tokio::join!(first, second);

            // Where the first has published already, the second finds nothing to do.
            assert_eq!(second.outcome(), RunOutcome::Done, "{request}: {second:#?}");
            let evidence = world.accepted_evidence(0, "app", one.digest()).await;
            if second.totals.present == 0 && evidence.len() < 3 {
                lost += 1;
            }
            world.key = first_key;
            let first = first.unwrap();
            assert_proven_by(&world, &first, one.digest(), request).await;
        }
    }
}

/// What can't be closed: a PUT that was prepared before ours comes after our last look. It is found by `--complete`.
#[tokio::test]
async fn a_put_after_the_last_look_is_found_by_complete() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let sig = format!("{}.sig", one.digest().replace(':', "-"));
    assert_eq!(world.run(&set).await.outcome(), RunOutcome::Done);
    let state = world.mirrors[0].state();
    assert!(state.delete_tag("prod/app", &sig));
    world.run(&set).await;
    assert_eq!(
        world.accepted_evidence(0, "app", one.digest()).await.len(),
        2
    );

    let mut settings = world.settings();
    settings.plan.complete = true;
    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_promise().await;
}

/// One wrong 404 to a shared tag, at each of its reads in turn.
#[tokio::test]
async fn a_tag_of_evidence_that_is_not_shown_once_loses_nothing() {
    for api in [true, false] {
        for read in 0.. {
            let options = RegistryOptions::default().switch(|it| it.referrers_api = api);
            let mut world = World::with_mirrors(vec![options]).await;
            let one = image(1);
            world.stage("app", &one);
            let set = world.set(&[want("app", &one, &["v1"])]);
            // Somebody else has signed it.
            let mut settings = world.settings();
            settings.plan.complete = true;
            assert_eq!(world.run(&set).await.outcome(), RunOutcome::Done);
            let theirs = with_another_key(&mut world);
            let tag = one.digest().replace(':', "-");
            let tag = if api { format!("{tag}.sig") } else { tag };
            let reads = Matcher::on(Operation::ManifestGet).reference(&tag);
            let faults = world.mirrors[0].faults();
            let fault = faults.inject(reads.after(read).times(1), Fault::status(404));

            let report = world.try_run(settings, &set).await.unwrap();

            if fault.hits() == 0 {
                assert!(read > 2, "the tag was read only {read} times");
                break;
            }
            fault.remove();
            assert_proven_by(&world, &report, one.digest(), read).await;
            world.key = theirs;
            assert_proven_by(&world, &report, one.digest(), read).await;
        }
    }
}
