//! Whether we may push is asked of each host once; what refuses is closed, and nothing else.

use promo_core::report::RunOutcome;
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};

use crate::world::{World, blocked_codes, image, want};

/// Three images, each with a repository of its own.
fn stage_three(world: &World) -> promo_core::manifest::ManifestSet {
    let images = [image(1), image(2), image(3)];
    let names = ["app", "bar", "car"];
    let wanted: Vec<_> = names
        .iter()
        .zip(&images)
        .map(|(name, image)| {
            world.stage(name, image);
            want(name, image, &["v1"])
        })
        .collect();
    world.set(&wanted)
}

#[tokio::test]
async fn what_becomes_of_the_cancel_decides_nothing() {
    for status in [400, 401, 404, 405, 500] {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let set = stage_three(&world);
        let cancels = Matcher::on(Operation::UploadCancel);
        world.mirrors[0]
            .faults()
            .inject(cancels, Fault::status(status));

        let report = world.run(&set).await;

        assert_eq!(report.outcome(), RunOutcome::Done, "{status}: {report:#?}");
        let log = world.mirrors[0].log();
        assert_eq!(log.count(Operation::UploadCancel), 1, "{status}");
    }
}

#[tokio::test]
async fn a_repository_that_refuses_does_not_stand_for_its_host() {
    // ECR's missing repository, Harbor's forbidden project, and one that is broken for good.
    for status in [404, 403, 503] {
        let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
        let set = stage_three(&world);
        let pushes = Matcher::writes().repository("prod/app");
        world.mirrors[0]
            .faults()
            .inject(pushes, Fault::status(status));

        let report = world.run(&set).await;

        assert_eq!(report.totals.published, 2, "{status}: {report:#?}");
        assert_eq!(blocked_codes(&report).len(), 1, "{status}");
        let log = world.mirrors[0].log();
        let pushed = |entry: &promo_testkit::registry::LogEntry| {
            entry.repository.as_deref() == Some("prod/app")
                && matches!(entry.operation, Operation::Mount | Operation::BlobPut)
        };
        assert!(!log.entries().iter().any(pushed), "{status}");
    }
}

#[tokio::test]
async fn a_host_that_accepts_is_asked_once() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let set = stage_three(&world);

    world.run(&set).await;

    assert_eq!(world.mirrors[0].log().count(Operation::UploadCancel), 1);
}

#[tokio::test]
async fn a_host_that_only_fails_is_not_asked_for_each_repository() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let wanted: Vec<_> = (1..=9)
        .map(|number| {
            let (name, image) = (format!("app{number}"), image(number));
            world.stage(&name, &image);
            want(&name, &image, &["v1"])
        })
        .collect();
    let fault = world.mirrors[0]
        .faults()
        .inject(Matcher::writes(), Fault::status(503));

    let report = world.run(&world.set(&wanted)).await;

    assert_eq!(blocked_codes(&report).len(), 9);
    let asked: std::collections::BTreeSet<_> = world.mirrors[0]
        .log()
        .writes()
        .into_iter()
        .map(|entry| entry.repository)
        .collect();
    assert_eq!(asked.len(), 3, "{} writes", fault.hits());
}

#[tokio::test]
async fn a_repository_that_refuses_later_is_found_out_when_it_is_copied_to() {
    let world = World::with_mirrors(vec![RegistryOptions::default()]).await;
    let set = stage_three(&world);
    let pushes = Matcher::writes().repository("prod/car");
    world.mirrors[0].faults().inject(pushes, Fault::status(403));

    let report = world.run(&set).await;

    assert_eq!(report.totals.published, 2, "{report:#?}");
    assert_eq!(report.outcome(), RunOutcome::Access);
    world.assert_promise().await;
}

#[tokio::test]
async fn tokens_without_the_right_to_delete_are_enough() {
    let options = RegistryOptions::default().auth(Auth::bearer().user("ann", "s3cr3t"));
    let world = World::with_mirrors(vec![options])
        .await
        .login("ann", "s3cr3t");
    let set = stage_three(&world);

    let report = world.run(&set).await;

    assert_eq!(report.outcome(), RunOutcome::Done, "{report:#?}");
    let log = world.mirrors[0].log();
    let refused = log.of(Operation::UploadCancel);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].status, Some(401));
}
