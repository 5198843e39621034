//! How often a token is asked for: once for all, before it ends, and when it is refused.

use std::time::Duration;

use futures_util::future::join_all;
use promo_core::ports::FailureKind;
use promo_registry::WireRegistry;
use promo_testkit::google::GoogleService;
use promo_testkit::registry::{Auth, Operation};

use super::World;
use crate::support::Bench;

async fn read_many(world: &World, wire: &WireRegistry, count: usize) -> usize {
    let names: Vec<String> = (0..count).map(|number| format!("app{number}")).collect();
    for name in &names {
        world.bench.image(name, "v1");
    }
    let reads = names.iter().map(|name| world.read(wire, name));
    let outcomes = join_all(reads).await;
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[tokio::test]
async fn one_token_serves_all() {
    let world = World::new().await;
    let wire = world.wire(world.with_user());
    assert_eq!(read_many(&world, &wire, 32).await, 32);
    assert_eq!(world.asked(), [GoogleService::Refresh]);
    assert_eq!(world.bench.registry.log().count(Operation::Token), 32);
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_it_ends() {
    let world = World::new().await;
    let wire = world.wire(world.with_user());
    // The registry's own token ends after 300 seconds.
    let read_after = async |seconds| {
        world.bench.time.advance(Duration::from_secs(seconds));
        world.read(&wire, "app").await.unwrap();
        world.google.count(GoogleService::Refresh)
    };
    assert_eq!(read_after(0).await, 1);
    assert_eq!(read_after(3530).await, 1);
    world.bench.registry.tokens().revoke_all();
    assert_eq!(read_after(15).await, 2);
    assert_eq!(world.bench.registry.log().count(Operation::Token), 3);
}

#[tokio::test]
async fn a_short_token_is_used_for_half_its_life() {
    let world = World::new().await;
    let now = world.bench.time.advance(Duration::ZERO);
    let source = world.google.user_file();
    world.google.switch(|it| {
        it.lifetime = Duration::from_secs(80);
        it.now = now;
        it.hand_out(&["ya29.in-between", "ya29.access-token"]);
    });
    let wire = world.wire(world.with_file(&world.google.impersonation_file(&source)));
    for (seconds, expected) in [(0, 1), (39, 1), (2, 2)] {
        let now = world.bench.time.advance(Duration::from_secs(seconds));
        world.google.switch(|it| it.now = now);
        world.bench.image(&format!("app{seconds}"), "v1");
        world.read(&wire, &format!("app{seconds}")).await.unwrap();
        let found = world.google.count(GoogleService::Impersonation);
        assert_eq!(found, expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced() {
    for auth in [Auth::bearer(), Auth::basic("_token", "ya29.good")] {
        let bench = Bench::auth(auth.user("_token", "ya29.good")).await;
        let world = World {
            bench,
            ..World::new().await
        };
        world
            .google
            .switch(|it| it.hand_out(&["ya29.old", "ya29.good"]));
        let wire = world.wire(world.with_user());
        assert_eq!(read_many(&world, &wire, 32).await, 32);
        assert_eq!(world.google.count(GoogleService::Refresh), 2);
    }
}

#[tokio::test]
async fn tokens_that_are_all_refused_are_not_asked_for_again_and_again() {
    let world = World::new().await;
    world.google.switch(|it| it.hand_out(&["ya29.bad"]));
    let wire = world.wire(world.with_user());
    assert_eq!(read_many(&world, &wire, 32).await, 0);
    assert_eq!(world.google.count(GoogleService::Refresh), 2);
    let failure = world.read(&wire, "app").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unauthenticated);
    assert_eq!(world.google.count(GoogleService::Refresh), 2);
    world.bench.time.advance(Duration::from_secs(61));
    assert!(world.read(&wire, "app").await.is_err());
    assert_eq!(world.google.count(GoogleService::Refresh), 3);
    assert!(world.warnings().is_empty());
}

#[tokio::test]
async fn no_secret_is_shown_anywhere() {
    let world = World::new().await;
    let google = &world.google;
    let token = google.access_token();
    let service = google.service_account_file();
    let mut external = google.external_account_file(&google.subject_url());
    external["client_id"] = "client".into();
    external["client_secret"] = "client-s3cr3t".into();
    for file in [
        google.user_file(),
        service.clone(),
        external,
        google.impersonation_file(&service),
    ] {
        let settings = world.with_file(&file);
        let wire = world.wire(settings.clone());
        world.read(&wire, "app").await.unwrap();
        let shown = format!("{settings:?} {wire:?}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
        assert!(!shown.contains(&token), "{shown}");
        let pem = service["private_key"].as_str().unwrap();
        let hidden = pem.lines().nth(3).unwrap();
        assert!(!shown.contains(hidden), "{shown}");
        assert!(shown.contains("GoogleCredentials"), "{shown}");
    }
}
