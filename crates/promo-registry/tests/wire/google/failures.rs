//! Ways that lead nowhere: what is told, and that another way is gone.

use std::time::Duration;

use promo_registry::RetrySettings;
use promo_testkit::google::{GoogleService, GoogleServices};
use serde_json::json;

use super::{World, gcloud, printed, runs};

#[tokio::test]
async fn a_way_that_fails_is_told_once_and_the_next_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    for name in ["one", "two", "three"] {
        world.bench.image(name, "v1");
    }
    world.google.switch(|it| it.revoked = true);
    let mut settings = world.with_user();
    let script = printed(&world.google.access_token(), "2026-01-01T01:00:00Z");
    settings.gcloud = Some(gcloud(folder.path(), &script));
    let wire = world.wire(settings);
    for name in ["one", "two"] {
        world.read(&wire, name).await.unwrap();
        assert_eq!(world.user(), "_token");
    }
    world.bench.time.advance(Duration::from_secs(3550));
    world.read(&wire, "three").await.unwrap();
    assert_eq!(world.google.count(GoogleService::Refresh), 2);
    assert_eq!(world.warnings(), ["PROMO-R018"]);
    let (_, message) = world.bench.events.warnings().remove(0);
    assert!(message.contains("the credentials file"), "{message}");
    assert!(message.contains("invalid_grant"), "{message}");
    assert!(!message.contains("revoked"), "{message}");
}

#[tokio::test]
async fn after_all_ways_comes_the_other_source() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        format!("{}; exit 1", printed("s3cr3t", "2026-01-01T01:00:00Z")),
        "echo 's3cr3t is no JSON'".to_owned(),
        "yes s3cr3t".to_owned(),
        printed("s3cr3t", "2025-12-31T23:59:59Z"),
        printed("", "2026-01-01T01:00:00Z"),
    ];
    for script in cases {
        let world = World::new().await;
        let mut settings = world.settings();
        settings.gcloud = Some(gcloud(folder.path(), &script));
        let wire = world.wire(settings);
        world.read(&wire, "app").await.unwrap();
        assert_eq!(world.user(), "ann", "{script}");
        assert_eq!(world.warnings(), ["PROMO-R020"], "{script}");
    }
    let world = World::new().await;
    let mut settings = world.settings();
    settings.gcloud = Some(folder.path().join("missing"));
    let wire = world.wire(settings);
    world.read(&wire, "app").await.unwrap();
    assert_eq!(
        (world.user(), world.warnings().len()),
        ("ann".to_owned(), 1)
    );
}

#[tokio::test]
async fn that_there_is_nothing_is_remembered_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let mut settings = world.settings();
    settings.gcloud = Some(gcloud(folder.path(), "exit 1"));
    let wire = world.wire(settings);
    for name in ["a", "b", "c"] {
        world.bench.image(name, "v1");
        world.read(&wire, name).await.unwrap();
    }
    assert_eq!(runs(folder.path()), 1);
    world.bench.time.advance(Duration::from_secs(301));
    world.read(&wire, "a").await.unwrap();
    assert_eq!(runs(folder.path()), 2);
    assert_eq!(world.warnings().len(), 1);
}

#[tokio::test]
async fn what_is_no_metadata_server_or_has_no_account_is_nothing() {
    for is_server in [true, false] {
        let world = World::new().await;
        world.google.switch(|it| {
            it.metadata_flavor = is_server;
            it.machine_account = !is_server;
        });
        let wire = world.wire(world.with_metadata());
        world.read(&wire, "app").await.unwrap();
        assert_eq!(world.user(), "ann");
        assert_eq!(world.google.count(GoogleService::MetadataToken), 1);
        assert!(world.warnings().is_empty());
    }
}

/// A world in which an image was read although Google's services failed so often, by the file and by the metadata
/// server.
async fn worlds_that_read(failures: u32) -> [World; 2] {
    let worlds = [World::new().await, World::new().await];
    let settings = [worlds[0].with_user(), worlds[1].with_metadata()];
    for (world, settings) in worlds.iter().zip(settings) {
        world.google.switch(|it| it.failures = failures);
        let wire = world.wire(settings);
        world.read(&wire, "app").await.unwrap();
    }
    worlds
}

#[tokio::test]
async fn services_that_are_broken_for_a_moment_are_asked_again() {
    for world in worlds_that_read(2).await {
        assert_eq!(world.user(), "_token");
        assert_eq!(world.google.log().len(), 3);
        assert!(world.warnings().is_empty());
    }
}

#[tokio::test]
async fn services_that_stay_broken_are_told() {
    for world in worlds_that_read(100).await {
        assert_eq!(world.user(), "ann");
        let attempts = usize::try_from(RetrySettings::default().attempts).unwrap();
        assert_eq!(world.google.log().len(), attempts);
        assert_eq!(world.warnings(), ["PROMO-R005"]);
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let elsewhere = GoogleServices::start().await.unwrap();
    let target = format!("http://{}/token", elsewhere.host());
    world.google.switch(|it| it.redirect = Some(target));
    let google = &world.google;
    let external = google.external_account_file(&google.subject_url());
    for settings in [
        world.with_user(),
        world.with_metadata(),
        world.with_file(&google.service_account_file()),
        world.with_file(&external),
    ] {
        let wire = world.wire(settings);
        world.read(&wire, "app").await.unwrap();
        assert_eq!(world.user(), "ann");
    }
    assert!(elsewhere.log().is_empty());
    assert_eq!(google.log().len(), 4);
    assert_eq!(world.warnings(), ["PROMO-R014"; 4]);
}

#[tokio::test]
async fn an_answer_beyond_the_cap_is_refused() {
    let world = World::new().await;
    world.google.switch(|it| it.padding = 64 << 10);
    for settings in [world.with_user(), world.with_metadata()] {
        let wire = world.wire(settings);
        world.read(&wire, "app").await.unwrap();
        assert_eq!(world.user(), "ann");
    }
    assert_eq!(world.warnings(), ["PROMO-R010"; 2]);
}

#[tokio::test]
async fn what_a_file_names_and_is_not_there_is_told_without_its_content() {
    let world = World::new().await;
    let source = json!({"file": "/nowhere/s3cr3t"});
    let wire = world.wire(world.with_file(&world.google.external_account_file(&source)));
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "ann");
    assert_eq!(world.warnings(), ["PROMO-R026"]);
    assert!(world.google.log().is_empty());
}

#[tokio::test]
async fn a_subject_token_beyond_its_cap_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("subject");
    let world = World::new().await;
    // It would be right without what is behind it.
    let padding = " ".repeat(64 << 10);
    std::fs::write(&subject, world.google.subject_token().to_owned() + &padding).unwrap();
    let source = json!({"file": subject});
    let wire = world.wire(world.with_file(&world.google.external_account_file(&source)));
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "ann");
    assert_eq!(world.warnings(), ["PROMO-R026"]);
    assert!(world.google.log().is_empty());
}
