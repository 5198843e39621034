//! TLS with roots and certificates of our own, and proxies.

use promo_core::ports::{FailureKind, Registry};
use promo_registry::{ClientCertificate, HostSettings, ProxySettings, WireRegistry};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Bench, tag};

pub(crate) fn encrypted() -> HostSettings {
    let mut settings = HostSettings::default();
    settings.plain_http = Some(false);
    settings
}

async fn head(wire: &WireRegistry, bench: &Bench) -> Result<bool, promo_core::ports::Failure> {
    let head = wire
        .head_manifest(&bench.repository("app"), &tag("v1"))
        .await;
    Ok(head?.is_some())
}

#[tokio::test]
async fn an_extra_root_is_trusted_and_nothing_else_is() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    assert!(head(&wire, &bench).await.unwrap());
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire
        .extra_roots(Authority::new().unwrap().pem())
        .build()
        .unwrap();
    let failure = head(&wire, &bench).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    assert!(
        failure.chain().to_lowercase().contains("certificate"),
        "{}",
        failure.chain()
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_its_host_only() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.mutual_server(Protocols::Both).unwrap());
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let issued = authority.issue("promo").unwrap();
    let pem = format!("{}{}", issued.certificate_pem(), issued.key_pem());
    let mut settings = encrypted();
    settings.client_certificate = Some(ClientCertificate::from_pem(pem.as_str()));
    let wire = bench.builder().host(bench.host(), settings.clone());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    assert!(head(&wire, &bench).await.unwrap());
    assert!(!format!("{wire:?}").contains("PRIVATE KEY"));
    // The same certificate, but for another host.
    let other = "registry.invalid".parse().unwrap();
    let wire = bench
        .builder()
        .host(bench.host(), encrypted())
        .host(other, settings);
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    assert_eq!(
        head(&wire, &bench).await.unwrap_err().kind(),
        FailureKind::Unavailable
    );
}

#[tokio::test]
async fn certificates_that_are_none_are_found_at_once() {
    let bench = Bench::new().await;
    let error = bench.builder().extra_roots("no PEM").build().unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-R021");
    let mut settings = encrypted();
    settings.client_certificate = Some(ClientCertificate::from_pem("s3cr3t"));
    let error = bench
        .builder()
        .host(bench.host(), settings)
        .build()
        .unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-R021");
    assert!(!error.to_string().contains("s3cr3t"));
}

#[tokio::test]
async fn an_encrypted_registry_can_not_lead_to_a_plain_one() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let (bench, plain) = (Bench::with(options).await, Bench::new().await);
    let target = format!("{}/v2/app/manifests/v1", plain.registry.url());
    bench
        .registry
        .faults()
        .inject(Matcher::any(), Fault::redirect(&target));
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    let failure = head(&wire, &bench).await.unwrap_err();
    assert_eq!(failure.code().as_str(), "PROMO-R017");
    assert!(plain.registry.log().is_empty());
}

#[tokio::test]
async fn an_encrypted_registry_can_not_have_uploads_sent_in_the_open() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(Protocols::Both).unwrap());
    let (bench, plain) = (Bench::with(options).await, Bench::new().await);
    let location = format!("{}/v2/app/blobs/uploads/1", plain.registry.url());
    let start = Matcher::on(Operation::UploadStart);
    let fault = Fault::header("location", &location);
    bench.registry.faults().inject(start, fault);
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    let start = wire.start_upload(&bench.repository("app")).await;
    assert_eq!(start.unwrap_err().code().as_str(), "PROMO-R017");
    // Nor is a list continued in the open.
    let link = format!(
        "<{}/v2/app/tags/list?last=x>; rel=\"next\"",
        plain.registry.url()
    );
    let list = Matcher::on(Operation::TagList);
    bench.image("app", "v1");
    bench
        .registry
        .faults()
        .inject(list, Fault::header("link", &link));
    let tags = wire.tags(&bench.repository("app"), None).await;
    assert_eq!(tags.unwrap_err().code().as_str(), "PROMO-R017");
    assert!(plain.registry.log().is_empty());
}

/// A proxy that takes one CONNECT, leads it to `target`, and tells the head of the request.
async fn connect_proxy(listener: TcpListener, target: String) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while stream.read_line(&mut head).await.unwrap() > 2 {}
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut target = TcpStream::connect(target).await.unwrap();
    // The client closes when it is done.
    let _copied = copy_bidirectional(&mut stream, &mut target).await.is_ok();
    head
}

#[tokio::test]
async fn a_proxy_is_used_as_told() {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default()
        .tls(authority.server(Protocols::Both).unwrap())
        .auth(Auth::none());
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://ann:s3cr3t@{}", listener.local_addr().unwrap());
    let proxies = || ProxySettings::default().with_https(&proxy).unwrap();
    let build = |proxies: ProxySettings| {
        let builder = bench.builder().host(bench.host(), encrypted());
        let builder = builder.extra_roots(authority.pem());
        builder.proxies(proxies).build().unwrap()
    };
    // With an exception for the host, the proxy sees nothing.
    let wire = build(proxies().with_exceptions(["127.0.0.0/8".to_owned()]));
    assert!(head(&wire, &bench).await.unwrap());
    let wire = build(proxies());
    let serving = tokio::spawn(connect_proxy(listener, bench.registry.host()));
    assert!(head(&wire, &bench).await.unwrap());
    assert!(!format!("{wire:?}").contains("s3cr3t"));
    drop(wire);
    let seen = serving.await.unwrap();
    assert!(
        seen.starts_with(&format!("CONNECT {} ", bench.host())),
        "{seen}"
    );
    assert!(
        seen.to_lowercase().contains("proxy-authorization: basic "),
        "{seen}"
    );
}
