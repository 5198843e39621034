//! The TLS of all connections: whom we trust, and which certificate we show. It is made once, from the certificates of the
//! system and those that were given, so that pools can be made anew at any time, also while there is no open file left to
//! read certificates from, and so that sessions are resumed by whatever pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use promo_core::oci::RegistryHost;
use promo_core::with_causes;
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ConfigBuilder};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use crate::{ClientCertificate, Error, HttpVersion};

/// The TLS of a run. Its Debug shows no key.
pub(super) struct Tls {
    /// Without a certificate of ours.
    plain: ClientConfig,
    certified: BTreeMap<RegistryHost, ClientConfig>,
}

impl Tls {
    /// With root certificates beside those of the system (PEM, each text one or more), and the certificates that we show.
    pub(super) fn new(
        extra_roots: &[Vec<u8>],
        certificates: &BTreeMap<RegistryHost, ClientCertificate>,
    ) -> Result<Self, Error> {
        let roots = roots(extra_roots)?;
        let provider = CryptoProvider::get_default().cloned();
        let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
        let verifier = if roots.is_empty() {
            Verifier::new(Arc::clone(&provider))
        } else {
            Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        };
        let verifier = Arc::new(verifier.map_err(|error| unusable(&error))?);
        let builder = || {
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| unusable(&error))?;
            let verifier = Arc::clone(&verifier);
            Ok(builder
                .dangerous()
                .with_custom_certificate_verifier(verifier))
        };
        let mut certified = BTreeMap::new();
        for (host, certificate) in certificates {
            certified.insert(
                host.clone(),
                with_certificate(builder()?, host, certificate)?,
            );
        }
        Ok(Self {
            plain: builder()?.with_no_client_auth(),
            certified,
        })
    }

    /// That of connections to a registry that is shown its certificate, or to any host; with what is offered in the
    /// handshake (ALPN).
    pub(super) fn of(
        &self,
        certified: Option<&RegistryHost>,
        version: HttpVersion,
    ) -> ClientConfig {
        let certified = certified.and_then(|host| self.certified.get(host));
        let mut config = certified.unwrap_or(&self.plain).clone();
        let offered: &[&[u8]] = match version {
            HttpVersion::Auto => &[b"h2", b"http/1.1"],
            HttpVersion::Http1 => &[b"http/1.1"],
            HttpVersion::Http2 => &[b"h2"],
        };
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        config
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(…)")
    }
}

fn roots(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refused = || Error::setting("an extra root certificate", "it is not PEM");
    let mut roots = Vec::new();
    for pem in pems {
        let certificates = CertificateDer::pem_slice_iter(pem);
        let certificates: Vec<_> = certificates
            .collect::<Result<_, _>>()
            .map_err(|_| refused())?;
        if certificates.is_empty() {
            return Err(refused());
        }
        roots.extend(certificates);
    }
    Ok(roots)
}

fn with_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    host: &RegistryHost,
    certificate: &ClientCertificate,
) -> Result<ClientConfig, Error> {
    let refused = || {
        Error::setting(
            format!("the client certificate for {host}"),
            "it is not a certificate chain with its private key in PEM",
        )
    };
    let chain = CertificateDer::pem_slice_iter(certificate.pem());
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|_| refused())?;
    let key = PrivateKeyDer::from_pem_slice(certificate.pem()).map_err(|_| refused())?;
    let config = builder.with_client_auth_cert(chain, key);
    config.map_err(|_| refused())
}

fn unusable(error: &rustls::Error) -> Error {
    Error::setting("TLS", with_causes(error))
}
