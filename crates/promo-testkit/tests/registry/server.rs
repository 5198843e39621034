//! The server itself: starting, stopping, TLS, large bodies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use promo_testkit::digest::sha256;
use promo_testkit::registry::{EmbeddedRegistry, Matcher, Operation, RegistryOptions};
use reqwest::Method;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::support::Bench;

#[tokio::test]
async fn nothing_answers_after_a_shutdown_or_drop() {
    let registry = EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .unwrap();
    let (url, port) = (registry.url(), registry.address().port());
    assert_eq!(
        reqwest::get(format!("{url}/v2/")).await.unwrap().status(),
        200
    );
    registry.shutdown().await;
    assert!(
        reqwest::get(format!("{url}/v2/"))
            .await
            .unwrap_err()
            .is_connect()
    );
    let again = EmbeddedRegistry::start(RegistryOptions::default().port(port))
        .await
        .unwrap();
    assert_eq!(again.host(), format!("127.0.0.1:{port}"));
    assert!(
        EmbeddedRegistry::start(RegistryOptions::default().port(port))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_shutdown_ends_requests_that_are_held() {
    let bench = Bench::new().await;
    let gate = bench.registry.faults().pause(Matcher::on(Operation::Base));
    let asked = tokio::spawn(bench.request(Method::GET, "/v2/").send());
    gate.reached().await;
    bench.registry.shutdown().await;
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn it_speaks_tls_with_a_given_configuration() {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let registry = EmbeddedRegistry::start(RegistryOptions::default().tls(Arc::new(config)))
        .await
        .unwrap();
    let root = reqwest::Certificate::from_der(signed.cert.der()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([root])
        .build()
        .unwrap();
    assert!(registry.url().starts_with("https://127.0.0.1:"));
    assert_eq!(
        client
            .get(format!("{}/v2/", registry.url()))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert!(
        reqwest::get(format!("{}/v2/", registry.url()))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_blob_goes_in_and_out_at_once() {
    let bench = Bench::new().await;
    let blob = Bytes::from(vec![0x5a; 300_000_000]);
    let digest = sha256(&blob);
    let session = bench.open("a").await;
    let begin = Instant::now();
    let put = bench.request(Method::PUT, &format!("{session}&digest={digest}"));
    assert_eq!(put.body(blob.clone()).send().await.unwrap().status(), 201);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    println!("300 MB put in {took:?}");
    let got = bench
        .get(&format!("/v2/a/blobs/{digest}"))
        .await
        .bytes()
        .await
        .unwrap();
    assert!(got == blob);
    assert_eq!(bench.registry.log().entries()[1].request_bytes, 300_000_000);
}
