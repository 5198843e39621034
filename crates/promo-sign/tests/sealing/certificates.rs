//! One certificate serves until most of its life is over, and is asked for with a token that goes nowhere else.

use promo_core::ports::{Sealer, ServiceMethod, SignerFacts};

use crate::services::{Authority, Bench, ISSUER, SUBJECT};

async fn subject(bench: &Bench) -> String {
    match bench.sealer.signer().await.unwrap() {
        SignerFacts::Certificate(certificate) => {
            assert_eq!(certificate.issuer, ISSUER);
            certificate.subject
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_certificate_serves_until_most_of_its_life_is_over() {
    let bench = Bench::new(1);
    for _ in 0..3 {
        assert_eq!(subject(&bench).await, SUBJECT);
    }
    assert_eq!(bench.services.urls().len(), 1);
    bench.clock.turn(479);
    subject(&bench).await;
    assert_eq!(bench.services.urls().len(), 1);
    bench.clock.turn(1);
    subject(&bench).await;
    assert_eq!(bench.services.urls().len(), 2);
    // Each time with a new token.
    assert_eq!(*bench.tokens.given.lock().unwrap(), 2);
}

#[tokio::test]
async fn many_at_once_ask_for_one() {
    let bench = Bench::new(1);
    let all = (0..50).map(|_| subject(&bench));
    futures_util::future::join_all(all).await;
    assert_eq!(
        bench.services.urls(),
        ["https://authority.example/api/v2/signingCert"]
    );
}

#[tokio::test]
async fn a_certificate_without_a_life_is_used_for_nothing_else() {
    let bench = Bench::new(1);
    bench.authority(Authority::Gives(0));
    subject(&bench).await;
    subject(&bench).await;
    assert_eq!(bench.services.urls().len(), 2);
}

#[tokio::test]
async fn the_request_shows_who_has_the_key() {
    let bench = Bench::new(1);
    subject(&bench).await;
    let asked = bench.services.asked.lock().unwrap();
    let (method, _, body) = &asked[0];
    assert_eq!(*method, ServiceMethod::Post);
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let token = body["credentials"]["oidcIdentityToken"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(body["certificateSigningRequest"].is_string());
}
