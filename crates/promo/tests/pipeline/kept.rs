//! Registries that accept evidence and don't keep it: what is claimed to stand is looked at right before publish.

use promo_core::pipeline::EdgeResult;
use promo_core::report::{Report, RunOutcome};
use promo_testkit::image::IndexBuilder;
use promo_testkit::registry::{Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

/// The two ways in which referrers are kept.
const APIS: [bool; 2] = [true, false];

async fn world(referrers_api: bool) -> World {
    World::with_mirrors(vec![
        RegistryOptions::default().switch(|switches| switches.referrers_api = referrers_api),
    ])
    .await
}

/// How many requests promoting one image takes when nothing goes wrong.
async fn usual_requests(referrers_api: bool) -> u64 {
    let world = world(referrers_api).await;
    let one = image(1);
    world.stage("app", &one);
    world.run(&world.set(&[want("app", &one, &["v1"])])).await;
    world.mirrors[0].log().len() as u64
}

fn is_incomplete(report: &Report) -> bool {
    report.edges.iter().any(|edge| match &edge.result {
        EdgeResult::Blocked(blocked) => blocked.incomplete,
        _ => false,
    })
}

#[tokio::test]
async fn a_registry_that_keeps_no_manifest_of_evidence_gets_no_tag() {
    for api in APIS {
        let world = world(api).await;
        world.mirrors[0].switch(|switches| switches.check_references = false);
        let one = image(1);
        world.stage("app", &one);
        world.mirrors[0]
            .faults()
            .inject(Matcher::on(Operation::ManifestPut), Fault::KeepNothing);

        let report = world
            .run(&world.set(&[want("app", &one, &["v1"]), want("app", &one, &[])]))
            .await;

        let code = if api { "PROMO-S024" } else { "PROMO-R023" };
        assert_eq!(blocked_codes(&report)[0], code, "{report:#?}");
        assert_eq!(report.totals.published, 0);
        assert_eq!(world.mirrors[0].state().tag_digest("prod/app", "v1"), None);
        assert!(!is_incomplete(&report));
    }
}

/// The PUT of the tag is answered by 503, and before it is repeated a collector takes the evidence: it was looked at
/// before, and no tag is put on that word.
#[tokio::test]
async fn evidence_that_goes_while_a_tag_is_put_again_gets_no_tag() {
    for taken in [true, false] {
        let world = world(true).await;
        let one = image(1);
        world.stage("app", &one);
        let faults = world.mirrors[0].faults();
        let put = Matcher::on(Operation::ManifestPut).reference("v1").times(1);
        faults.inject(put, Fault::status(503));
        // The tag is asked for before each PUT.
        let look = Matcher::on(Operation::ManifestGet).reference("v1");
        let gate = faults.pause(look.after(1).times(1));
        let set = world.set(&[want("app", &one, &["v1"])]);
        let meddle = async {
            gate.reached().await;
            let state = world.mirrors[0].state();
            for referrer in state.referrers("prod/app", one.digest()) {
                assert!(!taken || state.delete_manifest("prod/app", &referrer));
            }
            gate.release();
        };
        let (report, ()) = tokio::join!(world.run(&set), meddle);
        let tag = world.mirrors[0].state().tag_digest("prod/app", "v1");
        if taken {
            assert_eq!(blocked_codes(&report), ["PROMO-C041"], "{report:#?}");
            assert_eq!(tag, None);
            // The next run brings it back.
            assert_eq!(world.run(&set).await.outcome(), RunOutcome::Done);
        } else {
            assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
        }
        world.assert_promise().await;
    }
}

#[tokio::test]
async fn a_registry_that_lists_no_referrers_of_what_is_not_there_is_taken_by_what_is_there() {
    for keeps in [true, false] {
        let world = world(true).await;
        world.mirrors[0].switch(|switches| switches.referrers_of_missing = false);
        let one = image(1);
        world.stage("app", &one);
        if !keeps {
            let bundles = Matcher::on(Operation::ManifestPut);
            world.mirrors[0]
                .faults()
                .inject(bundles, Fault::KeepNothing);
        }

        let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

        let tag = world.mirrors[0].state().tag_digest("prod/app", "v1");
        if keeps {
            assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
            assert_eq!(tag.as_deref(), Some(one.digest()));
            world.assert_promise().await;
        } else {
            assert_eq!(report.totals.published, 0, "{report:#?}");
            assert_eq!(tag, None);
        }
    }
}

/// It answers 201 to each blob, and has none of them when the manifest comes.
#[tokio::test]
async fn a_registry_that_keeps_no_blob_gets_no_tag() {
    let world = world(true).await;
    let one = image(1);
    world.stage("app", &one);
    let blobs = Matcher::on(Operation::BlobPut).or(Operation::BlobPost);
    world.mirrors[0].faults().inject(blobs, Fault::KeepNothing);

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(report.totals.published, 0, "{report:#?}");
    assert_eq!(blocked_codes(&report).len(), 1, "{report:#?}");
    assert_eq!(world.mirrors[0].state().tag_digest("prod/app", "v1"), None);
}

#[tokio::test]
async fn bundles_that_are_not_kept_are_left_with_their_code() {
    let world = world(true).await;
    let one = image(1);
    world.stage("app", &one);
    let sig = format!("{}.sig", one.digest().replace(':', "-"));
    // Everything but `.sig` is forgotten: that one is put second, and once only.
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).times(1),
        Fault::KeepNothing,
    );
    world.mirrors[0].faults().inject(
        Matcher::on(Operation::ManifestPut).after(2),
        Fault::KeepNothing,
    );

    let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

    assert_eq!(blocked_codes(&report), ["PROMO-C041"], "{report:#?}");
    let state = world.mirrors[0].state();
    assert!(state.tag_digest("prod/app", &sig).is_some());
    assert_eq!(state.tag_digest("prod/app", "v1"), None);
}

/// Each PUT of evidence in turn is answered 201 and forgotten, once: it is put again, and the image is published.
#[tokio::test]
async fn evidence_that_was_not_kept_once_is_attached_again() {
    for api in APIS {
        for operation in [Operation::ManifestPut, Operation::BlobPut] {
            for put in 0.. {
                let world = world(api).await;
                world.mirrors[0].switch(|switches| switches.check_references = false);
                let one = image(1);
                world.stage("app", &one);
                // Config and layers of the image come before any evidence.
                let before = if operation == Operation::BlobPut {
                    3
                } else {
                    0
                };
                let faults = world.mirrors[0].faults();
                let fault = faults.inject(
                    Matcher::on(operation).after(before + put).times(1),
                    Fault::KeepNothing,
                );

                let report = world.run(&world.set(&[want("app", &one, &["v1"])])).await;

                if fault.hits() == 0 {
                    assert!(put > 2, "{operation:?} was asked for {put} times only");
                    break;
                }
                // The last PUT is the image's own, and the registry confirmed it.
                let state = world.mirrors[0].state();
                if state.tag_digest("prod/app", "v1").is_some() {
                    assert_eq!(report.outcome(), RunOutcome::Done, "{put}: {report:#?}");
                    world.assert_promise().await;
                }
            }
        }
    }
}

/// A collector comes before each request in turn. Evidence is about a digest that isn't there yet.
#[tokio::test]
async fn a_collector_takes_evidence_whose_subject_is_not_there() {
    for api in APIS {
        let requests = usual_requests(api).await;
        for request in 0.. {
            let world = world(api).await;
            let one = image(1);
            world.stage("app", &one);
            let set = world.set(&[want("app", &one, &["v1"])]);
            let collector = world.mirrors[0].faults().inject(
                Matcher::any().after(request).times(1),
                Fault::CollectOrphans,
            );

            let report = world.run(&set).await;

            // Between the last look and the PUT there is one HEAD. What comes then is seen by nobody.
            if request + 2 >= requests {
                break;
            }
            assert_eq!(collector.hits(), 1);
            assert_eq!(report.outcome(), RunOutcome::Done, "{request}: {report:#?}");
            world.assert_promise().await;
        }
    }
}

#[tokio::test]
async fn evidence_of_children_is_looked_at_as_well() {
    let world = world(true).await;
    let child = image(2);
    let index = IndexBuilder::new().image(child.clone()).build();
    world.stage("app", &index);
    let mut settings = world.settings();
    settings.recursive = true;
    let set = world.set(&[want("app", &index, &["v1"])]);
    // The first list of referrers of the child is that of the survey; before the second its evidence is gone.
    let faults = world.mirrors[0].faults();
    let gate = faults.pause(
        Matcher::on(Operation::Referrers)
            .reference(child.digest())
            .after(1)
            .times(1),
    );
    let run = world.try_run(settings, &set);
    let meddle = async {
        gate.reached().await;
        let state = world.mirrors[0].state();
        for referrer in state.referrers("prod/app", child.digest()) {
            assert!(state.delete_manifest("prod/app", &referrer));
        }
        gate.release();
    };

    let (report, ()) = tokio::join!(run, meddle);

    let report = report.unwrap();
    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    world.assert_proven_once(0, "app", child.digest()).await;
    world.assert_promise().await;
}
