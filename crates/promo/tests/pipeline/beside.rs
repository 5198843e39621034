//! What staging has beside an image: nothing is left behind in silence, and what the settings name is copied as it is.

use promo_core::pipeline::{Becomes, EdgeResult, Mode};
use promo_core::report::{Report, RunOutcome};
use promo_testkit::image::{ArtifactBuilder, BuiltImage};
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

const SBOM: &str = "application/spdx+json";

/// An image with an SBOM that refers to it, both in staging.
fn staged(world: &World) -> (BuiltImage, BuiltImage) {
    let one = image(1);
    world.stage("app", &one);
    let sbom = ArtifactBuilder::new(SBOM)
        .layer("text/spdx", "what is in it")
        .subject(one.descriptor())
        .build();
    world.stage("app", &sbom);
    (one, sbom)
}

async fn world() -> World {
    World::with_mirrors(vec![RegistryOptions::default()]).await
}

async fn run(world: &World, image: &BuiltImage, carry: &[&str], mode: Mode) -> Report {
    let mut settings = world.settings();
    settings.mode = mode;
    settings.carry = carry.iter().map(|&it| it.to_owned()).collect();
    let set = world.set(&[want("app", image, &["v1"])]);
    world.try_run(settings, &set).await.unwrap()
}

fn told(report: &Report) -> Vec<(String, Option<&str>, Becomes)> {
    let beside = report.beside.iter();
    beside
        .map(|it| {
            (
                it.digest.to_string(),
                it.artifact_type.as_deref(),
                it.becomes,
            )
        })
        .collect()
}

#[tokio::test]
async fn what_is_left_behind_is_told() {
    for mode in [Mode::DryRun, Mode::Confirmed] {
        let world = world().await;
        let (one, sbom) = staged(&world);
        let tag = format!("{}.sbom", one.digest().replace(':', "-"));
        world.staging.state().tag("team/app", &tag, sbom.digest());

        let report = run(&world, &one, &["a/b"], mode).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        let digest = sbom.digest().to_owned();
        let expected = [
            (digest.clone(), Some(SBOM), Becomes::LeftBehind),
            (digest, None, Becomes::LeftBehind),
        ];
        assert_eq!(told(&report), expected);
        assert_eq!(report.beside[1].tag.as_ref().unwrap().as_str(), tag);
        let state = world.mirrors[0].state();
        assert!(state.manifest("prod/app", sbom.digest()).is_none());
    }
}

#[tokio::test]
async fn types_that_are_named_are_copied_before_the_image_is_there() {
    let world = world().await;
    let (one, sbom) = staged(&world);

    let dry = run(&world, &one, &[SBOM], Mode::DryRun).await;
    let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

    let expected = [(sbom.digest().to_owned(), Some(SBOM), Becomes::Carried)];
    assert_eq!(told(&dry), expected);
    assert_eq!(told(&report), expected);
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let mirror = &world.mirrors[0];
    assert!(sbom.is_in(&mirror.state(), "prod/app"));
    let puts = mirror.log().of(Operation::ManifestPut);
    let place = |reference: &str| {
        let is = |put: &&str| *put == reference;
        let mut references = puts.iter().filter_map(|put| put.reference.as_deref());
        references.by_ref().position(|put| is(&put)).unwrap()
    };
    assert!(place(sbom.digest()) < place("v1"));
    world.assert_promise().await;
}

/// The list of a registry may say anything; what has a signature in it is judged by its key, or stays.
#[tokio::test]
async fn a_signature_is_never_carried_unseen() {
    let world = world().await;
    let one = image(1);
    world.stage("app", &one);
    let bundle = ArtifactBuilder::new(SBOM)
        .layer("application/vnd.dev.sigstore.bundle.v0.3+json", "{}")
        .subject(one.descriptor())
        .build();
    world.stage("app", &bundle);

    let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

    let expected = [(bundle.digest().to_owned(), Some(SBOM), Becomes::LeftBehind)];
    assert_eq!(told(&report), expected);
    let state = world.mirrors[0].state();
    assert!(state.manifest("prod/app", bundle.digest()).is_none());
}

#[tokio::test]
async fn a_registry_that_wants_the_subject_first_gets_it_first() {
    let options =
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(404));
    let world = World::with_mirrors(vec![options]).await;
    let (one, sbom) = staged(&world);

    let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let first = EdgeResult::Published {
        manifest_first: true,
    };
    assert_eq!(report.edges[0].result, first);
    assert!(sbom.is_in(&world.mirrors[0].state(), "prod/app"));
}

/// What is only told may stay untold; what is to be carried must be known.
#[tokio::test]
async fn a_list_that_can_not_be_read_keeps_back_what_is_to_be_carried() {
    for (carry, blocked) in [(&[][..], &[][..]), (&[SBOM][..], &["PROMO-R003"][..])] {
        let world = world().await;
        let (one, _) = staged(&world);
        let referrers = Matcher::on(Operation::Referrers);
        let faults = world.staging.faults();
        faults.inject(referrers, Fault::status(403));

        let report = run(&world, &one, carry, Mode::Confirmed).await;

        assert_eq!(blocked_codes(&report), blocked, "{report:#?}");
    }
}

#[tokio::test]
async fn an_artifact_that_does_not_arrive_keeps_the_image_back() {
    let world = world().await;
    let (one, sbom) = staged(&world);
    let put = Matcher::on(Operation::ManifestPut).reference(sbom.digest());
    world.mirrors[0].faults().inject(put, Fault::status(403));

    let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

    assert_eq!(blocked_codes(&report), ["PROMO-R003"], "{report:#?}");
    assert!(
        world.mirrors[0]
            .state()
            .tag_digest("prod/app", "v1")
            .is_none()
    );
}

/// A registry that wants the image before what refers to it, and refuses that all the same: the image is shown.
#[tokio::test]
async fn an_image_that_had_to_go_first_and_whose_artifact_is_refused_is_incomplete() {
    // The SBOM is refused for want of its subject (which the registry's own answer says), then for its size.
    for wants_subject in [true, false] {
        let options = RegistryOptions::default()
            .switch(|switches| switches.missing_subject = wants_subject.then_some(404));
        let world = World::with_mirrors(vec![options]).await;
        let (one, sbom) = staged(&world);
        let puts = Matcher::on(Operation::ManifestPut).reference(sbom.digest());
        let refusal = if wants_subject { puts.after(1) } else { puts };
        let faults = world.mirrors[0].faults();
        faults.inject(refusal, Fault::status(413));

        let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

        let [edge] = report.edges.as_slice() else {
            panic!("{report:#?}");
        };
        let EdgeResult::Blocked(blocked) = &edge.result else {
            panic!("{report:#?}");
        };
        let is_shown = world.mirrors[0].state().manifest("prod/app", one.digest());
        assert_eq!(is_shown.is_some(), wants_subject);
        assert_eq!(blocked.incomplete, wants_subject, "{blocked:?}");
    }
}

/// The same when the signer fails afterwards: what is shown without evidence is told.
#[tokio::test]
async fn an_image_that_had_to_go_first_and_gets_no_evidence_is_incomplete() {
    let options =
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(404));
    let world = World::with_mirrors(vec![options]).await;
    let (one, _) = staged(&world);
    let faults = world.mirrors[0].faults();
    faults.inject(Matcher::on(Operation::Referrers), Fault::status(403));

    let report = run(&world, &one, &[SBOM], Mode::Confirmed).await;

    let EdgeResult::Blocked(blocked) = &report.edges[0].result else {
        panic!("{report:#?}");
    };
    assert!(blocked.incomplete, "{blocked:?}");
}
