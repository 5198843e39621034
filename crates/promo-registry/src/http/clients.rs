//! The connection pools: one per client certificate and reach, and one that takes no proxy. They are made when
//! they are first needed.
//!
//! Blobs have pools of their own. Over HTTP/2 all requests to a host share one connection and its window, and a blob that
//! nobody reads for a while, because a mirror is slow, holds on to its part of it: with other blobs it would hold up small
//! answers until their deadline.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;
use reqwest::{Certificate, Identity, Proxy};
use url::Url;

use super::ProxySettings;
use super::address::{GuardedResolver, Reach};
use crate::{ClientCertificate, Error};

/// What all connections have in common.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSettings {
    pub(crate) user_agent: String,
    pub(crate) extra_roots: Vec<Vec<u8>>,
    pub(crate) certificates: BTreeMap<RegistryHost, ClientCertificate>,
    pub(crate) proxies: ProxySettings,
    pub(crate) connect_deadline: Duration,
}

/// All connection pools.
#[derive(Debug)]
pub(crate) struct Clients {
    settings: ConnectionSettings,
    made: Mutex<BTreeMap<(Route, Traffic), reqwest::Client>>,
}

/// What goes through a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Traffic {
    /// Small requests and answers, which are read at once.
    Small,
    /// The bytes of blobs, in either direction.
    Blobs,
}

impl Traffic {
    pub(crate) fn of(operation: Operation) -> Self {
        match operation {
            Operation::BlobGet | Operation::BlobPut => Self::Blobs,
            _ => Self::Small,
        }
    }
}

/// How much of a blob a host may send over HTTP/2 before we have taken it.
const BLOB_WINDOW: u32 = 1 << 20;
/// The same of all blobs of a connection together: what HTTP/2 allows at the most, so that blobs don't hold up each other.
const BLOBS_WINDOW: u32 = (1 << 31) - 1;

/// What sets a pool apart from the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// For hosts within this reach.
    Reaching(Reach),
    /// For this registry, which is shown the certificate that we have for it.
    Certified(RegistryHost),
    /// For any host, without a proxy.
    Direct,
}

impl Clients {
    /// Checks the settings by making the pools that will be needed.
    pub(crate) fn new(settings: ConnectionSettings) -> Result<Self, Error> {
        let clients = Self {
            settings,
            made: Mutex::default(),
        };
        clients.pool(Route::Reaching(Reach::Anywhere), Traffic::Small)?;
        let hosts: Vec<_> = clients.settings.certificates.keys().cloned().collect();
        for host in &hosts {
            clients.for_registry(host, Traffic::Small)?;
        }
        Ok(clients)
    }

    /// The pool for requests to a registry that the user named; it shows our certificate if there is
    /// one for the host.
    pub(crate) fn for_registry(
        &self,
        host: &RegistryHost,
        traffic: Traffic,
    ) -> Result<reqwest::Client, Error> {
        if self.settings.certificates.contains_key(host) {
            return self.pool(Route::Certified(host.clone()), traffic);
        }
        self.pool(Route::Reaching(Reach::Anywhere), traffic)
    }

    /// The pool for requests to places that a registry named.
    pub(crate) fn for_elsewhere(
        &self,
        url: &Url,
        reach: Reach,
        traffic: Traffic,
    ) -> Result<reqwest::Client, Error> {
        // With a proxy it is the proxy that resolves names, and its own address may be a private one.
        let reach = if self.is_proxied(url) {
            Reach::Anywhere
        } else {
            reach
        };
        self.pool(Route::Reaching(reach), traffic)
    }

    /// The pool for requests that no proxy may see: to a metadata server, which is on this machine's own link.
    pub(crate) fn direct(&self) -> Result<reqwest::Client, Error> {
        self.pool(Route::Direct, Traffic::Small)
    }

    /// Whether a request to `url` takes a proxy.
    pub(crate) fn is_proxied(&self, url: &Url) -> bool {
        self.settings.proxies.for_url(url).is_some()
    }

    fn pool(&self, route: Route, traffic: Traffic) -> Result<reqwest::Client, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = (route, traffic);
        if let Some(client) = made.get(&pool) {
            return Ok(client.clone());
        }
        let client = self.make(&pool.0, traffic)?;
        made.insert(pool, client.clone());
        Ok(client)
    }

    fn make(&self, route: &Route, traffic: Traffic) -> Result<reqwest::Client, Error> {
        let settings = &self.settings;
        let mut builder = reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.connect_deadline)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            // Other crates of the program may switch these features of reqwest on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if traffic == Traffic::Blobs {
            builder = builder
                .http2_initial_stream_window_size(BLOB_WINDOW)
                .http2_initial_connection_window_size(BLOBS_WINDOW);
        }
        if *route != Route::Direct && !settings.proxies.is_empty() {
            let proxies = settings.proxies.clone();
            builder = builder.proxy(Proxy::custom(move |url| proxies.for_url(url).cloned()));
        }
        if let Route::Reaching(reach @ Reach::Like(_)) = *route {
            builder = builder.dns_resolver(Arc::new(GuardedResolver { reach }));
        }
        let roots = self.extra_roots()?;
        if !roots.is_empty() {
            builder = builder.tls_certs_merge(roots);
        }
        if let Route::Certified(host) = route
            && let Some(certificate) = settings.certificates.get(host)
        {
            let identity = Identity::from_pem(certificate.pem()).map_err(|_| {
                Error::setting(
                    format!("the client certificate for {host}"),
                    "it is not a certificate chain with its private key in PEM",
                )
            })?;
            builder = builder.identity(identity);
        }
        builder
            .build()
            .map_err(|error| Error::setting("TLS", promo_core::with_causes(&error.without_url())))
    }

    fn extra_roots(&self) -> Result<Vec<Certificate>, Error> {
        let refused = || Error::setting("an extra root certificate", "it is not PEM");
        let mut roots = Vec::new();
        for pem in &self.settings.extra_roots {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|_| refused())?;
            if certificates.is_empty() {
                return Err(refused());
            }
            roots.extend(certificates);
        }
        Ok(roots)
    }
}
