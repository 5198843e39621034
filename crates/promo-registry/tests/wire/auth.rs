//! Who gets which credentials, and how many requests that costs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use promo_core::oci::RegistryHost;
use promo_core::ports::{FailureKind, Mount, Registry};
use promo_registry::auth::{Credential, FixedCredentials, Secret};
use promo_registry::{HostSettings, WireRegistry};
use promo_testkit::registry::{Auth, Operation, RegistryOptions};

use crate::support::{Bench, basic, digest, tag, upload};

async fn heads(wire: &WireRegistry, bench: &Bench, count: usize) {
    let repository = bench.repository("app");
    let v1 = tag("v1");
    let heads = (0..count).map(|_| wire.head_manifest(&repository, &v1));
    for head in join_all(heads).await {
        assert!(head.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_open_registry_is_asked_only_what_is_wanted() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    heads(&bench.wire(), &bench, 32).await;
    assert_eq!(bench.registry.log().len(), 32);
}

#[tokio::test]
async fn many_requests_at_once_fetch_one_token_and_send_no_probe() {
    let bench = Bench::auth(Auth::bearer().user("ann", "secret")).await;
    bench.image("app", "v1");
    heads(&bench.wire_as("ann", "secret"), &bench, 32).await;
    let log = bench.registry.log();
    assert_eq!(log.count(Operation::Base), 0);
    assert_eq!(log.count(Operation::Token), 1);
    assert_eq!(log.count(Operation::ManifestHead), 33);
    let refused = log.filter(|entry| entry.status == Some(401));
    assert_eq!(refused.len(), 1);
    let grants = bench.registry.tokens().grants();
    assert_eq!(grants[0].scopes, ["repository:app:pull"]);
}

#[tokio::test]
async fn what_a_host_wants_is_remembered_for_other_repositories() {
    let bench = Bench::auth(Auth::basic("ann", "secret")).await;
    bench.image("app", "v1");
    bench.image("other", "v1");
    let wire = bench.wire_as("ann", "secret");
    heads(&wire, &bench, 8).await;
    let other = bench.repository("other");
    wire.head_manifest(&other, &tag("v1")).await.unwrap();
    assert_eq!(bench.registry.log().len(), 1 + 8 + 1);
}

#[tokio::test]
async fn anonymous_requests_get_anonymous_tokens() {
    let bench = Bench::auth(Auth::bearer().user("ann", "secret").anonymous_pull()).await;
    bench.image("app", "v1");
    heads(&bench.wire(), &bench, 3).await;
    assert_eq!(bench.registry.tokens().grants()[0].user, None);
}

#[tokio::test]
async fn wrong_passwords_are_told_and_not_tried_again() {
    for auth in [
        Auth::basic("ann", "secret"),
        Auth::bearer().user("ann", "secret"),
    ] {
        let bench = Bench::auth(auth).await;
        bench.image("app", "v1");
        let wire = bench.wire_as("ann", "hunter2");
        let repository = bench.repository("app");
        let v1 = tag("v1");
        let heads = join_all((0..16).map(|_| wire.head_manifest(&repository, &v1))).await;
        for head in heads {
            let failure = head.unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Unauthenticated);
            assert!(!failure.hints().is_empty());
            assert!(!format!("{failure:?} {}", failure.chain()).contains("hunter2"));
        }
        // One fetch for all who waited for it.
        assert!(bench.registry.log().count(Operation::Token) <= 1);
    }
}

#[tokio::test]
async fn without_credentials_the_hint_says_so() {
    let bench = Bench::auth(Auth::basic("ann", "secret")).await;
    let head = bench
        .wire()
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await;
    let failure = head.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unauthenticated);
    assert_eq!(failure.status(), Some(401));
    assert!(failure.hints()[0].contains("no credentials were found"));
    assert_eq!(bench.registry.log().len(), 1);
}

#[tokio::test]
async fn a_token_that_is_withdrawn_is_renewed_once() {
    let bench = Bench::auth(Auth::bearer().user("ann", "secret")).await;
    bench.image("app", "v1");
    let wire = bench.wire_as("ann", "secret");
    heads(&wire, &bench, 1).await;
    bench.registry.tokens().revoke_all();
    bench.registry.log().clear();
    heads(&wire, &bench, 16).await;
    assert_eq!(bench.registry.log().count(Operation::Token), 1);
}

#[tokio::test]
async fn a_registry_that_refuses_its_own_tokens_is_given_up() {
    // The token server belongs to another registry, whose tokens this one doesn't know.
    let tokens = Bench::auth(Auth::bearer().user("ann", "secret")).await;
    let realm = format!("{}/token", tokens.registry.url());
    let bench = Bench::auth(Auth::bearer().user("ann", "secret").realm(&realm)).await;
    bench.image("app", "v1");
    let wire = bench.wire_as("ann", "secret");
    let failure = wire
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unauthenticated);
    assert_eq!(tokens.registry.log().count(Operation::Token), 1);
    assert_eq!(bench.registry.log().len(), 2);
}

#[tokio::test]
async fn a_401_in_the_middle_of_an_upload_asks_for_another_upload() {
    // Each token is good for two requests: the POST and the PUT; then the next POST and nothing more.
    let auth = Auth::bearer().user("ann", "secret").token_uses(3);
    let bench = Bench::auth(auth).await;
    let wire = bench.wire_as("ann", "secret");
    let repository = bench.repository("app");
    upload(&wire, &repository, b"one").await.unwrap();
    let failure = upload(&wire, &repository, b"two").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert_eq!(failure.code().as_str(), "PROMO-R025");
    upload(&wire, &repository, b"two").await.unwrap();
}

#[tokio::test]
async fn tokens_are_used_until_shortly_before_they_expire() {
    let auth = Auth::bearer()
        .user("ann", "secret")
        .expires_in(Duration::from_secs(300));
    let bench = Bench::auth(auth).await;
    bench.image("app", "v1");
    let wire = bench.wire_as("ann", "secret");
    heads(&wire, &bench, 1).await;
    bench.time.advance(Duration::from_secs(260));
    heads(&wire, &bench, 1).await;
    assert_eq!(bench.registry.log().count(Operation::Token), 1);
    bench.time.advance(Duration::from_secs(15));
    heads(&wire, &bench, 1).await;
    assert_eq!(bench.registry.log().count(Operation::Token), 2);
}

#[tokio::test]
async fn identity_tokens_are_posted() {
    let auth = Auth::bearer()
        .user("ann", "secret")
        .refresh_token("ann", "refresh me");
    let bench = Bench::auth(auth).await;
    bench.image("app", "v1");
    let wire = bench.wire_with(Credential::IdentityToken(Secret::new("refresh me")));
    heads(&wire, &bench, 4).await;
    let tokens = bench.registry.log().of(Operation::Token);
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].method, "POST");
    assert_eq!(
        bench.registry.tokens().grants()[0].user.as_deref(),
        Some("ann")
    );
}

#[tokio::test]
async fn a_token_for_writing_serves_reading() {
    let bench = Bench::auth(Auth::bearer().user("ann", "secret")).await;
    let wire = bench.wire_as("ann", "secret");
    let repository = bench.repository("app");
    let blob = upload(&wire, &repository, b"some bytes").await.unwrap();
    let size = wire.blob_size(&repository, &blob.digest).await.unwrap();
    assert_eq!(size, Some(10));
    let grants = bench.registry.tokens().grants();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0].scopes, ["repository:app:pull,push"]);
}

#[tokio::test]
async fn a_mount_asks_for_both_repositories() {
    let auth = Auth::bearer().user("ann", "secret");
    let options = RegistryOptions::default()
        .auth(auth)
        .switch(|switches| switches.challenge_mount_source = true);
    let bench = Bench::with(options).await;
    let blob = bench.blob("staging/app", b"a layer");
    let wire = bench.wire_as("ann", "secret");
    let (to, from) = (bench.repository("app"), bench.repository("staging/app"));
    let mount = wire.mount_blob(&to, &blob.digest, &from).await.unwrap();
    assert_eq!(mount, Mount::Mounted);
    let grants = bench.registry.tokens().grants();
    assert_eq!(
        grants[0].scopes,
        ["repository:app:pull,push", "repository:staging/app:pull"]
    );
    assert_eq!(bench.registry.log().len(), 3);
}

#[tokio::test]
async fn a_mount_that_is_not_allowed_is_refused_and_no_failure() {
    let auth = Auth::bearer().user("ann", "secret");
    let bench = Bench::auth(auth).await;
    bench.registry.switch(|switches| {
        switches.forbidden.insert("app".to_owned());
    });
    let missing = digest(&format!("sha256:{}", "0".repeat(64)));
    let wire = bench.wire_as("ann", "secret");
    let mount = wire
        .mount_blob(&bench.repository("app"), &missing, &bench.repository("x"))
        .await;
    assert_eq!(mount.unwrap(), Mount::Refused(None));
}

#[tokio::test]
async fn a_foreign_token_realm_gets_nothing() {
    let auth = Auth::bearer()
        .user("ann", "secret")
        .realm("https://auth.example.net/token");
    let bench = Bench::auth(auth).await;
    let wire = bench.wire_as("ann", "secret");
    let failure = wire
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Configuration);
    assert_eq!(failure.code().as_str(), "PROMO-R016");
    let setting = format!(
        "`token-realm = \"auth.example.net\"` under `[registry.\"{}\"]` in promo.toml",
        bench.host()
    );
    assert!(failure.hints()[0].contains(&setting));
    assert_eq!(bench.registry.log().len(), 1);
}

#[tokio::test]
async fn a_token_realm_that_a_setting_names_is_asked() {
    let auth = Auth::bearer()
        .user("ann", "secret")
        .realm("https://tokens.invalid/token");
    let bench = Bench::auth(auth).await;
    let mut settings = HostSettings::default();
    let realm: RegistryHost = "tokens.invalid".parse().unwrap();
    settings.token_realms = BTreeSet::from([realm]);
    let credentials = FixedCredentials::default().with(bench.host(), basic("ann", "secret"));
    let wire = bench
        .builder()
        .host(bench.host(), settings)
        .credentials(Arc::new(credentials))
        .build()
        .unwrap();
    let failure = wire
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await
        .unwrap_err();
    // The rule lets it pass; the name doesn't exist.
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(failure.to_string().contains("tokens.invalid"));
}

#[tokio::test]
async fn no_secret_is_shown_anywhere() {
    let bench = Bench::auth(Auth::bearer().user("ann", "s3cr3t-word")).await;
    bench.image("app", "v1");
    let wire = bench.wire_as("ann", "s3cr3t-word");
    heads(&wire, &bench, 2).await;
    let shown = format!("{wire:?} {:?}", basic("ann", "s3cr3t-word"));
    assert!(!shown.contains("s3cr3t-word"), "{shown}");
    // The base64 of user and password, and the token itself.
    assert!(!shown.contains("YW5uOnMzY3IzdC13b3Jk"), "{shown}");
    assert!(
        !shown.contains("Bearer 0") && !shown.contains("\"Bearer"),
        "{shown}"
    );
    assert!(shown.contains("Sensitive"), "{shown}");
}
