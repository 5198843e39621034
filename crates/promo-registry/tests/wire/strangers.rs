//! Registries that tell strangers less instead of asking for a login, and those with a token server for each repository:
//! scripted, because the embedded registry asks everybody the same.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{Digest, RegistryHost, Repository};
use promo_core::ports::{FailureKind, Registry};
use promo_registry::auth::{Credential, CredentialSource, CredentialSourceError, FixedCredentials};
use promo_registry::{Error, HostSettings, ProxySettings, WireRegistry};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{OwnTime, basic, tag};

const BASIC: &str = "Basic YW5uOnNlY3JldA==";

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

fn json(body: &str) -> ResponseTemplate {
    status(200).set_body_raw(body, "application/json")
}

fn manifest() -> ResponseTemplate {
    status(200)
        .insert_header(
            "Docker-Content-Digest",
            Digest::sha256_of(b"{}").to_string(),
        )
        .insert_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
}

async fn serve(server: &MockServer, to: &str, answer: ResponseTemplate) {
    let mock = Mock::given(path(to)).respond_with(answer).with_priority(9);
    mock.mount(server).await;
}

/// What whoever shows `authorization` gets.
async fn serve_to(server: &MockServer, authorization: &str, to: &str, answer: ResponseTemplate) {
    let mock = Mock::given(path(to)).and(header("Authorization", authorization));
    mock.respond_with(answer)
        .with_priority(1)
        .mount(server)
        .await;
}

fn wire(credentials: impl CredentialSource + 'static) -> WireRegistry {
    let time = OwnTime::new();
    let builder = WireRegistry::builder(Arc::clone(&time) as _, time);
    builder.credentials(Arc::new(credentials)).build().unwrap()
}

fn ann(server: &MockServer) -> FixedCredentials {
    FixedCredentials::default().with(host(server), basic("ann", "secret"))
}

fn host(server: &MockServer) -> RegistryHost {
    server.address().to_string().parse().unwrap()
}

fn repository(server: &MockServer, name: &str) -> Repository {
    format!("{}/{name}", server.address()).parse().unwrap()
}

/// Method and path of all requests, `+` before those that carried something.
async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let line = |request: &Request| {
        let mark = if request.headers.contains_key("Authorization") {
            "+"
        } else {
            ""
        };
        format!("{mark}{} {}", request.method, request.url.path())
    };
    requests.iter().map(line).collect()
}

#[tokio::test]
async fn lists_are_asked_for_with_what_we_have() {
    let server = MockServer::start().await;
    let bearer = format!("Bearer realm=\"{}/token\",service=\"s\"", server.uri());
    let silent = status(200);
    let zot = status(200).insert_header("WWW-Authenticate", "Basic realm=\"zot\"");
    let closed = status(401).insert_header("WWW-Authenticate", "Basic realm=\"x\"");
    let tokens = status(401).insert_header("WWW-Authenticate", bearer.as_str());
    for (base, carried) in [
        (silent, BASIC),
        (zot, BASIC),
        (closed, BASIC),
        (status(404), BASIC),
        (tokens, "Bearer good"),
    ] {
        server.reset().await;
        serve(&server, "/v2/", base).await;
        serve_to(&server, BASIC, "/token", json(r#"{"token":"good"}"#)).await;
        serve(&server, "/v2/_catalog", json(r#"{"repositories":["a"]}"#)).await;
        serve(
            &server,
            "/v2/a/tags/list",
            json(r#"{"name":"a","tags":[]}"#),
        )
        .await;
        let all = json(r#"{"repositories":["a","b"]}"#);
        serve_to(&server, carried, "/v2/_catalog", all).await;
        let all = json(r#"{"name":"a","tags":["v1"]}"#);
        serve_to(&server, carried, "/v2/a/tags/list", all).await;
        let wire = wire(ann(&server));
        let catalog = wire.catalog(&host(&server), None).await.unwrap();
        assert_eq!(catalog.repositories.len(), 2, "{carried}");
        let tags = wire.tags(&repository(&server, "a"), None).await.unwrap();
        assert_eq!(tags.unwrap().tags.len(), 1, "{carried}");
        let asked = asked(&server).await;
        let probes = asked.iter().filter(|line| *line == "GET /v2/").count();
        let fetched = asked.iter().filter(|line| line.ends_with("/token")).count();
        assert_eq!((probes, asked.len() - fetched), (1, 3), "{asked:?}");
    }
}

#[tokio::test]
async fn without_credentials_nothing_else_is_asked() {
    let server = MockServer::start().await;
    serve(&server, "/v2/_catalog", json(r#"{"repositories":["a"]}"#)).await;
    let wire = wire(FixedCredentials::default());
    wire.catalog(&host(&server), None).await.unwrap();
    let missing = repository(&server, "a");
    for _ in 0..2 {
        assert_eq!(wire.tags(&missing, None).await.unwrap(), None);
        assert_eq!(
            wire.head_manifest(&missing, &tag("v1")).await.unwrap(),
            None
        );
    }
    assert_eq!(asked(&server).await.len(), 5);
}

#[tokio::test]
async fn a_404_to_a_stranger_is_asked_again_before_it_is_believed() {
    for hidden in [404, 403] {
        let server = MockServer::start().await;
        serve(&server, "/v2/", status(200)).await;
        for name in ["v1", "v2", "v3"] {
            let at = format!("/v2/a/manifests/{name}");
            serve(&server, &at, status(hidden)).await;
            let answer = if name == "v3" {
                status(404)
            } else {
                manifest()
            };
            serve_to(&server, BASIC, &at, answer).await;
        }
        let wire = wire(ann(&server));
        let a = repository(&server, "a");
        for (name, there) in [("v1", true), ("v2", true), ("v3", false)] {
            let head = wire.head_manifest(&a, &tag(name)).await.unwrap();
            assert_eq!(head.is_some(), there, "{hidden} {name}");
        }
        // One more for the first, and one that finds out; then what we have is shown at once.
        let expected = [
            "HEAD /v2/a/manifests/v1",
            "GET /v2/",
            "+HEAD /v2/a/manifests/v1",
            "+HEAD /v2/a/manifests/v2",
            "+HEAD /v2/a/manifests/v3",
        ];
        assert_eq!(asked(&server).await, expected);
    }
}

#[tokio::test]
async fn what_a_registry_refuses_is_not_taken_for_missing() {
    let server = MockServer::start().await;
    serve(&server, "/v2/", status(200)).await;
    serve(&server, "/v2/a/manifests/v1", status(404)).await;
    let refused = status(401).insert_header("WWW-Authenticate", "Basic realm=\"x\"");
    serve_to(&server, BASIC, "/v2/a/manifests/v1", refused).await;
    let wire = wire(ann(&server));
    let head = wire
        .head_manifest(&repository(&server, "a"), &tag("v1"))
        .await;
    assert_eq!(head.unwrap_err().kind(), FailureKind::Unauthenticated);
    // Nor is a registry's trouble.
    let server = MockServer::start().await;
    serve(&server, "/v2/", status(500)).await;
    serve(&server, "/v2/a/manifests/v1", status(404)).await;
    let wire = self::wire(ann(&server));
    let head = wire
        .head_manifest(&repository(&server, "a"), &tag("v1"))
        .await;
    assert_eq!(head.unwrap_err().kind(), FailureKind::Unavailable);
}

/// A source whose file is broken.
#[derive(Debug)]
struct Broken;

#[async_trait]
impl CredentialSource for Broken {
    async fn credentials(
        &self,
        _: &RegistryHost,
        _: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Err(Box::new(Error::CredentialFile {
            file: "config.json".to_owned(),
            reason: "broken".to_owned(),
        }))
    }
}

#[tokio::test]
async fn broken_credentials_matter_only_where_some_are_wanted() {
    let server = MockServer::start().await;
    serve(&server, "/v2/", status(200)).await;
    serve(&server, "/v2/_catalog", json(r#"{"repositories":["a"]}"#)).await;
    let open = wire(Broken);
    let a = repository(&server, "a");
    assert_eq!(open.head_manifest(&a, &tag("v1")).await.unwrap(), None);
    assert!(open.catalog(&host(&server), None).await.is_ok());
    server.reset().await;
    let asks = status(200).insert_header("WWW-Authenticate", "Basic realm=\"zot\"");
    serve(&server, "/v2/", asks).await;
    let failure = wire(Broken)
        .head_manifest(&a, &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R019");
}

#[tokio::test]
async fn nothing_is_sent_unasked_in_the_open() {
    // A proxy stands for the registry, which isn't on this machine.
    let server = MockServer::start().await;
    serve(&server, "/v2/", status(200)).await;
    serve(&server, "/v2/_catalog", json(r#"{"repositories":[]}"#)).await;
    let registry: RegistryHost = "registry.example".parse().unwrap();
    let credentials = FixedCredentials::default().with(registry.clone(), basic("ann", "secret"));
    let mut settings = HostSettings::default();
    settings.plain_http = Some(true);
    let time = OwnTime::new();
    let wire = WireRegistry::builder(Arc::clone(&time) as _, time)
        .credentials(Arc::new(credentials))
        .host(registry.clone(), settings)
        .proxies(ProxySettings::default().with_http(&server.uri()).unwrap())
        .build()
        .unwrap();
    wire.catalog(&registry, None).await.unwrap();
    assert_eq!(asked(&server).await, ["GET /v2/", "GET /v2/_catalog"]);
}

/// Two repositories of one host whose tokens come from two servers. The one of `a` gives no token for `b`, or one that
/// `b` doesn't take.
async fn two_realms(first: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    for name in ["a", "b"] {
        let realm = format!(
            "Bearer realm=\"{}/token-{name}\",service=\"s\"",
            server.uri()
        );
        let challenge = status(401).insert_header("WWW-Authenticate", realm.as_str());
        let at = format!("/v2/{name}/manifests/v1");
        serve(&server, &at, challenge).await;
        serve_to(&server, &format!("Bearer {name}"), &at, manifest()).await;
        let token = format!(r#"{{"token":"{name}"}}"#);
        serve(&server, &format!("/token-{name}"), json(&token)).await;
    }
    let other = Mock::given(method("GET")).and(path("/token-a"));
    let other = other.and(wiremock::matchers::query_param(
        "scope",
        "repository:b:pull",
    ));
    other
        .respond_with(first)
        .with_priority(1)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn each_repository_has_the_token_server_that_it_names() {
    for (first, requests) in [(json(r#"{"token":"a"}"#), 7), (status(403), 7)] {
        let server = two_realms(first).await;
        let wire = wire(ann(&server));
        for name in ["a", "b", "a", "b"] {
            let head = wire
                .head_manifest(&repository(&server, name), &tag("v1"))
                .await;
            assert!(head.unwrap().is_some(), "{name}");
        }
        let heads = asked(&server).await;
        let heads = heads.iter().filter(|line| line.contains("HEAD")).count();
        assert_eq!(heads + 1, requests);
    }
}

#[tokio::test]
async fn a_token_server_that_refuses_is_told_where_there_is_no_other() {
    let server = MockServer::start().await;
    let realm = format!("Bearer realm=\"{}/token\",service=\"s\"", server.uri());
    let challenge = status(401).insert_header("WWW-Authenticate", realm.as_str());
    for name in ["a", "b"] {
        serve(
            &server,
            &format!("/v2/{name}/manifests/v1"),
            challenge.clone(),
        )
        .await;
    }
    serve(&server, "/token", status(403)).await;
    let wire = wire(ann(&server));
    for name in ["a", "b"] {
        let head = wire
            .head_manifest(&repository(&server, name), &tag("v1"))
            .await;
        assert_eq!(head.unwrap_err().code().as_str(), "PROMO-R018");
    }
}

/// A source of an embedding program's own.
#[derive(Debug)]
struct Vault;

#[derive(Debug, thiserror::Error)]
#[error("the vault is sealed")]
struct Sealed;

#[async_trait]
impl CredentialSource for Vault {
    async fn credentials(
        &self,
        _: &RegistryHost,
        _: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        Err(Sealed)?
    }
}

#[tokio::test]
async fn a_foreign_source_fails_with_an_error_of_its_own() {
    let server = MockServer::start().await;
    let asks = status(401).insert_header("WWW-Authenticate", "Basic realm=\"r\"");
    serve(&server, "/v2/a/manifests/v1", asks).await;
    let failure = wire(Vault)
        .head_manifest(&repository(&server, "a"), &tag("v1"))
        .await
        .unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R037");
    assert_eq!(failure.kind(), FailureKind::Configuration);
    let told = format!(
        "the credentials for {} could not be looked for: the vault is sealed",
        host(&server)
    );
    assert_eq!(failure.chain(), told);
    let error = failure.error().and_then(|error| error.downcast_ref());
    let Some(Error::CredentialSource { source, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(source.is::<Sealed>());
}
