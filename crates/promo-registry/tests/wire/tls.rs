//! TLS with roots and certificates of our own, and proxies.

use promo_core::ports::{FailureKind, Registry};
use promo_registry::{ClientCertificate, HostSettings, HttpVersion, ProxySettings, WireRegistry};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};
use promo_testkit::tls::{Authority, Protocols};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Bench, download, tag, upload};

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
pub(crate) async fn connect_proxy(listener: TcpListener, target: String) -> String {
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

/// A registry that offers these versions of HTTP, and a client that is told to speak this one.
async fn speaking(offered: Protocols, told: HttpVersion) -> (Bench, WireRegistry) {
    let authority = Authority::new().unwrap();
    let options = RegistryOptions::default().tls(authority.server(offered).unwrap());
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let mut settings = encrypted();
    settings.http_version = told;
    let wire = bench.builder().host(bench.host(), settings);
    (bench, wire.extra_roots(authority.pem()).build().unwrap())
}

#[tokio::test]
async fn the_version_of_http_is_the_one_that_is_set_or_else_agreed_on() {
    for (offered, told, spoken) in [
        (Protocols::Both, HttpVersion::Auto, "HTTP/2.0"),
        (Protocols::Both, HttpVersion::Http1, "HTTP/1.1"),
        (Protocols::Both, HttpVersion::Http2, "HTTP/2.0"),
        (Protocols::Http1, HttpVersion::Auto, "HTTP/1.1"),
    ] {
        let (bench, wire) = speaking(offered, told).await;
        assert!(head(&wire, &bench).await.unwrap());
        // Blobs have pools of their own.
        let bytes = upload(&wire, &bench.repository("app"), b"bytes").await;
        let blob = bytes.unwrap();
        download(&wire, &bench.repository("app"), &blob)
            .await
            .unwrap();
        let entries = bench.registry.log().entries();
        assert_eq!(entries.len(), 4);
        let versions = entries.iter().map(|entry| entry.version.as_str());
        assert!(versions.eq([spoken; 4]), "{told:?} of {offered:?}");
    }
}

#[tokio::test]
async fn http2_is_spoken_without_tls_where_that_is_set() {
    let bench = Bench::new().await;
    bench.image("app", "v1");
    for (told, spoken) in [
        (HttpVersion::Http2, "HTTP/2.0"),
        (HttpVersion::Auto, "HTTP/1.1"),
    ] {
        let mut settings = HostSettings::default();
        settings.http_version = told;
        let wire = bench.builder().host(bench.host(), settings);
        assert!(head(&wire.build().unwrap(), &bench).await.unwrap());
        let entries = bench.registry.log().entries();
        assert_eq!(entries.last().unwrap().version, spoken);
    }
}

/// Waiting wouldn't help, so it is told at once, with the setting.
#[tokio::test]
async fn a_version_that_a_host_does_not_speak_is_told_with_the_setting() {
    let others = [
        (Protocols::Http1, HttpVersion::Http2),
        (Protocols::Http2, HttpVersion::Http1),
    ];
    for (offered, told) in others {
        let (bench, wire) = speaking(offered, told).await;
        let failure = head(&wire, &bench).await.unwrap_err();
        let hints = failure.hints().join("\n");
        assert!(
            hints.contains("`http-version = \"auto\"`"),
            "{}",
            failure.chain()
        );
    }
}
