//! A run that is killed before any of its requests: nothing is ever visible without its evidence, and the next
//! run finishes what was begun.

use promo_core::pipeline::Interrupt;
use promo_core::report::RunOutcome;
use promo_testkit::image::{ImageBuilder, IndexBuilder};
use promo_testkit::registry::{Matcher, RegistryOptions};

use crate::world::{self, World, want};

/// Kills runs at every request to the first mirror, one after the other, in a fresh world each.
async fn kill_at_every_request(options: impl Fn() -> RegistryOptions) {
    kill_while_promoting(options, false).await;
}

/// The same, where the child of the index may be wanted by itself, without a tag: the index brings its digest.
async fn kill_while_promoting(options: impl Fn() -> RegistryOptions, child_is_wanted: bool) {
    let child = ImageBuilder::new().build();
    let index = IndexBuilder::new().image(child.clone()).build();
    for request in 0.. {
        let world = World::with_mirrors(vec![options(), options()]).await;
        world.stage("index", &index);
        let mut wanted = vec![want("index", &index, &["v1", "v2"])];
        wanted.extend(child_is_wanted.then(|| want("index", &child, &[])));
        let set = world.set(&wanted);
        let gate = world.mirrors[0]
            .faults()
            .pause(Matcher::any().after(request).times(1));
        let run = world::run(world.settings(), world.ports(), Interrupt::new(), &set);
        let finished = tokio::select! {
            report = run => Some(report.unwrap()),
            () = gate.reached() => None,
        };
        gate.release();
        world.assert_promise().await;

        let report = world.run(&set).await;

        assert_eq!(
            report.outcome(),
            RunOutcome::Done,
            "after {request}: {report:#?}"
        );
        world.assert_promise().await;
        assert!(index.is_in(&world.mirrors[0].state(), "prod/index"));
        // The same bytes everywhere, and none made twice.
        let evidence = world.accepted_evidence(0, "index", index.digest()).await;
        assert_eq!(
            evidence,
            world.accepted_evidence(1, "index", index.digest()).await
        );
        world.assert_proven_once(0, "index", index.digest()).await;
        if child_is_wanted {
            world.assert_proven_once(0, "index", child.digest()).await;
            world.assert_proven_once(1, "index", child.digest()).await;
        }
        world.mirrors[0].log().clear();
        world.run(&set).await;
        assert!(world.mirrors[0].log().writes().is_empty());
        if finished.is_some() {
            assert!(request > 20, "the run was only {request} requests long");
            return;
        }
    }
}

#[tokio::test]
async fn where_evidence_may_come_first() {
    kill_at_every_request(RegistryOptions::default).await;
}

#[tokio::test]
async fn where_evidence_is_refused_without_its_subject() {
    kill_at_every_request(|| {
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(404))
    })
    .await;
}

#[tokio::test]
async fn where_referrers_are_kept_by_the_fallback_tag() {
    kill_at_every_request(|| {
        RegistryOptions::default().switch(|switches| switches.referrers_api = false)
    })
    .await;
}

#[tokio::test]
async fn where_an_index_brings_a_digest_that_is_wanted_by_itself() {
    kill_while_promoting(RegistryOptions::default, true).await;
}
