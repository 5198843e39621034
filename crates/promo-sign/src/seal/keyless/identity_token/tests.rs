use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::IdentityToken;
use crate::{Error, codes};

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "ES256"})), part(claims))
}

fn read(claims: &Value) -> Result<IdentityToken, Error> {
    IdentityToken::parse(&token(claims), now())
}

fn seconds(from_now: i64) -> i64 {
    now().as_second() + from_now
}

#[test]
fn a_token_tells_its_issuer_and_its_end_and_nothing_else() {
    let text = token(&json!({"iss": "https://issuer.example", "exp": seconds(300), "sub": "me"}));
    let token = IdentityToken::parse(&format!("\n {text}\n"), now()).unwrap();
    assert_eq!(token.expose(), text);
    assert_eq!(token.issuer(), "https://issuer.example");
    assert_eq!(token.expires(), now() + SignedDuration::from_secs(300));
    assert!(!format!("{token:?}").contains(&text[..20]), "{token:?}");
}

#[test]
fn what_is_no_token_is_refused() {
    let signed = token(&json!({"iss": "https://issuer.example", "exp": seconds(300)}));
    let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
    for text in [
        "",
        "ghs_abcdef",
        "a.b",
        "a.b.c.d",
        "a.!.c",
        &unsigned,
        &token(&json!({"exp": seconds(300)})),
        &token(&json!({"iss": "https://issuer.example"})),
        &token(&json!({"iss": "https://issuer.example", "exp": "soon"})),
        &token(&json!({"iss": "https://issuer.example", "exp": -1})),
        &token(&json!({"iss": "https://issuer.example", "exp": 1e300})),
        &token(&json!({"iss": "https://issuer.example", "exp": seconds(300), "nbf": 1e300})),
        &"a".repeat(super::MAX_IDENTITY_TOKEN + 1),
    ] {
        let error = IdentityToken::parse(text, now()).unwrap_err();
        assert_eq!(error.code(), codes::IDENTITY_TOKEN, "{text:.80}");
    }
}

#[test]
fn the_time_of_a_token_counts() {
    let at = |exp: i64, nbf: i64| {
        let claims = json!({"iss": "i", "exp": seconds(exp), "nbf": seconds(nbf)});
        read(&claims).map_err(|error| error.code())
    };
    assert!(at(1, 0).is_ok());
    // Clocks differ a little.
    assert!(at(300, 60).is_ok());
    assert_eq!(at(300, 61).unwrap_err(), codes::IDENTITY_TOKEN);
    assert_eq!(at(0, -300).unwrap_err(), codes::IDENTITY_TOKEN_EXPIRED);
    assert_eq!(at(-1, -300).unwrap_err(), codes::IDENTITY_TOKEN_EXPIRED);
    let fraction = json!({"iss": "i", "exp": 1_796_126_400.5_f64 + 300.0});
    assert!(read(&fraction).is_ok());
}
