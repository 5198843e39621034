//! What is sent, and over which way: plain and encrypted, HTTP/1.1 and HTTP/2, through proxies, and never to another host.

use std::sync::Arc;

use promo_core::ports::FailureKind;
use promo_registry::auth::FixedCredentials;
use promo_registry::{ClientCertificate, HttpVersion, ProxySettings};
use promo_testkit::registry::{Auth, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols};
use wiremock::{MockServer, ResponseTemplate};

use super::{World, api, asked, get, post, service};
use crate::support::{Bench, basic};
use crate::tls::{connect_proxy, encrypted};

#[tokio::test]
async fn a_question_arrives_as_it_was_put_and_its_answer_as_it_was_given() {
    let answer = ResponseTemplate::new(201)
        .insert_header("Location", "/entries/7")
        .set_body_raw([0x30, 0x82, 0, 0xff], "application/timestamp-reply");
    let server = service(vec![(9, answer)]).await;
    let request = post(&api(&server), r#"{"a":1}"#)
        .with_header("accept", "application/timestamp-reply")
        .with_bearer("a.bearer.token");
    let world = World::new();
    let answer = world.ask(&request).await.unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!(answer.location.as_deref(), Some("/entries/7"));
    assert_eq!(answer.body[..], [0x30, 0x82, 0, 0xff]);
    assert_eq!(world.requests(), [(1, Some(201), 4)]);

    let asked = asked(&server).await;
    let header = |name: &str| asked[0].headers[name].to_str().unwrap();
    assert_eq!(asked[0].method.as_str(), "POST");
    assert_eq!(asked[0].body, br#"{"a":1}"#);
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-length"), "7");
    assert_eq!(header("accept"), "application/timestamp-reply");
    assert_eq!(header("accept-encoding"), "identity");
    assert_eq!(header("authorization"), "Bearer a.bearer.token");
    assert!(header("user-agent").starts_with("promo/"));
}

#[tokio::test]
async fn what_is_no_success_is_an_answer_as_well() {
    for status in [300, 304, 400, 401, 403, 404, 409, 422] {
        let answer = ResponseTemplate::new(status)
            .insert_header("Location", "/entries/7")
            .set_body_string(if status == 304 { "" } else { "why not" });
        let server = service(vec![(9, answer)]).await;
        let answer = World::new().ask(&get(&api(&server))).await.unwrap();
        assert_eq!(answer.status, status);
        assert!(!answer.is_success());
        assert_eq!(answer.location.as_deref(), Some("/entries/7"));
        let body = if status == 304 { "" } else { "why not" };
        assert_eq!(answer.body, body, "{status}");
        assert_eq!(asked(&server).await.len(), 1, "{status}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/elsewhere", other.uri());
        let answer = ResponseTemplate::new(status).insert_header("Location", target.as_str());
        let server = service(vec![(9, answer)]).await;
        for request in [
            get(&api(&server)),
            post(&api(&server), "{}").with_bearer("a.bearer.token"),
        ] {
            let answer = World::new().ask(&request).await.unwrap();
            assert_eq!(answer.status, status);
            assert_eq!(answer.location.as_ref(), Some(&target));
        }
    }
    assert!(asked(&other).await.is_empty());
}

#[tokio::test]
async fn encrypted_services_are_spoken_to_in_http2_and_only_if_they_are_known() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let bench = Bench::with(options).await;
    let service = format!("https://{}/v2/", bench.registry.host());
    let world = World::new();
    let wire = world.builder().extra_roots(authority.pem());
    let services = wire.build().unwrap().services();
    assert!(services.ask(&get(&service)).await.unwrap().is_success());
    let posted = format!("{service}app/blobs/uploads/");
    let request = post(&posted, "").with_secret("a secret");
    assert_eq!(services.ask(&request).await.unwrap().status, 202);
    let entries = bench.registry.log().entries();
    let versions: Vec<_> = entries.iter().map(|it| it.version.as_str()).collect();
    assert_eq!(versions, ["HTTP/2.0", "HTTP/2.0"]);
    assert_eq!(world.statuses(), [Some(200), Some(202)]);

    let failure = world.ask(&get(&service)).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    let chain = failure.chain().to_lowercase();
    assert!(chain.contains("certificate"), "{chain}");
}

/// A service on the host of a registry is still none: nothing of what we have for the registry is shown.
#[tokio::test]
async fn nothing_that_is_a_registrys_is_shown_to_a_service() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default()
        .tls(authority.mutual_server(Protocols::Both).unwrap())
        .auth(Auth::basic("ann", "s3cr3t"));
    let bench = Bench::with(options).await;
    let issued = authority.issue("promo").unwrap();
    let pem = format!("{}{}", issued.certificate_pem(), issued.key_pem());
    let mut settings = encrypted();
    settings.client_certificate = Some(ClientCertificate::from_pem(pem));
    settings.http_version = HttpVersion::Auto;
    let credentials = FixedCredentials::default().with(bench.host(), basic("ann", "s3cr3t"));
    let world = World::new();
    let wire = world.builder().host(bench.host(), settings);
    let wire = wire.credentials(Arc::new(credentials));
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    let service = format!("https://{}/v2/", bench.registry.host());
    let failure = wire.services().ask(&get(&service)).await.unwrap_err();
    assert_eq!(
        failure.kind(),
        FailureKind::Unavailable,
        "no certificate is shown"
    );
    assert!(bench.registry.log().is_empty());

    let bench = Bench::auth(Auth::basic("ann", "s3cr3t")).await;
    let wire = bench.wire_as("ann", "s3cr3t");
    let service = format!("{}/v2/", bench.registry.url());
    let answer = wire.services().ask(&get(&service)).await.unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(bench.registry.log().len(), 1);
}

#[tokio::test]
async fn proxies_are_used_as_for_registries() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let bench = Bench::with(options).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://ann:s3cr3t@{}", listener.local_addr().unwrap());
    let proxies = ProxySettings::default().with_https(&proxy).unwrap();
    let world = World::new();
    let wire = world.builder().extra_roots(authority.pem());
    let wire = wire.proxies(proxies).build().unwrap();
    let serving = tokio::spawn(connect_proxy(listener, bench.registry.host()));
    let service = format!("https://{}/v2/", bench.registry.host());
    let answer = wire.services().ask(&get(&service)).await.unwrap();
    assert!(answer.is_success());
    drop(wire);
    let seen = serving.await.unwrap();
    assert!(
        seen.starts_with(&format!("CONNECT {} ", bench.host())),
        "{seen}"
    );
}
