//! What waits for what in a run, and what doesn't: each test holds one answer back, and what doesn't need it goes on.

use std::time::Duration;

use promo_core::manifest::ManifestSet;
use promo_core::report::{Report, RunOutcome};
use promo_testkit::image::{ArtifactBuilder, BuiltImage};
use promo_testkit::registry::{Fault, Gate, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

/// One mirror, and two images for repositories of their own.
async fn two_images() -> (World, [BuiltImage; 2], ManifestSet) {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let images = [image(1), image(2)];
    let wanted = ["one", "two"].into_iter().zip(&images);
    let wanted: Vec<_> = wanted
        .map(|(name, image)| {
            world.stage(name, image);
            want(name, image, &["v1"])
        })
        .collect();
    let set = world.set(&wanted);
    (world, images, set)
}

/// Runs while `held` is closed, until `meanwhile` has come; then opens it.
async fn run_holding(
    world: &World,
    set: &ManifestSet,
    held: Gate,
    meanwhile: impl Future<Output = ()>,
) -> Report {
    let holding = async {
        held.reached().await;
        let came = tokio::time::timeout(Duration::from_secs(60), meanwhile).await;
        held.release();
        came.unwrap();
    };
    let (report, ()) = tokio::join!(world.run(set), holding);
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_promise().await;
    report
}

#[tokio::test]
async fn an_image_is_published_while_another_is_copied() {
    let (world, [one, _], set) = two_images().await;
    let faults = world.mirrors[0].faults();
    let copying = faults.pause(Matcher::on(Operation::BlobPut).repository("prod/two"));
    let put = Matcher::on(Operation::ManifestPut).reference("v1");
    let published = faults.pause_answer(put.repository("prod/one"));
    let meanwhile = async {
        published.reached().await;
        let state = world.mirrors[0].state();
        let shown = state.tag_digest("prod/one", "v1");
        assert_eq!(shown.as_deref(), Some(one.digest()));
        world.assert_proven_once(0, "one", one.digest()).await;
        assert_eq!(state.tag_digest("prod/two", "v1"), None);
        published.release();
    };
    run_holding(&world, &set, copying, meanwhile).await;
}

#[tokio::test]
async fn a_source_is_asked_while_destinations_of_other_images_answer() {
    let (world, _, set) = two_images().await;
    let head = Matcher::on(Operation::ManifestHead).repository("prod/two");
    let destination = world.mirrors[0].faults().pause(head);
    let get = Matcher::on(Operation::ManifestGet).repository("team/one");
    let source = world.staging.faults().pause(get);
    let meanwhile = async {
        source.reached().await;
        source.release();
    };
    run_holding(&world, &set, destination, meanwhile).await;
    assert_eq!(world.staging.log().count(Operation::ManifestGet), 2);
}

/// That an upload was opened shows that we may push. What becomes of giving it up is waited for at the end of the run.
#[tokio::test]
async fn content_is_copied_while_the_first_upload_is_given_up() {
    let (world, _, set) = two_images().await;
    let faults = world.mirrors[0].faults();
    let cancel = faults.pause(Matcher::on(Operation::UploadCancel));
    let published = faults.pause_answer(Matcher::on(Operation::ManifestPut).reference("v1"));
    let meanwhile = async {
        published.reached().await;
        published.release();
    };
    run_holding(&world, &set, cancel, meanwhile).await;
    assert_eq!(world.mirrors[0].open_uploads(), 0);
}

#[tokio::test]
async fn an_image_is_published_while_it_is_looked_what_is_beside_it() {
    let (world, [one, _], set) = two_images().await;
    let sbom = ArtifactBuilder::new("application/spdx+json")
        .layer("text/spdx", "what is in it")
        .subject(one.descriptor())
        .build();
    world.stage("one", &sbom);
    let list = Matcher::on(Operation::Referrers).repository("team/one");
    let beside = world.staging.faults().pause(list);
    let put = Matcher::on(Operation::ManifestPut).reference("v1");
    let published = world.mirrors[0]
        .faults()
        .pause_answer(put.repository("prod/one"));
    let meanwhile = async {
        published.reached().await;
        published.release();
    };
    let report = run_holding(&world, &set, beside, meanwhile).await;
    let told = report.beside.iter().map(|it| it.digest.to_string());
    assert_eq!(told.collect::<Vec<_>>(), [sbom.digest()]);
}

/// Where something may be carried with an image, it must be known before the image is copied.
#[tokio::test]
async fn nothing_is_copied_before_it_is_known_what_is_carried() {
    let (world, _, set) = two_images().await;
    let list = Matcher::on(Operation::Referrers).repository("team/one");
    let refused = world.staging.faults().inject(list, Fault::status(403));
    let mut settings = world.settings();
    settings.carry = ["application/spdx+json".to_owned()].into();

    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.totals.published, 1, "{report:#?}");
    assert!(refused.hits() > 0);
    let state = world.mirrors[0].state();
    assert!(!state.repositories().contains(&"prod/one".to_owned()));
}

/// The manifest of one image can't be had; the other image of its repository has nothing to do with that.
#[tokio::test]
async fn a_manifest_that_can_not_be_read_keeps_back_its_image_alone() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let (one, two) = (image(1), image(2));
    world.stage("app", &one);
    world.stage("app", &two);
    let set = world.set(&[want("app", &one, &["v1"]), want("app", &two, &["v2"])]);
    let get = Matcher::on(Operation::ManifestGet).reference(one.digest());
    world.staging.faults().inject(get, Fault::html(200));

    let report = world.run(&set).await;

    assert_eq!(report.totals.published, 1, "{report:#?}");
    assert_eq!(blocked_codes(&report).len(), 1, "{report:#?}");
    world.assert_promise().await;
}
