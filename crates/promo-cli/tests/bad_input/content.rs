//! Registries that answer with something else than they were asked for.

use std::time::Duration;

use promo_testkit::image::{BuiltImage, ImageBuilder, IndexBuilder, Layer, media_type};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation};

use crate::support::{KEY, Output, REGISTRY_PASSWORD, World, promote};
use crate::world::untouched;

/// A run that is given a minute: what has no end must not make it wait.
async fn in_time(world: &World, more: &[&str]) -> Output {
    let mut arguments = promote(&KEY);
    arguments.extend(more);
    let run = world.sandbox.run(&arguments);
    tokio::time::timeout(Duration::from_secs(60), run)
        .await
        .unwrap()
}

fn image(name: &str) -> BuiltImage {
    ImageBuilder::new().layer(Layer::file(name, name)).build()
}

/// One image of three is bad in staging, by a fault on its manifest or as it stands: it is blocked by code.
async fn one_is_left(fault: Option<Fault>, bad: &BuiltImage, exit: i32, parts: &[&str]) {
    let world = World::start().await;
    world.also("bad", bad);
    if let Some(fault) = fault {
        let on_bad = Matcher::any().repository("team/bad");
        world.staging.faults().inject(on_bad, fault);
    }
    let run = in_time(&world, &["--report", "report.json"]).await;
    run.is(exit, parts);
    assert!(
        world
            .sandbox
            .read("report.json")
            .contains(parts[0].trim_matches(['(', ')']))
    );
    world.good_ones_are_published();
    world.nothing_of("bad");
    world.promise_holds();
}

#[tokio::test]
async fn html_from_staging() {
    let parts = ["PROMO-R014", "team/bad", "HTML"];
    one_is_left(Some(Fault::html(200)), &image("bad"), 3, &parts).await;
}

#[tokio::test]
async fn html_from_production() {
    for operation in [
        Operation::ManifestHead,
        Operation::UploadStart,
        Operation::BlobPut,
        Operation::Referrers,
        Operation::ManifestPut,
    ] {
        let world = World::start().await;
        world
            .production
            .faults()
            .inject(Matcher::on(operation), Fault::html(200));
        let run = in_time(&world, &[]).await;
        run.is(1, &["PROMO-"]);
        assert_eq!(world.published("app"), None, "{operation:?}\n{run}");
        world.promise_holds();
        world.completed().await;
    }
}

#[tokio::test]
async fn html_from_the_token_server() {
    let auth = Auth::bearer().user("robot", REGISTRY_PASSWORD);
    let world = World::with_production(auth).await;
    world.log_in();
    world
        .production
        .faults()
        .inject(Matcher::on(Operation::Token), Fault::html(200));
    let run = in_time(&world, &[]).await;
    run.is(1, &["PROMO-R0", "undecided"]);
    untouched(&world.production);
    world.completed().await;
}

#[tokio::test]
async fn endless_manifests() {
    one_is_left(
        Some(Fault::Endless),
        &image("bad"),
        3,
        &["PROMO-R010", "team/bad"],
    )
    .await;
}

#[tokio::test]
async fn endless_answers_of_production() {
    for operation in [
        Operation::ManifestGet,
        Operation::Referrers,
        Operation::ManifestPut,
    ] {
        let world = World::start().await;
        world
            .production
            .faults()
            .inject(Matcher::on(operation), Fault::Endless);
        let run = in_time(&world, &[]).await;
        // A PUT or a question that isn't asked needs no body; what is read has a cap.
        assert!(matches!(run.code, Some(0 | 1 | 3)), "{operation:?}\n{run}");
        world.promise_holds();
        world.completed().await;
    }
}

#[tokio::test]
async fn endless_lists() {
    let world = World::start().await;
    world
        .staging
        .faults()
        .inject(Matcher::on(Operation::TagList), Fault::Endless);
    let registry = format!("{}/team", world.staging.host());
    let arguments = ["snapshot", &registry];
    let run = world.sandbox.run(&arguments);
    let run = tokio::time::timeout(Duration::from_secs(60), run)
        .await
        .unwrap();
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("PROMO-R010"), "{run}");
    assert!(!run.stdout.contains("sha256"), "{run}");
}

#[tokio::test]
async fn manifests_that_are_not_what_their_digest_says() {
    let bad = image("bad");
    let world = World::start().await;
    world.also("bad", &bad);
    assert!(
        world
            .staging
            .state()
            .corrupt_manifest("team/bad", bad.digest())
    );
    let run = in_time(&world, &[]).await;
    run.is(5, &["PROMO-R0", "team/bad", bad.digest()]);
    world.good_ones_are_published();
    world.nothing_of("bad");
}

#[tokio::test]
async fn a_source_that_names_another_digest() {
    let fault = Fault::digest_header(image("other").digest());
    one_is_left(Some(fault), &image("bad"), 5, &["PROMO-R011", "team/bad"]).await;
}

/// A destination that acknowledges each manifest as another one has not published anything.
#[tokio::test]
async fn a_destination_that_acknowledges_another_digest() {
    let world = World::start().await;
    let other = Fault::digest_header(image("other").digest());
    let tags = Matcher::on(Operation::ManifestPut).repository("team/app");
    world.production.faults().inject(tags, other);
    let run = in_time(&world, &[]).await;
    run.is(5, &["PROMO-R011", "team/app"]);
    world.promise_holds();
    world.completed().await;
}

#[tokio::test]
async fn blobs_that_are_not_what_their_digest_says() {
    for fault in [Fault::Corrupt, Fault::Truncate { after: 3 }] {
        let bad = image("bad");
        let world = World::start().await;
        world.also("bad", &bad);
        let layer = &bad.blobs().last().unwrap().digest;
        let blob = Matcher::on(Operation::BlobGet)
            .repository("team/bad")
            .reference(layer);
        world.staging.faults().inject(blob, fault);
        let run = in_time(&world, &[]).await;
        assert!(matches!(run.code, Some(3 | 5)), "{run}");
        run.is(run.code.unwrap(), &["PROMO-R0", "team/bad"]);
        world.good_ones_are_published();
        world.nothing_of("bad");
        assert!(!world.production.state().has_blob("team/bad", layer));
    }
}

/// No index can hold its own digest, so its registry has to lie.
#[tokio::test]
async fn an_index_that_contains_itself() {
    let world = World::start().await;
    let own = format!("sha256:{}", "5".repeat(64));
    let document = format!(
        r#"{{"schemaVersion":2,"mediaType":"{0}","manifests":[{{"mediaType":"{0}","digest":"{own}","size":321}}]}}"#,
        media_type::OCI_INDEX,
    );
    let state = world.staging.state();
    state.put_manifest_as("team/bad", &own, media_type::OCI_INDEX, document);
    world.want("bad", &own);
    let run = in_time(&world, &[]).await;
    run.is(5, &["PROMO-R0", "team/bad", &own]);
    world.good_ones_are_published();
    world.nothing_of("bad");
}

#[tokio::test]
async fn an_index_of_100_000_children() {
    // With the shortest descriptors that can be, it fits the cap on manifests: the number is what refuses it.
    let child = |n: u64| {
        format!(
            r#"{{"mediaType":"{}","digest":"sha256:{n:064x}","size":9}}"#,
            media_type::OCI_MANIFEST
        )
    };
    // What is beyond the cap can't be kept, so copying reads it once more.
    for (children, code, read) in [(100_000, "PROMO-R0", 2), (20_000, "PROMO-R049", 1)] {
        let list: Vec<String> = (0..children).map(child).collect();
        let document = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#,
            media_type::OCI_INDEX,
            list.join(",")
        );
        let bad = BuiltImage::raw(media_type::OCI_INDEX, document);
        let world = World::start().await;
        world.also("bad", &bad);
        let run = in_time(&world, &[]).await;
        run.is(3, &[code, "team/bad"]);
        let reads = world.staging.log().filter(|entry| {
            entry.operation == Operation::ManifestGet
                && entry.repository.as_deref() == Some("team/bad")
        });
        assert_eq!(reads.len(), read);
        world.good_ones_are_published();
        world.nothing_of("bad");
    }
}

#[tokio::test]
async fn an_index_whose_children_are_missing() {
    let bad = IndexBuilder::new()
        .image(image("one"))
        .missing_child(7)
        .build();
    one_is_left(
        None,
        &bad,
        3,
        &["PROMO-R041", "team/bad", "hint: push the whole index"],
    )
    .await;
}

#[tokio::test]
async fn compressed_answers() {
    let fault = Some(Fault::gzip_header());
    one_is_left(fault, &image("bad"), 3, &["PROMO-R015", "team/bad"]).await;
}

/// The registry keeps its tags: the list of moves allows it, the registry doesn't.
#[tokio::test]
async fn an_immutable_tag() {
    for status in [400, 403, 409, 412] {
        let world = World::start().await;
        let old = image("old");
        old.push_to(&world.production.state(), "team/app", "v1");
        world
            .production
            .switch(|switches| switches.immutable_tags = Some(status));
        let moves = format!(
            "- repository: {}/team/app\n  tag: v1\n  from: {}\n  to: {}\n",
            world.production.host(),
            old.digest(),
            world.digest("app"),
        );
        world.sandbox.write("moves.yaml", &moves);
        let run = in_time(&world, &["--allow-tag-moves", "moves.yaml"]).await;
        run.is(
            3,
            &[
                "PROMO-R008",
                "team/app:v1",
                "hint: the tag points to another digest",
            ],
        );
        assert_eq!(world.published("app").as_deref(), Some(old.digest()));
        assert!(world.published("server").is_some());
    }
}
