//! TLS with roots and certificates of our own, and proxies.

use std::sync::Arc;

use promo_core::ports::{FailureKind, Registry};
use promo_registry::{ClientCertificate, HostSettings, ProxySettings, WireRegistry};
use promo_testkit::registry::{Auth, Fault, Matcher, Operation, RegistryOptions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::{Bench, tag};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, with its key.
    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// A server's configuration that asks clients for certificates if `mutual`.
    pub(crate) fn server(&self, mutual: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let (certificate, key) = self.issue("127.0.0.1");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = builder
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

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
    let authority = Authority::new();
    let options = RegistryOptions::default().tls(authority.server(false));
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(authority.pem()).build().unwrap();
    assert!(head(&wire, &bench).await.unwrap());
    let wire = bench.builder().host(bench.host(), encrypted());
    let wire = wire.extra_roots(Authority::new().pem()).build().unwrap();
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
    let authority = Authority::new();
    let options = RegistryOptions::default().tls(authority.server(true));
    let bench = Bench::with(options).await;
    bench.image("app", "v1");
    let (certificate, key) = authority.issue("promo");
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
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
    let authority = Authority::new();
    let options = RegistryOptions::default().tls(authority.server(false));
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
    let authority = Authority::new();
    let options = RegistryOptions::default().tls(authority.server(false));
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
    let authority = Authority::new();
    let options = RegistryOptions::default()
        .tls(authority.server(false))
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
