//! Each way to a token, their order, and the hosts for which none is gone.

use std::time::Duration;

use promo_core::oci::RegistryHost;
use promo_core::ports::Registry;
use promo_registry::ProxySettings;
use promo_registry::auth::MetadataServer;
use promo_testkit::google::GoogleService;
use serde_json::json;

use super::{World, gcloud, printed, runs};
use crate::support::{Bench, tag};

#[tokio::test]
async fn every_type_of_file_opens_a_registry() {
    use GoogleService::{Assertion, Exchange, Impersonation, Refresh, Subject};

    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("subject");
    let world = World::new().await;
    std::fs::write(&subject, format!("{}\n", world.google.subject_token())).unwrap();
    let google = &world.google;
    let in_file = google.external_account_file(&json!({"file": subject}));
    let at_url = google.external_account_file(&google.subject_url());
    let mut through = in_file.clone();
    through["service_account_impersonation_url"] = google.impersonation_url().into();
    let user = google.user_file();
    let service = google.service_account_file();
    for (file, expected) in [
        (user.clone(), vec![Refresh]),
        (service.clone(), vec![Assertion]),
        (in_file, vec![Exchange]),
        (at_url, vec![Subject, Exchange]),
        (through, vec![Exchange, Impersonation]),
        (
            google.impersonation_file(&user),
            vec![Refresh, Impersonation],
        ),
        (
            google.impersonation_file(&service),
            vec![Assertion, Impersonation],
        ),
    ] {
        let before = google.log().len();
        // The token of the last step is the one that counts.
        let good = google.access_token();
        if expected.contains(&Impersonation) {
            google.switch(|it| it.hand_out(&["ya29.in-between", &good]));
        }
        let wire = world.wire(world.with_file(&file));
        world.read(&wire, "app").await.unwrap();
        assert_eq!(world.user(), "_token", "{expected:?}");
        assert_eq!(world.asked()[before..], expected);
    }
    assert!(world.warnings().is_empty());
}

#[tokio::test]
async fn a_client_of_its_own_shows_itself_where_tokens_are_exchanged() {
    let world = World::new().await;
    let google = &world.google;
    let mut file = google.external_account_file(&google.subject_url());
    file["client_id"] = "client".into();
    file["client_secret"] = "pass".into();
    let wire = world.wire(world.with_file(&file));
    world.read(&wire, "app").await.unwrap();
    assert_eq!(
        world.asked(),
        [GoogleService::Subject, GoogleService::Exchange]
    );
    let log = google.log();
    // client:pass
    assert_eq!(
        log[1].authorization.as_deref(),
        Some("Basic Y2xpZW50OnBhc3M=")
    );
}

#[tokio::test]
async fn a_statement_of_another_key_is_refused() {
    let world = World::new().await;
    let other = World::new().await;
    let mut file = world.google.service_account_file();
    file["private_key"] = other.google.service_account_file()["private_key"].clone();
    let wire = world.wire(world.with_file(&file));
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "ann");
    assert_eq!(world.google.count(GoogleService::Assertion), 1);
    assert_eq!(world.warnings(), ["PROMO-R018"]);
}

#[tokio::test]
async fn a_subject_token_is_read_anew_for_each_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let subject = folder.path().join("subject.json");
    let write = |token: &str| std::fs::write(&subject, json!({"t": token}).to_string()).unwrap();
    let world = World::new().await;
    let source = json!({
        "file": subject,
        "format": {"type": "json", "subject_token_field_name": "t"},
    });
    let wire = world.wire(world.with_file(&world.google.external_account_file(&source)));
    write("out of date");
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "ann");
    write(world.google.subject_token());
    world.bench.time.advance(Duration::from_secs(301));
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "_token");
    assert_eq!(world.google.count(GoogleService::Exchange), 2);
    assert_eq!(world.warnings(), ["PROMO-R018"]);
}

#[tokio::test]
async fn the_metadata_server_opens_a_registry_without_a_proxy() {
    let world = World::new().await;
    // Nobody listens there, and only the registry is excepted.
    let proxies = ProxySettings::default()
        .with_http("http://127.0.0.1:9")
        .unwrap()
        .with_exceptions([world.bench.host().to_string()]);
    let wire = world
        .bench
        .builder()
        .proxies(proxies)
        .google(world.with_metadata())
        .build()
        .unwrap();
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "_token");
    assert_eq!(world.asked(), [GoogleService::MetadataToken]);
}

#[tokio::test]
async fn gcloud_opens_a_registry() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let token = world.google.access_token();
    let mut settings = world.settings();
    let script = printed(&token, "2026-01-01T01:00:00Z");
    settings.gcloud = Some(gcloud(folder.path(), &script));
    let wire = world.wire(settings);
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "_token");
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    let expected = "config config-helper --force-auth-refresh --format=json(credential)\n";
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn the_file_comes_before_the_machine_and_that_before_gcloud() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let script = printed(&world.google.access_token(), "2026-01-01T01:00:00Z");
    let mut settings = world.with_metadata();
    settings.gcloud = Some(gcloud(folder.path(), &script));
    let wire = world.wire(settings.clone());
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.asked(), [GoogleService::MetadataToken]);

    settings.default_credentials = world.with_user().default_credentials;
    let wire = world.wire(settings.clone());
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.asked()[1..], [GoogleService::Refresh]);
    assert_eq!(runs(folder.path()), 0);

    // A file that is of no use doesn't bring the machine back.
    world.google.switch(|it| it.revoked = true);
    let wire = world.wire(settings);
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "_token");
    assert_eq!(world.google.count(GoogleService::MetadataToken), 1);
    assert_eq!(runs(folder.path()), 1);
}

#[tokio::test]
async fn other_hosts_get_nothing_of_google() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let script = printed(&world.google.access_token(), "2026-01-01T01:00:00Z");
    let mut settings = world.with_metadata();
    settings.default_credentials = world.with_user().default_credentials;
    settings.gcloud = Some(gcloud(folder.path(), &script));
    settings.every_google_host = true;
    let name = world.bench.host().name().to_owned();
    let without_port: RegistryHost = name.parse().unwrap();
    settings.hosts = [without_port].into();
    let wire = world.wire(settings);
    world.read(&wire, "app").await.unwrap();
    assert_eq!(world.user(), "ann");
    assert!(world.google.log().is_empty());
    assert_eq!(runs(folder.path()), 0);
}

#[tokio::test]
async fn a_registry_that_asks_for_nothing_is_told_nothing() {
    let world = World::new().await;
    let open = Bench::new().await;
    open.image("app", "v1");
    let mut settings = world.with_user();
    settings.hosts.insert(open.host());
    let wire = world.wire(settings);
    let repository = open.repository("app");
    let head = wire.head_manifest(&repository, &tag("v1")).await;
    assert!(head.unwrap().is_some());
    assert!(world.google.log().is_empty());
}

#[tokio::test]
async fn a_metadata_server_that_is_no_host_is_refused() {
    let world = World::new().await;
    for address in ["", "a b", "http://x", "x/path", "ann@x", "x?y", "x:port"] {
        let mut settings = world.settings();
        settings.metadata = MetadataServer::Named(address.to_owned());
        let error = world.bench.builder().google(settings).build().unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-R021", "{address}");
    }
}
