//! A run that is killed before any of its requests: nothing is ever visible without its proof, and the next
//! run finishes what was begun.

use promo_core::pipeline::{self, Interrupt};
use promo_core::report::RunOutcome;
use promo_testkit::image::IndexBuilder;
use promo_testkit::registry::{Matcher, RegistryOptions};

use crate::world::{World, image, want};

/// Kills runs at every request to the first mirror, one after the other, in a fresh world each.
async fn kill_at_every_request(options: impl Fn() -> RegistryOptions) {
    let index = IndexBuilder::new().image(image(2)).image(image(3)).build();
    let single = image(1);
    for request in 0.. {
        let world = World::with_mirrors(vec![options(), options()]).await;
        world.stage("index", &index);
        world.stage("single", &single);
        let set = world.set(&[
            want("index", &index, &["v1", "v2"]),
            want("single", &single, &["v1"]),
        ]);
        let gate = world.mirrors[0]
            .faults()
            .pause(Matcher::any().after(request).times(1));
        let run = pipeline::run(world.settings(), world.ports(), Interrupt::new(), &set);
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
        for (name, image) in [("index", &index), ("single", &single)] {
            assert!(image.is_in(&world.mirrors[0].state(), &format!("prod/{name}")));
            // The same bytes everywhere, and none made twice.
            let proof = world.proven(0, name, image.digest()).await;
            assert_eq!(proof, world.proven(1, name, image.digest()).await);
            world.assert_proven_once(0, name, image.digest()).await;
        }
        world.mirrors[0].log().clear();
        world.run(&set).await;
        assert!(world.mirrors[0].log().writes().is_empty());
        if finished.is_some() {
            assert!(request > 40, "the run was only {request} requests long");
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
