//! Answers of an authority that are of no use: each a failure with its code, and nothing of the token in it.

use promo_core::ports::{Failure, Sealer};
use promo_sign::codes;
use serde_json::{Value, json};

use crate::services::{Authority, Bench};

async fn refused(authority: Authority) -> Failure {
    let bench = Bench::new(1);
    bench.authority(authority);
    bench.sealer.signer().await.unwrap_err()
}

#[tokio::test]
async fn what_an_authority_says_is_told() {
    let failure = refused(Authority::Answers(
        400,
        json!({"code": 3, "message": "There was an error processing the identity token"}),
    ))
    .await;
    assert_eq!(failure.code(), codes::SERVICE_REFUSED);
    assert_eq!(failure.status(), Some(400));
    let told = failure.to_string();
    assert!(told.contains("There was an error processing"), "{told}");
    assert!(told.contains("https://authority.example/"), "{told}");
}

#[tokio::test]
async fn a_redirect_is_no_certificate() {
    for status in [301, 302, 307, 308] {
        let failure = refused(Authority::Answers(status, json!({}))).await;
        assert_eq!(failure.code(), codes::SERVICE_REFUSED);
        assert_eq!(failure.status(), Some(status));
    }
}

#[tokio::test]
async fn an_authority_that_repeats_the_token_is_not_repeated() {
    let bench = Bench::new(1);
    bench.sealer.signer().await.unwrap();
    let body = bench.services.asked.lock().unwrap()[0].2.clone();
    let body: Value = serde_json::from_str(&body).unwrap();
    let token = body["credentials"]["oidcIdentityToken"].as_str().unwrap();
    // The next token is another one; this one is repeated as an authority would that logs what it gets.
    let bench = Bench::new(1);
    bench.authority(Authority::Answers(
        401,
        json!({"message": format!("bad token {token}")}),
    ));
    let failure = bench.sealer.signer().await.unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains(token));
    assert!(
        failure.to_string().contains("bad token [secret]"),
        "{failure}"
    );
}

#[tokio::test]
async fn what_is_no_certificate_for_the_key_is_refused() {
    let chain = |certificates: Value| json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": certificates}}});
    let detached = json!({"signedCertificateDetachedSct": {"chain": {"certificates": ["x"]}, "signedCertificateTimestamp": "AA=="}});
    for answer in [
        Authority::OtherKey,
        Authority::Answers(200, json!({})),
        Authority::Answers(200, json!([])),
        Authority::Answers(200, detached),
        Authority::Answers(200, chain(json!([]))),
        Authority::Answers(200, chain(json!(["no certificate"]))),
        Authority::Answers(200, chain(json!(vec!["no certificate"; 1000]))),
    ] {
        let failure = refused(answer.clone()).await;
        assert_eq!(failure.code(), codes::SERVICE_ANSWER, "{answer:?}");
    }
}
