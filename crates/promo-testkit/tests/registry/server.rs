//! The server itself: starting, stopping, TLS, large bodies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use promo_testkit::digest::sha256;
use promo_testkit::registry::{EmbeddedRegistry, Fault, Matcher, Operation, RegistryOptions};
use reqwest::{Method, Version};
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

/// A registry with a certificate of its own and these protocols, and a client that trusts only it.
async fn encrypted(protocols: &[&str]) -> Bench {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let root = reqwest::Certificate::from_der(signed.cert.der()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
    let options = RegistryOptions::default().tls(Arc::new(config));
    Bench {
        registry: EmbeddedRegistry::start(options).await.unwrap(),
        client: client.build().unwrap(),
    }
}

#[tokio::test]
async fn it_speaks_tls_with_a_given_configuration() {
    let bench = encrypted(&[]).await;
    let url = bench.registry.url();
    assert!(url.starts_with("https://127.0.0.1:"));
    let answer = bench.get("/v2/").await;
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_11)
    );
    assert!(reqwest::get(format!("{url}/v2/")).await.is_err());
}

#[tokio::test]
async fn it_speaks_http_2_where_the_configuration_offers_it() {
    let bench = encrypted(&["h2"]).await;
    let blob = Bytes::from(vec![0x5a; 3_000_000]);
    let path = format!("{}&digest={}", bench.open("a").await, sha256(&blob));
    let put = bench
        .request(Method::PUT, &path)
        .body(blob.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (put.status().as_u16(), put.version()),
        (201, Version::HTTP_2)
    );
    let path = format!("/v2/a/blobs/{}", sha256(&blob));
    bench.registry.faults().inject(
        Matcher::any().times(1),
        Fault::Truncate { after: 1_000_000 },
    );
    bench.get(&path).await.bytes().await.unwrap_err();
    bench
        .registry
        .faults()
        .inject(Matcher::any().times(1), Fault::Reset);
    bench.request(Method::GET, &path).send().await.unwrap_err();
    assert_eq!(bench.get(&path).await.bytes().await.unwrap(), blob);
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

#[tokio::test]
async fn a_narrow_line_slows_bodies_down_in_both_directions_together() {
    let bench = Bench::new().await;
    let rate = std::num::NonZeroU64::new(1_000_000).unwrap();
    bench
        .registry
        .switch(|switches| switches.bandwidth = Some(rate));
    let blob = Bytes::from(vec![0x5a; 200_000]);
    let digest = sha256(&blob);
    let session = bench.open("a").await;
    let begin = Instant::now();
    let put = bench.request(Method::PUT, &format!("{session}&digest={digest}"));
    assert_eq!(put.body(blob.clone()).send().await.unwrap().status(), 201);
    let path = format!("/v2/a/blobs/{digest}");
    let read = |answer: reqwest::Response| answer.bytes();
    let (one, other) = tokio::join!(bench.get(&path), bench.get(&path));
    let (one, other) = tokio::join!(read(one), read(other));
    assert_eq!((one.unwrap(), other.unwrap()), (blob.clone(), blob));
    assert!(
        begin.elapsed() >= Duration::from_millis(600),
        "{:?}",
        begin.elapsed()
    );
    let entries = bench.registry.log().entries();
    let put = entries
        .iter()
        .find(|entry| entry.operation == Operation::BlobPut)
        .unwrap();
    let took = put.answered_at.unwrap() - put.began_at;
    assert!(took >= Duration::from_millis(200), "{took:?}");
}
