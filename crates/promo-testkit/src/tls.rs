//! Certificates for registries that speak TLS: an authority that is made on the spot, and servers it vouches for. Behind the
//! feature `certificates`; what is made here is for tests and never trusted by anybody else.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, Error, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Which versions of HTTP a server offers in the handshake of TLS (ALPN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocols {
    /// Only HTTP/1.1.
    Http1,
    /// Only HTTP/2.
    Http2,
    /// HTTP/2, and HTTP/1.1 for those who don't know it.
    Both,
}

/// An authority that signs certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server shows that it shouldn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A certificate for another name.
    OtherName,
    /// One that has expired.
    Expired,
    /// One that isn't valid yet.
    NotYetValid,
    /// That of an authority, as `openssl req -x509` makes it.
    OfAuthority,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Issued {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// What the cryptographic library says.
    pub fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self(issuer))
    }

    /// Its own certificate, which clients are told to trust.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a host name or an address.
    ///
    /// # Errors
    /// What the cryptographic library says.
    pub fn issue(&self, name: &str) -> Result<Issued, Error> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        let certificate = params.signed_by(&key, &self.0)?;
        Ok(Issued { certificate, key })
    }

    /// The configuration of a server at 127.0.0.1.
    ///
    /// # Errors
    /// What the cryptographic library or rustls says.
    pub fn server(
        &self,
        protocols: Protocols,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
        self.configure(protocols, false)
    }

    /// The same of a server that asks its clients for a certificate by this authority.
    ///
    /// # Errors
    /// What the cryptographic library or rustls says.
    pub fn mutual_server(
        &self,
        protocols: Protocols,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
        self.configure(protocols, true)
    }

    /// The configuration of a server at 127.0.0.1 that shows a certificate which no client shall take.
    ///
    /// # Errors
    /// What the cryptographic library or rustls says.
    pub fn unfit_server(
        &self,
        unfit: Unfit,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
        let name = match unfit {
            Unfit::OtherName => "registry.example.com",
            _ => "127.0.0.1",
        };
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        match unfit {
            Unfit::OtherName => {}
            Unfit::Expired => {
                params.not_before = rcgen::date_time_ymd(2019, 1, 1);
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }
            Unfit::NotYetValid => params.not_before = rcgen::date_time_ymd(4000, 1, 1),
            Unfit::OfAuthority => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        let issued = Issued { certificate, key };
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(issued.key_der()));
        let shown = vec![issued.certificate_der()];
        let config = builder.with_no_client_auth().with_single_cert(shown, key)?;
        Ok(Arc::new(config))
    }

    fn configure(
        &self,
        protocols: Protocols,
        mutual: bool,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone())?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build()?)
        } else {
            builder.with_no_client_auth()
        };
        let issued = self.issue("127.0.0.1")?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(issued.key_der()));
        let mut config = builder.with_single_cert(vec![issued.certificate_der()], key)?;
        config.alpn_protocols = protocols.alpn();
        Ok(Arc::new(config))
    }
}

impl Issued {
    /// The certificate as PEM.
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The certificate as DER.
    pub fn certificate_der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// The private key as PEM (PKCS#8).
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The private key as DER (PKCS#8).
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }
}

impl Protocols {
    fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Both => &[b"h2", b"http/1.1"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}
