//! Secrets of questions: where they may go, and that nobody is told of them.

use promo_core::ports::{Failure, FailureKind, ServiceRequest};
use wiremock::{MockServer, Request, Respond, ResponseTemplate};

use super::{World, asked, get, post};

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const SECRET: &str = "pa\"ss/wörd&";

/// Answers with all that it was sent.
struct Echo(u16);

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let sent = request.headers.get("authorization");
        let sent = sent.map_or("", |value| value.to_str().unwrap());
        let body = String::from_utf8_lossy(&request.body);
        let said = serde_json::json!({"error": sent, "message": format!("{body} {sent}")});
        let answer = ResponseTemplate::new(self.0).set_body_json(said);
        answer.insert_header(
            "Content-Encoding",
            if self.0 == 200 { sent } else { "identity" },
        )
    }
}

/// A question with a token, and a secret in its body.
fn question(url: &str) -> ServiceRequest {
    let body = serde_json::json!({"password": SECRET}).to_string();
    let url = super::url(url);
    let request = ServiceRequest::post(url, "what it makes", 100, "application/json", body);
    request.with_bearer(TOKEN).with_secret(SECRET)
}

fn is_clean(text: &str) {
    let escaped = serde_json::to_string(SECRET).unwrap();
    let pieces = TOKEN.split('.');
    for secret in pieces.chain([SECRET, escaped.trim_matches('"')]) {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

/// All that a failure tells.
fn told(failure: &Failure) -> String {
    format!(
        "{failure:?} {} {}",
        failure.chain(),
        failure.hints().concat()
    )
}

#[tokio::test]
async fn what_services_repeat_of_secrets_is_cut_out() {
    for status in [200, 500, 503] {
        let server = MockServer::start().await;
        let mock = wiremock::Mock::given(wiremock::matchers::any());
        mock.respond_with(Echo(status)).mount(&server).await;
        let world = World::new();
        let request = question(&server.uri());
        let failure = world.ask(&request).await.unwrap_err();
        is_clean(&told(&failure));
        assert!(
            told(&failure).contains("[credential]"),
            "{}",
            told(&failure)
        );
        is_clean(&format!("{request:?} {:?}", world.events.kept()));
        let asked = asked(&server).await;
        assert!(!asked.is_empty());
        let body: serde_json::Value = serde_json::from_slice(&asked[0].body).unwrap();
        assert_eq!(body["password"], SECRET);
    }
}

/// 192.0.2.1 is nobody's: it would take a connection to find that out.
#[tokio::test]
async fn secrets_are_not_sent_in_the_open() {
    for name in ["http://192.0.2.1/api", "http://service.invalid/api"] {
        let requests = [
            get(name).with_bearer(TOKEN),
            post(name, "{}").with_secret(SECRET),
        ];
        for request in requests {
            let world = World::new();
            let failure = world.ask(&request).await.unwrap_err();
            assert_eq!(failure.code().as_str(), "PROMO-R077");
            assert_eq!(failure.kind(), FailureKind::Configuration);
            assert!(failure.hints().concat().contains("https"));
            is_clean(&told(&failure));
            assert!(world.events.kept().is_empty(), "nothing was sent");
        }
    }
}

#[tokio::test]
async fn a_header_that_is_none_is_refused() {
    let server = MockServer::start().await;
    for request in [
        get(&server.uri()).with_bearer("a\r\nHost: evil"),
        get(&server.uri()).with_header("accept", "a\nb"),
        get(&server.uri()).with_header("no name", "a"),
    ] {
        let failure = World::new().ask(&request).await.unwrap_err();
        assert_eq!(failure.code().as_str(), "PROMO-R021");
        assert!(!told(&failure).contains("evil"));
    }
    assert!(asked(&server).await.is_empty());
}

/// The services of one wire know what was sent to registries and services alike.
#[tokio::test]
async fn a_secret_of_one_question_is_cut_out_of_the_answer_to_another() {
    let server = MockServer::start().await;
    let mock = wiremock::Mock::given(wiremock::matchers::any());
    let said = serde_json::json!({"message": format!("it was {TOKEN}")});
    let answer = ResponseTemplate::new(500).set_body_json(said);
    mock.respond_with(answer).mount(&server).await;
    let wire = World::new().builder().build().unwrap();
    wire.services()
        .ask(&question(&server.uri()))
        .await
        .unwrap_err();
    let request = get(&server.uri());
    let failure = wire.services().ask(&request).await.unwrap_err();
    is_clean(&told(&failure));
}
