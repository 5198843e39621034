//! Token services of others, in the forms that they answer: scripted, because the embedded registry knows only the
//! form of the specification.

use std::sync::Arc;

use promo_core::oci::{Digest, Repository};
use promo_core::ports::{Failure, FailureKind, ManifestHead, Registry};
use promo_registry::WireRegistry;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{OwnTime, tag};

/// A registry that takes the token `good` and sends everybody else to its token service.
async fn registry_with(token_service: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let challenge = format!("Bearer realm=\"{}/token\",service=\"them\"", server.uri());
    let manifest = ResponseTemplate::new(200)
        .insert_header("Docker-Content-Digest", digest().to_string())
        .insert_header("Content-Type", "application/vnd.oci.image.manifest.v1+json");
    Mock::given(method("HEAD"))
        .and(path("/v2/app/manifests/v1"))
        .and(header("Authorization", "Bearer good"))
        .respond_with(manifest)
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("HEAD"))
        .respond_with(ResponseTemplate::new(401).insert_header("WWW-Authenticate", challenge))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/token"))
        .respond_with(token_service)
        .mount(&server)
        .await;
    server
}

fn digest() -> Digest {
    Digest::sha256_of(b"{}")
}

async fn head(server: &MockServer) -> Result<Option<ManifestHead>, Failure> {
    let time = OwnTime::new();
    let wire = WireRegistry::builder(Arc::clone(&time) as _, time)
        .build()
        .unwrap();
    let repository: Repository = format!("{}/app", server.address()).parse().unwrap();
    wire.head_manifest(&repository, &tag("v1")).await
}

#[tokio::test]
async fn tokens_are_taken_under_either_name() {
    for body in [
        r#"{"token":"good"}"#,
        r#"{"access_token":"good","scope":"repository:app:pull","expires_in":3600}"#,
        r#"{"token":"good","access_token":"good","issued_at":"2026-01-01T00:00:00Z"}"#,
        r#"{"token":null,"access_token":"good","expires_in":null}"#,
        r#"{"token":"","access_token":"good","expires_in":"3600"}"#,
        r#"{"token":"good\n","expires_in":0}"#,
        r#"{"token":"good","expires_in":-1}"#,
        r#"{"token":"good","expires_in":99999999999999999999999}"#,
        r#"{"token":"good","expires_in":"soon","refresh_token":{}}"#,
        r#"{"token":"good","expires_in":[1]}"#,
    ] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let server = registry_with(answer).await;
        let found = head(&server).await.unwrap().unwrap();
        assert_eq!(found.digest, digest(), "{body}");
    }
}

#[tokio::test]
async fn what_is_no_token_is_a_clear_failure_and_is_not_sent() {
    let large = format!(r#"{{"token":"{}"}}"#, "a".repeat(200_000));
    for (status, body, kind) in [
        (200, "<html>log in</html>", FailureKind::Malformed),
        (200, "{}", FailureKind::Malformed),
        (200, r#"{"token":""}"#, FailureKind::Malformed),
        (
            200,
            "{\"token\":\"a\\r\\nHost: evil\"}",
            FailureKind::Malformed,
        ),
        (200, large.as_str(), FailureKind::TooLarge),
        (403, "{}", FailureKind::Unauthenticated),
    ] {
        let answer = ResponseTemplate::new(status).set_body_raw(body, "text/html");
        let server = registry_with(answer).await;
        let failure = head(&server).await.unwrap_err();
        let shown: String = body.chars().take(40).collect();
        assert_eq!(failure.kind(), kind, "{shown}: {}", failure.chain());
        let asked_with_token = server
            .received_requests()
            .await
            .unwrap()
            .iter()
            .filter(|request| request.headers.contains_key("Authorization"))
            .count();
        assert_eq!(asked_with_token, 0, "{shown}");
    }
}
