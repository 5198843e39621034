//! Registries that send us elsewhere: no credential follows, and nothing is asked where it must not be.

use std::net::{Ipv4Addr, SocketAddr};

use promo_testkit::image::{ImageBuilder, Layer};
use promo_testkit::registry::{Auth, EmbeddedRegistry, Fault, Matcher, Operation, RegistryOptions};

use crate::support::{KEY, REGISTRY_PASSWORD, World};
use crate::world::untouched;

/// Another machine, as far as names and addresses tell.
async fn elsewhere() -> EmbeddedRegistry {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 0));
    EmbeddedRegistry::start(RegistryOptions::default().address(address))
        .await
        .unwrap()
}

fn with_password() -> Auth {
    Auth::basic("robot", REGISTRY_PASSWORD)
}

#[tokio::test]
async fn a_redirect_to_another_host_takes_no_credential_along() {
    let other = elsewhere().await;
    let world = World::with(with_password(), Auth::none()).await;
    world.log_in();
    let app = &world.images[0].1;
    app.push_untagged(&other.state(), "storage");
    for blob in app.blobs() {
        let target = format!("{}/v2/storage/blobs/{}", other.url(), blob.digest);
        let on_blob = Matcher::on(Operation::BlobGet)
            .repository("team/app")
            .reference(&blob.digest);
        world
            .staging
            .faults()
            .inject(on_blob, Fault::redirect(&target));
    }
    let run = world.promote(&KEY).await;
    run.is(0, &["published"]);
    world.good_ones_are_published();
    let asked = other.log().entries();
    assert_eq!(asked.len(), app.blobs().len());
    assert!(
        asked.iter().all(|entry| !entry.had_authorization()),
        "{asked:?}"
    );
}

#[tokio::test]
async fn redirects_to_where_secrets_are_kept_are_refused() {
    let layer = Layer::file("app", "app");
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/secret",
        "http://robot:secret@127.0.0.1/",
        "file:///etc/passwd",
    ] {
        let world = World::start().await;
        let bad = ImageBuilder::new()
            .layer(layer.clone())
            .label("of", "bad")
            .build();
        world.also("bad", &bad);
        let blobs = Matcher::on(Operation::BlobGet).repository("team/bad");
        world
            .staging
            .faults()
            .inject(blobs, Fault::redirect(target));
        let run = world.promote(&KEY).await;
        run.is(3, &["PROMO-R017", "team/bad"]);
        assert!(!run.to_string().contains("secret"), "{run}");
        world.good_ones_are_published();
        world.nothing_of("bad");
    }
}

/// Where an upload is to go on: a registry may name another host, which gets the bytes and no credential.
#[tokio::test]
async fn an_upload_that_is_sent_to_another_host_takes_no_credential_along() {
    let other = elsewhere().await;
    let world = World::with(Auth::none(), with_password()).await;
    world.log_in();
    let target = format!("{}/v2/stolen/blobs/uploads/1", other.url());
    let start = Matcher::on(Operation::UploadStart).or(Operation::Mount);
    world
        .production
        .faults()
        .inject(start, Fault::header("location", &target));
    let run = world.promote(&KEY).await;
    assert_ne!(run.code, Some(0), "{run}");
    assert!(run.stdout.contains("PROMO-R0"), "{run}");
    let asked = other.log().entries();
    assert!(
        asked.iter().all(|entry| !entry.had_authorization()),
        "{asked:?}"
    );
    assert_eq!(world.published("app"), None);
    world.promise_holds();
    world.completed().await;
}

#[tokio::test]
async fn a_token_realm_on_a_foreign_domain_gets_nothing() {
    for realm in [
        "https://tokens.attacker.example/token",
        "http://169.254.169.254/token",
    ] {
        let auth = Auth::bearer().user("robot", REGISTRY_PASSWORD).realm(realm);
        let world = World::with(Auth::none(), auth).await;
        world.log_in();
        let setting = "under `[registry.\"PRODUCTION\"]` in promo.toml";
        let run = world.promote(&KEY).await;
        run.is(
            1,
            &["PROMO-R016", "names a token server", "hint: ", setting],
        );
        untouched(&world.production);
        let plan = ["plan", "--thin-manifest-dir", "tree"];
        let plan = world.sandbox.run(&plan).await;
        assert!(plan.to_string().contains("PROMO-R016"), "{plan}");
        assert!(plan.to_string().contains(setting), "{plan}");
    }
}

#[tokio::test]
async fn a_token_realm_on_another_loopback_port_is_another_matter_of_trust() {
    // What runs on this machine is one place: a registry may name a token server beside it.
    let tokens = EmbeddedRegistry::start(
        RegistryOptions::default().auth(Auth::bearer().user("robot", REGISTRY_PASSWORD)),
    );
    let tokens = tokens.await.unwrap();
    let realm = format!("{}/token", tokens.url());
    let auth = Auth::bearer()
        .user("robot", REGISTRY_PASSWORD)
        .realm(&realm);
    let world = World::with(Auth::none(), auth).await;
    world.log_in();
    let run = world.promote(&KEY).await;
    // Its tokens are not known to the registry, which says so.
    run.is(4, &["PROMO-R002"]);
    untouched(&world.production);
}

#[tokio::test]
async fn a_list_is_not_continued_on_another_host() {
    let other = elsewhere().await;
    let world = World::with(with_password(), Auth::none()).await;
    world.log_in();
    let link = format!(
        "<{}/v2/team/app/tags/list?last=v1>; rel=\"next\"",
        other.url()
    );
    let lists = Matcher::on(Operation::TagList);
    world
        .staging
        .faults()
        .inject(lists, Fault::header("link", &link));
    let registry = format!("{}/team", world.staging.host());
    let run = world.sandbox.run(&["snapshot", &registry]).await;
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stderr.contains("PROMO-R017"), "{run}");
    assert!(
        run.stderr.contains("only continued on the same host"),
        "{run}"
    );
    assert!(
        !run.stdout.contains("sha256"),
        "half a list is no snapshot\n{run}"
    );
    assert!(other.log().is_empty());
}

#[tokio::test]
async fn referrers_are_not_continued_on_another_host() {
    let other = elsewhere().await;
    let world = World::start().await;
    assert_eq!(world.promote(&KEY).await.code, Some(0));
    let link = format!("<{}/v2/team/app/referrers/x>; rel=\"next\"", other.url());
    let referrers = Matcher::on(Operation::Referrers);
    world
        .production
        .faults()
        .inject(referrers, Fault::header("link", &link));
    let verify = ["verify", &world.image("app"), "--key", "cosign.pub"];
    let run = world.sandbox.run(&verify).await;
    assert_ne!(run.code, Some(0), "{run}");
    assert!(run.to_string().contains("PROMO-R017"), "{run}");
    assert!(other.log().is_empty());
}
