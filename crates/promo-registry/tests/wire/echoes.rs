//! Servers that repeat what they were sent: nothing of a credential gets into an error.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promo_core::ports::{Failure, Registry};
use promo_registry::WireRegistry;
use promo_registry::auth::{Credential, FixedCredentials, Secret};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::{OwnTime, basic, tag};

const PASSWORD: &str = "hunter2&\"/pass wörd";
const REFRESH: &str = "refresh/me+now==";

/// Answers with all that it was sent, in several forms.
struct Echo {
    status: u16,
    challenge: Option<String>,
}

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let sent = request.headers.get("authorization");
        let sent = sent.map_or("", |value| value.to_str().unwrap());
        let pair = sent.split_once(' ').map_or("", |(_, pair)| pair);
        let plain = STANDARD.decode(pair).unwrap_or_default();
        let plain = String::from_utf8(plain).unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body);
        let code = format!("NO {plain}");
        let inner = serde_json::json!({ "authorization": sent, "plain": plain, "body": body });
        let document = serde_json::json!({
            "errors": [{"code": code, "message": format!("{} {sent} {inner}", "x".repeat(100))}]
        });
        let answer = ResponseTemplate::new(self.status).set_body_json(document);
        let answer = answer.insert_header("Location", format!("https://{pair}.example/?{pair}"));
        let Some(challenge) = &self.challenge else {
            return answer;
        };
        let challenge = format!("{challenge},error_description=\"{pair}\"");
        answer.insert_header("WWW-Authenticate", challenge)
    }
}

async fn server(status: u16, challenge: impl Fn(&str) -> Option<String>) -> MockServer {
    let server = MockServer::start().await;
    let challenge = challenge(&server.uri());
    Mock::given(path("/token"))
        .respond_with(Echo {
            status: 400,
            challenge: None,
        })
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::header_exists("authorization"))
        .respond_with(Echo {
            status,
            challenge: challenge.clone(),
        })
        .with_priority(2)
        .mount(&server)
        .await;
    Mock::given(wiremock::matchers::any())
        .respond_with(Echo {
            status: if challenge.is_some() { 401 } else { status },
            challenge,
        })
        .mount(&server)
        .await;
    server
}

fn wire(server: &MockServer, credential: Credential) -> WireRegistry {
    let time = OwnTime::new();
    let host = server.address().to_string().parse().unwrap();
    WireRegistry::builder(Arc::clone(&time) as _, time)
        .credentials(Arc::new(FixedCredentials::default().with(host, credential)))
        .build()
        .unwrap()
}

/// All that a failure tells.
fn told(failure: &Failure) -> String {
    format!(
        "{failure:?} {} {}",
        failure.chain(),
        failure.hints().concat()
    )
}

fn is_clean(text: &str, secrets: &[&str]) {
    for secret in secrets {
        let escaped = serde_json::to_string(secret).unwrap();
        let escaped = escaped.trim_matches('"');
        for form in [secret, escaped, &secret.to_lowercase()] {
            assert!(!text.contains(form), "{form}: {text}");
        }
    }
}

#[tokio::test]
async fn passwords_that_are_repeated_are_cut_out() {
    for status in [307, 400, 401, 403, 404, 422, 500] {
        let server = server(status, |_| Some("Basic realm=\"x\"".to_owned())).await;
        let repository = format!("{}/app", server.address()).parse().unwrap();
        let wire = wire(&server, basic("ann", PASSWORD));
        let pair = STANDARD.encode(format!("ann:{PASSWORD}"));
        let secrets = [PASSWORD, pair.as_str(), pair.trim_end_matches('=')];
        let put = wire.start_upload(&repository).await.unwrap_err();
        is_clean(&told(&put), &secrets);
        if status != 404 {
            let get = wire
                .get_manifest(&repository, &tag("v1"))
                .await
                .unwrap_err();
            is_clean(&told(&get), &secrets);
        }
        if matches!(status, 400 | 403) {
            assert!(told(&put).contains("NO ann:[credential]"), "{}", told(&put));
        }
    }
}

#[tokio::test]
async fn what_token_servers_repeat_is_cut_out() {
    let identity = Credential::IdentityToken(Secret::new(REFRESH));
    let bearer = Credential::BearerToken(Secret::new("eyJhbGciOiJIUzI1NiJ9.e30.abcdefgh"));
    for credential in [basic("ann", PASSWORD), identity, bearer] {
        let challenge = |uri: &str| Some(format!("Bearer realm=\"{uri}/token\",service=\"x\""));
        let server = server(403, challenge).await;
        let repository = format!("{}/app", server.address()).parse().unwrap();
        let wire = wire(&server, credential);
        let failure = wire.start_upload(&repository).await.unwrap_err();
        let text = told(&failure);
        let pair = STANDARD.encode(format!("ann:{PASSWORD}"));
        let form = "refresh%2Fme%2Bnow%3D%3D";
        is_clean(
            &text,
            &[PASSWORD, &pair, REFRESH, form, "eyJhbGciOiJIUzI1NiJ9"],
        );
        assert!(text.contains("[credential]"), "{text}");
    }
}
