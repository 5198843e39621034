//! Edges without a tag: the digest alone doesn't say that they are published, their evidence does.

use std::collections::BTreeMap;

use promo_core::pipeline::EvidenceScope;
use promo_core::report::RunOutcome;
use promo_testkit::image::IndexBuilder;
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

#[tokio::test]
async fn a_digest_that_an_index_brought_long_ago_gets_its_evidence() {
    let world = World::start().await;
    let child = image(1);
    let index = IndexBuilder::new().image(child.clone()).build();
    world.stage("app", &index);
    world.run(&world.set(&[want("app", &index, &["v1"])])).await;
    // Staging has lost the child meanwhile: nothing of it is needed.
    world
        .staging
        .state()
        .delete_manifest("team/app", child.digest());
    let set = world.set(&[want("app", &index, &["v1"]), want("app", &child, &[])]);

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    for mirror in 0..2 {
        world
            .assert_proven_once(mirror, "app", child.digest())
            .await;
    }
    world.mirrors[0].log().clear();
    world.run(&set).await;
    assert!(world.mirrors[0].log().writes().is_empty());
}

#[tokio::test]
async fn an_image_that_went_first_and_got_no_evidence_is_not_taken_for_published() {
    let options =
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(404));
    let world = World::with_mirrors(vec![options]).await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &[])]);
    // The refusal for want of the subject, then one that stays.
    let fault = world.mirrors[0]
        .faults()
        .inject(Matcher::on(Operation::BlobPut).after(5), Fault::status(403));
    for _ in 0..2 {
        let report = world.run(&set).await;
        assert_eq!(blocked_codes(&report).len(), 1, "{report:#?}");
    }
    assert!(one.is_in(&world.mirrors[0].state(), "prod/app"));
    fault.remove();

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_proven_once(0, "app", one.digest()).await;
}

/// What that costs when there is nothing to do: the table of docs/decisions/0014, counted.
#[tokio::test]
async fn a_proven_digest_costs_one_list_at_each_mirror_and_is_read_once() {
    for api in [true, false] {
        let options = || RegistryOptions::default().switch(|it| it.referrers_api = api);
        let world = World::with_mirrors(vec![options(), options(), options()]).await;
        let one = image(1);
        world.stage("app", &one);
        let set = world.set(&[want("app", &one, &[])]);
        world.run(&set).await;
        for mirror in &world.mirrors {
            mirror.log().clear();
        }
        world.staging.log().clear();

        let report = world.run(&set).await;

        assert_eq!(report.totals.present, 3, "{report:#?}");
        assert!(report.edges.is_empty(), "{report:#?}");
        assert!(world.staging.log().is_empty());
        let mut all: BTreeMap<Operation, usize> = BTreeMap::new();
        for mirror in &world.mirrors {
            for (operation, count) in mirror.log().counts() {
                *all.entry(operation).or_default() += count;
            }
        }
        // A list at each, which is under the fallback tag where there is no API; a bundle once.
        let lists = if api { 0 } else { 3 };
        let expected = BTreeMap::from([
            (Operation::ManifestHead, 3),
            (Operation::Referrers, 3),
            (Operation::ManifestGet, lists + 1),
            (Operation::BlobGet, 1),
        ]);
        assert_eq!(all, expected, "referrers API: {api}");
    }
}

#[tokio::test]
async fn what_can_not_be_found_out_is_left() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &[])]);
    world.run(&set).await;
    world.mirrors[1]
        .faults()
        .inject(Matcher::on(Operation::Referrers), Fault::status(403));

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Access, "{report:#?}");
    assert_eq!(report.totals.blocked, 1);
}

#[tokio::test]
async fn runs_that_sign_nothing_ask_nothing_and_one_place_is_asked_where_there_is_one() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &[])]);
    let mut canonical = world.settings();
    canonical.evidence = EvidenceScope::Canonical(world.mirrors[1].host().parse().unwrap());
    let report = world.try_run(canonical.clone(), &set).await.unwrap();
    assert_eq!(report.totals.published, 2);
    world.mirrors[0].log().clear();

    let report = world.try_run(canonical, &set).await.unwrap();
    assert!(report.edges.is_empty(), "{report:#?}");
    assert_eq!(world.mirrors[0].log().count(Operation::Referrers), 0);
    let mut without = world.settings();
    without.no_sign = true;
    world.try_run(without, &set).await.unwrap();
    assert_eq!(world.mirrors[0].log().count(Operation::Referrers), 0);
}
