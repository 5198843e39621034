//! Evidence: made once, the same everywhere, reused, and asked for.

use promo_core::pipeline::{EdgeResult, EvidenceScope};
use promo_core::report::RunOutcome;
use promo_testkit::registry::{Answer, Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, all_kinds, blocked_codes, image, want};

#[tokio::test]
async fn mirrors_hold_the_same_bytes() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    world.run(&world.set(&[want("app", &one, &["v1"])])).await;
    let first = world.accepted_evidence(0, "app", one.digest()).await;
    assert_eq!(first.len(), all_kinds().len());
    assert_eq!(first, world.accepted_evidence(1, "app", one.digest()).await);
}

#[tokio::test]
async fn a_mirror_that_is_added_later_gets_the_evidence_of_the_others() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let first_only = [world.mirrors[0].host()];
    world
        .run(&world.set_for(&first_only, &[want("app", &one, &["v1"])]))
        .await;
    assert!(world.mirrors[1].state().repositories().is_empty());

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.totals.published, 1);
    let first = world.accepted_evidence(0, "app", one.digest()).await;
    assert_eq!(first, world.accepted_evidence(1, "app", one.digest()).await);
    world.assert_promise().await;
}

#[tokio::test]
async fn a_registry_that_refuses_evidence_first_gets_the_manifest_by_digest_and_the_report_says_so()
{
    let options =
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(400));
    let world = World::with_mirrors(vec![options]).await;
    let (tagged, untagged) = (image(1), image(2));
    world.stage("app", &tagged);
    world.stage("app", &untagged);

    let report = world
        .run(&world.set(&[want("app", &tagged, &["v1"]), want("app", &untagged, &[])]))
        .await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    for edge in &report.edges {
        let published_first = EdgeResult::Published {
            manifest_first: true,
        };
        assert_eq!(edge.result, published_first);
    }
    world.assert_proven_once(0, "app", tagged.digest()).await;
    world.assert_proven_once(0, "app", untagged.digest()).await;
}

/// A refusal that passes, or that is about something else, shows no image before its evidence.
#[tokio::test]
async fn the_manifest_goes_first_only_where_its_evidence_is_refused_for_want_of_it() {
    for (status, times, published) in [
        (408, 1, false),
        (400, 1, true),
        (404, 1, true),
        (413, 9, false),
    ] {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let one = image(1);
        world.stage("app", &one);
        world.mirrors[0].faults().inject(
            Matcher::on(Operation::ManifestPut).times(times),
            Fault::status(status),
        );

        let report = world.run(&world.set(&[want("app", &one, &[])])).await;

        let [edge] = report.edges.as_slice() else {
            panic!("{report:#?}");
        };
        match &edge.result {
            EdgeResult::Published { manifest_first } => assert!(!manifest_first, "{status}"),
            EdgeResult::Blocked(blocked) => {
                assert!(!published && !blocked.incomplete, "{status}: {blocked:?}");
            }
            other => panic!("{status}: {other:?}"),
        }
        let is_there = one.is_in(&world.mirrors[0].state(), "prod/app");
        let is_published = matches!(edge.result, EdgeResult::Published { .. });
        assert_eq!(is_there, is_published, "{status}: {report:#?}");
    }
}

#[tokio::test]
async fn an_image_that_had_to_go_first_and_gets_no_evidence_is_incomplete() {
    let options =
        RegistryOptions::default().switch(|switches| switches.missing_subject = Some(404));
    let world = World::with_mirrors(vec![options]).await;
    let one = image(1);
    world.stage("app", &one);
    let fallback = format!("{}.sig", one.digest().replace(':', "-"));
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).reference(&fallback),
        Fault::status(400),
    );

    let report = world.run(&world.set(&[want("app", &one, &[])])).await;

    let [edge] = report.edges.as_slice() else {
        panic!("{report:#?}");
    };
    let EdgeResult::Blocked(blocked) = &edge.result else {
        panic!("{report:#?}");
    };
    assert!(blocked.incomplete, "{blocked:?}");
}

/// A registry without the referrers API refuses the list in its place, because something that is listed isn't there: to
/// put the image first wouldn't help, and show it without evidence.
#[tokio::test]
async fn a_list_of_referrers_that_is_refused_does_not_show_the_image() {
    let options = RegistryOptions::default().switch(|switches| switches.referrers_api = false);
    let world = World::with_mirrors(vec![options]).await;
    let one = image(1);
    world.stage("app", &one);
    let list = one.digest().replace(':', "-");
    let body = r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"unknown"}]}"#;
    let refusal = Answer::status(400).body("application/json", body);
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).reference(&list),
        Fault::Answer(refusal),
    );

    let report = world.run(&world.set(&[want("app", &one, &[])])).await;

    assert_eq!(blocked_codes(&report), ["PROMO-R074"], "{report:#?}");
    let EdgeResult::Blocked(blocked) = &report.edges[0].result else {
        panic!("{report:#?}");
    };
    assert!(
        !blocked.incomplete && blocked.message.contains("MANIFEST_BLOB_UNKNOWN"),
        "{blocked:?}"
    );
    let state = world.mirrors[0].state();
    assert!(state.manifest("prod/app", one.digest()).is_none());
}

#[tokio::test]
async fn canonical_evidence_goes_to_one_mirror() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut settings = world.settings();
    settings.evidence = EvidenceScope::Canonical(world.mirrors[1].host().parse().unwrap());

    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.totals.published, 2);
    world.assert_proven_once(1, "app", one.digest()).await;
    assert!(
        world
            .accepted_evidence(0, "app", one.digest())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_confirmed_run_without_a_signer_asks_no_registry() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let promoter = promo::Promoter::builder().build();
    let request = promo::PromoteRequest::new(promo::Extent::Confirmed);

    let refused = promoter.promote_set(&set, &request).await;

    assert_eq!(refused.unwrap_err().code().as_str(), "PROMO-C001");
    assert!(world.mirrors[0].log().is_empty());
}

#[tokio::test]
async fn going_without_evidence_must_be_asked_for_and_is_said() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut settings = world.settings();
    settings.no_sign = true;

    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.totals.published, 2);
    assert!(!report.settings.signs);
    assert!(
        world
            .accepted_evidence(0, "app", one.digest())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn complete_adds_the_evidence_that_older_tags_lack() {
    let world = World::start().await;
    let one = image(1);
    world.stage("app", &one);
    let set = world.set(&[want("app", &one, &["v1"])]);
    let mut without = world.settings();
    without.no_sign = true;
    world.try_run(without, &set).await.unwrap();
    world.run(&set).await;
    assert!(
        world
            .accepted_evidence(0, "app", one.digest())
            .await
            .is_empty()
    );

    let mut settings = world.settings();
    settings.plan.complete = true;
    let report = world.try_run(settings, &set).await.unwrap();

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_promise().await;
}
