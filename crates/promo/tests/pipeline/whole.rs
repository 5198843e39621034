//! Whole runs: what a first, a second and a dry run do.

use promo_core::pipeline::{Mode, PhaseStatus};
use promo_core::ports::Phase;
use promo_core::report::RunOutcome;
use promo_testkit::image::{ArtifactBuilder, IndexBuilder};
use promo_testkit::registry::{Operation, RegistryOptions};

use crate::world::{World, image, want};

#[tokio::test]
async fn a_first_run_publishes_everything_with_its_evidence() {
    let world = World::start().await;
    let single = image(1);
    let index = IndexBuilder::new().image(image(2)).image(image(3)).build();
    let untagged = image(4);
    let artifact = ArtifactBuilder::new("application/vnd.example")
        .layer("text/plain", "content")
        .build();
    for (name, image) in [
        ("single", &single),
        ("index", &index),
        ("untagged", &untagged),
        ("artifact", &artifact),
    ] {
        world.stage(name, image);
    }
    let set = world.set(&[
        want("single", &single, &["v1", "latest"]),
        want("index", &index, &["v1"]),
        want("untagged", &untagged, &[]),
        want("artifact", &artifact, &["v1"]),
    ]);

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert_eq!(report.totals.published, 10);
    for (number, mirror) in world.mirrors.iter().enumerate() {
        for (name, image) in [
            ("single", &single),
            ("index", &index),
            ("untagged", &untagged),
            ("artifact", &artifact),
        ] {
            let repository = format!("prod/{name}");
            assert!(image.is_in(&mirror.state(), &repository), "{name}");
            world.assert_proven_once(number, name, image.digest()).await;
        }
        assert_eq!(
            mirror
                .state()
                .tag_digest("prod/single", "latest")
                .as_deref(),
            Some(single.digest())
        );
    }
    world.assert_promise().await;
}

#[tokio::test]
async fn the_top_manifest_is_put_after_its_evidence() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    let puts = world.mirrors[0].log().of(Operation::ManifestPut);
    let order: Vec<&str> = puts
        .iter()
        .filter_map(|entry| entry.reference.as_deref())
        .collect();
    assert_eq!(order.last(), Some(&"v1"), "{order:?}");
    assert_eq!(
        order.len(),
        4,
        "bundle, .sig, attestation, image: {order:?}"
    );
}

#[tokio::test]
async fn a_second_run_sends_no_write_and_asks_once_for_each_tag() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1", "v2"])]);
    world.run(&set).await;
    for registry in world.mirrors.iter().chain([&world.staging]) {
        registry.log().clear();
    }

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done);
    assert_eq!(report.totals.present, 4);
    assert!(world.staging.log().is_empty());
    for mirror in &world.mirrors {
        assert_eq!(mirror.log().count(Operation::ManifestHead), 2);
        assert_eq!(mirror.log().len(), 2);
    }
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_says_what_is_ready() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let mut settings = world.settings();
    settings.mode = Mode::DryRun;
    let set = world.set(&[want("app", &one, &["v1"])]);

    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.totals.ready, 2);
    let reached = |phase| {
        report
            .phases
            .iter()
            .find(|report| report.phase == phase)
            .map(|report| report.status)
    };
    assert_eq!(reached(Phase::Provenance), Some(PhaseStatus::NotAskedFor));
    assert_eq!(reached(Phase::Promote), Some(PhaseStatus::NotReached));
    for registry in world.mirrors.iter().chain([&world.staging]) {
        assert!(registry.log().writes().is_empty());
    }
}

#[tokio::test]
async fn a_new_tag_of_a_published_image_needs_no_new_evidence() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    world.run(&world.set(&[want("app", &one, &["v1"])])).await;
    let before = world.accepted_evidence(0, "app", one.digest()).await;

    let report = world
        .run(&world.set(&[want("app", &one, &["v1", "v2"])]))
        .await;

    assert_eq!(report.totals.published, 2);
    assert_eq!(
        world.accepted_evidence(0, "app", one.digest()).await,
        before
    );
    world.assert_promise().await;
}

#[tokio::test]
async fn what_is_gone_from_staging_stays_published() {
    let world = World::start().await;
    let (kept, lost) = (image(1), image(2));
    world.stage("app", &kept);
    let set = world.set(&[want("app", &kept, &["v1"]), want("app", &lost, &["v2"])]);
    world.run(&set).await;
    world
        .staging
        .state()
        .delete_manifest("team/app", kept.digest());

    let report = world.run(&set).await;

    assert_eq!(report.totals.present, 2);
    assert_eq!(report.blocked.len(), 2);
    assert_eq!(report.outcome(), RunOutcome::Partial);
}

#[tokio::test]
async fn mirrors_on_one_host_with_staging_are_served_by_mounts() {
    let world = World::with_mirrors(vec![]).await;
    let one = image(1);
    world.stage("app", &one);
    let host = world.staging.host();
    let set = world.set_for(&[host], &[want("app", &one, &["v1"])]);

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    assert_eq!(world.staging.log().count(Operation::Mount), 3);
    let layers: Vec<_> = one.blobs().iter().map(|blob| blob.digest.clone()).collect();
    let sent = world.staging.log().of(Operation::BlobPut);
    assert!(
        sent.iter()
            .all(|entry| !layers.contains(&entry.reference.clone().unwrap_or_default()))
    );
}

#[tokio::test]
async fn registries_without_the_referrers_api_are_served_by_the_fallback_tag() {
    let mut options = vec![RegistryOptions::default(), RegistryOptions::default()];
    options[1] = RegistryOptions::default().switch(|switches| switches.referrers_api = false);
    let world = World::with_mirrors(options).await;
    let one = image(1);
    world.stage("app", &one);

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_promise().await;
    let tags = world.mirrors[1].state().tags("prod/app");
    let fallback = one.digest().replace(':', "-");
    assert!(tags.contains_key(&fallback), "{tags:?}");
}
