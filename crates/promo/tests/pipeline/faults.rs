//! Registries that fail, lie or change their mind: one destination's trouble is its own.

use promo_core::report::RunOutcome;
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

#[tokio::test]
async fn one_mirror_that_fails_does_not_hold_up_the_other() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let fault = world.mirrors[1]
        .faults()
        .inject(Matcher::on(Operation::BlobPut), Fault::status(400));

    let report = world.run(&set).await;

    assert_eq!(report.totals.published, 1);
    assert_eq!(report.outcome(), RunOutcome::Partial);
    assert!(world.mirrors[1].state().tags("prod/app").is_empty());

    fault.remove();
    let report = world.run(&set).await;
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let first = world.accepted_evidence(0, "app", one.digest()).await;
    assert_eq!(first, world.accepted_evidence(1, "app", one.digest()).await);
}

#[tokio::test]
async fn a_host_that_refuses_us_is_found_out_before_anything_is_sent_to_it() {
    let closed = RegistryOptions::default().auth(Auth::bearer().anonymous_pull());
    let world = World::with_mirrors(vec![RegistryOptions::default(), closed]).await;
    let one = image(1);
    world.stage("app", &one);

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.outcome(), RunOutcome::Access, "{report:#?}");
    assert_eq!(report.totals.published, 1);
    let log = world.mirrors[1].log();
    assert_eq!(
        log.count(Operation::Mount) + log.count(Operation::BlobPut),
        0
    );
    world.assert_promise().await;
}

#[tokio::test]
async fn a_blob_that_a_lying_registry_altered_refuses_its_image() {
    let world = World::start().await;
    let (good, bad) = (image(1), image(2));
    world.stage("good", &good);
    world.stage("bad", &bad);
    let layer = bad.blobs().last().unwrap().digest.clone();
    assert!(world.staging.state().corrupt_blob("team/bad", &layer));

    let report = world
        .run(&world.set(&[want("good", &good, &["v1"]), want("bad", &bad, &["v1"])]))
        .await;

    assert_eq!(report.outcome(), RunOutcome::Refused, "{report:#?}");
    assert_eq!(report.totals.published, 2);
    assert!(world.mirrors[0].state().tags("prod/bad").is_empty());
    assert!(!world.mirrors[0].state().has_blob("prod/bad", &layer));
}

#[tokio::test]
async fn a_tag_that_moves_between_plan_and_publish_is_not_overwritten() {
    let world = World::start().await;
    let (ours, theirs) = (image(1), image(2));
    world.stage("app", &ours);
    let set = world.set(&[want("app", &ours, &["v1"])]);
    let gate = world.mirrors[0]
        .faults()
        .pause(Matcher::on(Operation::Referrers).times(1));
    let run = world.run(&set);
    let meddle = async {
        gate.reached().await;
        theirs.push_to(&world.mirrors[0].state(), "prod/app", "v1");
        gate.release();
    };

    let (report, ()) = tokio::join!(run, meddle);

    assert_eq!(blocked_codes(&report), ["PROMO-C050"]);
    assert_eq!(
        world.mirrors[0]
            .state()
            .tag_digest("prod/app", "v1")
            .as_deref(),
        Some(theirs.digest())
    );
    assert_eq!(report.totals.published, 1);
}

/// As behind some proxies: 404 to HEAD alone. The plan sees no tag, and publish doesn't believe it.
#[tokio::test]
async fn a_tag_that_head_does_not_show_is_not_overwritten() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let (ours, theirs) = (image(1), image(2));
    world.stage("app", &ours);
    let state = world.mirrors[0].state();
    theirs.push_to(&state, "prod/app", "v1");
    ours.push_to(&state, "prod/app", "v2");
    world.mirrors[0]
        .faults()
        .inject(Matcher::on(Operation::ManifestHead), Fault::status(404));
    let set = world.set(&[want("app", &ours, &["v1", "v2", "v3"])]);

    let report = world.run(&set).await;

    assert_eq!(blocked_codes(&report), ["PROMO-C050"]);
    let points_to = |tag| state.tag_digest("prod/app", tag);
    assert_eq!(points_to("v1").as_deref(), Some(theirs.digest()));
    assert_eq!(points_to("v3").as_deref(), Some(ours.digest()));
    assert_eq!(report.totals.published, 1, "{report:#?}");
}

/// A registry that shows nothing to HEAD and confirms no digest is looked at by GET after the PUT.
#[tokio::test]
async fn what_was_put_is_looked_for_by_get_as_well() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let one = image(1);
    world.stage("app", &one);
    world.mirrors[0].switch(|switches| switches.digest_header = false);
    world.mirrors[0]
        .faults()
        .inject(Matcher::on(Operation::ManifestHead), Fault::status(404));

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.totals.published, 1, "{report:#?}");
}

/// A PUT that is to be repeated: what somebody else put under the tag meanwhile stays.
#[tokio::test]
async fn a_tag_that_moves_before_its_put_is_repeated_is_not_overwritten() {
    let broken = [
        Fault::too_many_requests(0),
        Fault::status(503),
        Fault::Reset,
    ];
    for fault in broken {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let (ours, theirs) = (image(1), image(2));
        world.stage("app", &ours);
        let put = Matcher::on(Operation::ManifestPut).reference("v1").times(1);
        let faults = world.mirrors[0].faults();
        let gate = faults.pause(put.clone());
        faults.inject(put, fault);
        let set = world.set(&[want("app", &ours, &["v1"])]);
        let run = world.run(&set);
        let meddle = async {
            gate.reached().await;
            theirs.push_to(&world.mirrors[0].state(), "prod/app", "v1");
            gate.release();
        };

        let (report, ()) = tokio::join!(run, meddle);

        assert_eq!(blocked_codes(&report), ["PROMO-C050"], "{report:#?}");
        let standing = world.mirrors[0].state().tag_digest("prod/app", "v1");
        assert_eq!(standing.as_deref(), Some(theirs.digest()));
        let puts = world.mirrors[0].log().of(Operation::ManifestPut);
        let tries = puts
            .iter()
            .filter(|put| put.reference.as_deref() == Some("v1"));
        assert_eq!(tries.count(), 1);
    }
}

#[tokio::test]
async fn a_tag_is_put_again_after_a_passing_fault() {
    let passing = [
        (Fault::too_many_requests(0), 3),
        (Fault::status(503), 2),
        (Fault::ResetAnswer, 1),
    ];
    for (fault, times) in passing {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let one = image(1);
        world.stage("app", &one);
        let put = Matcher::on(Operation::ManifestPut).reference("v1");
        world.mirrors[0].faults().inject(put.times(times), fault);

        let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        assert_eq!(report.totals.published, 1, "{report:#?}");
        world.assert_promise().await;
    }
}

/// The same of the tag that signatures share: layers that others put meanwhile stay.
#[tokio::test]
async fn a_shared_tag_is_read_again_before_its_put_is_repeated() {
    for fault in [Fault::too_many_requests(0), Fault::status(503)] {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let one = image(1);
        world.stage("app", &one);
        let shared = format!("{}.sig", one.digest().replace(':', "-"));
        let put = Matcher::on(Operation::ManifestPut)
            .reference(&shared)
            .times(1);
        let faults = world.mirrors[0].faults();
        let gate = faults.pause(put.clone());
        faults.inject(put, fault);
        let set = world.set(&[want("app", &one, &["v1"])]);
        let first = world.run(&set);
        let second = async {
            gate.reached().await;
            let report = world.run(&set).await;
            gate.release();
            report
        };

        let (first, second) = tokio::join!(first, second);

        for report in [first, second] {
            assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        }
        let signatures = world.accepted_evidence(0, "app", one.digest()).await;
        let signatures = signatures.iter().filter(|evidence| {
            let format = promo_core::ports::SignatureFormat::Sig;
            evidence.kind == promo_core::ports::EvidenceKind::Signature { format }
        });
        assert!(signatures.count() >= 1);
        let document = world.mirrors[0].state();
        let document = document.manifest("prod/app", &shared).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&document.bytes).unwrap();
        assert_eq!(document["layers"].as_array().unwrap().len(), 2, "both runs");
    }
}

#[tokio::test]
async fn a_repository_that_can_not_be_read_is_undecided_and_left_alone() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    world.mirrors[1].switch(|switches| {
        switches.forbidden.insert("prod/app".to_owned());
    });

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.totals.published, 1);
    assert_eq!(report.blocked.len(), 1);
    assert_eq!(report.outcome(), RunOutcome::Access, "{report:#?}");
    assert!(world.mirrors[1].log().writes().is_empty());
}

#[tokio::test]
async fn a_registry_that_does_not_keep_what_was_put_is_noticed() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let one = image(1);
    world.stage("app", &one);
    world.mirrors[0].switch(|switches| switches.digest_header = false);
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).reference("v1"),
        Fault::status(201),
    );

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(blocked_codes(&report), ["PROMO-C051"], "{report:#?}");
}

#[tokio::test]
async fn immutable_tags_are_left_with_their_code() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let one = image(1);
    world.stage("app", &one);
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).reference("v1"),
        Fault::status(409),
    );

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.totals.blocked, 1);
    assert_eq!(report.outcome(), RunOutcome::Nothing, "{report:#?}");
}

#[tokio::test]
async fn fail_fast_stops_before_anything_is_written() {
    let world = World::start().await;
    let (ours, theirs, other) = (image(1), image(2), image(3));
    world.stage("app", &ours);
    world.stage("other", &other);
    theirs.push_to(&world.mirrors[0].state(), "prod/app", "v1");
    let set = world.set(&[want("app", &ours, &["v1"]), want("other", &other, &["v1"])]);
    let mut settings = world.settings();
    settings.plan.fail_fast = true;

    let error = world.try_run(settings, &set).await.unwrap_err();

    assert_eq!(error.code().as_str(), "PROMO-C006");
    for mirror in &world.mirrors {
        assert!(mirror.log().writes().is_empty());
    }
}

#[tokio::test]
async fn two_runs_at_once_agree() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);

    let (first, second) = tokio::join!(world.run(&set), world.run(&set));

    assert_eq!(first.outcome(), RunOutcome::Done, "{first:#?}");
    assert_eq!(second.outcome(), RunOutcome::Done, "{second:#?}");
    // Either may have made the evidence, so there may be two of a kind, and none is missing.
    for mirror in 0..2 {
        assert!(
            world
                .accepted_evidence(mirror, "app", one.digest())
                .await
                .len()
                >= 3
        );
    }
}
