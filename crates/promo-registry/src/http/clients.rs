//! The connection pools: one per client certificate, reach and version of HTTP, and one that takes no proxy. They are made when
//! they are first needed.
//!
//! Blobs have pools of their own. Over HTTP/2 all requests to a host share one connection and its window, and a blob that
//! nobody reads for a while, because a mirror is slow, holds on to its part of it: with other blobs it would hold up small
//! answers until their deadline.
//!
//! How many connections are open in all pools together is counted in `connections`. The pools can't be told to close those
//! that nobody uses: where there are too many, all pools are made anew, and the old ones close theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;
use reqwest::Proxy;
use url::Url;

use super::ProxySettings;
use super::address::{GuardedResolver, Reach};
use super::tls::Tls;
use crate::connections::Connections;
use crate::{ClientCertificate, ConnectionLimit, Error, HttpVersion};

/// What all connections have in common.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionSettings {
    pub(crate) user_agent: String,
    pub(crate) extra_roots: Vec<Vec<u8>>,
    pub(crate) certificates: BTreeMap<RegistryHost, ClientCertificate>,
    /// The versions of HTTP that registries are spoken to with, where something is said.
    pub(crate) versions: BTreeMap<RegistryHost, HttpVersion>,
    pub(crate) proxies: ProxySettings,
    pub(crate) connect_deadline: Duration,
    pub(crate) limit: ConnectionLimit,
}

/// All connection pools.
#[derive(Debug)]
pub(crate) struct Clients {
    settings: ConnectionSettings,
    tls: Tls,
    pub(crate) connections: Arc<Connections>,
    made: Mutex<BTreeMap<Pool, reqwest::Client>>,
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

/// A pool, by what sets it apart from the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pool {
    route: Route,
    traffic: Traffic,
    version: HttpVersion,
}

/// By which way a pool's requests go.
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
    /// Checks the settings by making TLS, and the pool that will be needed.
    pub(crate) fn new(settings: ConnectionSettings) -> Result<Self, Error> {
        let clients = Self {
            connections: Arc::new(Connections::new(settings.limit)),
            tls: Tls::new(&settings.extra_roots, &settings.certificates)?,
            settings,
            made: Mutex::default(),
        };
        clients.client(&Pool {
            route: Route::Reaching(Reach::Anywhere),
            traffic: Traffic::Small,
            version: HttpVersion::Auto,
        })?;
        Ok(clients)
    }

    /// The pool for requests to a registry that the user named; it shows our certificate if there is
    /// one for the host.
    pub(crate) fn for_registry(&self, host: &RegistryHost, traffic: Traffic) -> Pool {
        let route = if self.settings.certificates.contains_key(host) {
            Route::Certified(host.clone())
        } else {
            Route::Reaching(Reach::Anywhere)
        };
        let version = self.settings.versions.get(host).copied();
        Pool {
            route,
            traffic,
            version: version.unwrap_or_default(),
        }
    }

    /// The pool for requests to places that a registry named.
    pub(crate) fn for_elsewhere(&self, url: &Url, reach: Reach, traffic: Traffic) -> Pool {
        // With a proxy it is the proxy that resolves names, and its own address may be a private one.
        let reach = if self.is_proxied(url) {
            Reach::Anywhere
        } else {
            reach
        };
        Pool {
            route: Route::Reaching(reach),
            traffic,
            version: HttpVersion::Auto,
        }
    }

    /// The pool for requests that no proxy may see: to a metadata server, which is on this machine's own link.
    pub(crate) fn direct() -> Pool {
        Pool {
            route: Route::Direct,
            traffic: Traffic::Small,
            version: HttpVersion::Auto,
        }
    }

    /// Whether a request to `url` takes a proxy.
    pub(crate) fn is_proxied(&self, url: &Url) -> bool {
        self.settings.proxies.for_url(url).is_some()
    }

    /// What sends through a pool. Not to be kept: it keeps the connections of its pool open.
    pub(crate) fn client(&self, pool: &Pool) -> Result<reqwest::Client, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(pool) {
            return Ok(client.clone());
        }
        let client = self.make(pool)?;
        made.insert(pool.clone(), client.clone());
        Ok(client)
    }

    /// Closes the connections that nobody uses. Those that are in use are closed after that.
    pub(crate) fn close_idle(&self) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::take(&mut *made);
        drop(made);
        drop(old);
    }

    fn make(&self, pool: &Pool) -> Result<reqwest::Client, Error> {
        let Pool {
            route,
            traffic,
            version,
        } = pool;
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
        builder = match version {
            HttpVersion::Auto => builder,
            HttpVersion::Http1 => builder.http1_only(),
            HttpVersion::Http2 => builder.http2_prior_knowledge(),
        };
        if *traffic == Traffic::Blobs {
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
        let certified = match route {
            Route::Certified(host) => Some(host),
            Route::Reaching(_) | Route::Direct => None,
        };
        builder
            .tls_backend_preconfigured(self.tls.of(certified, *version))
            .build()
            .map_err(|error| Error::setting("TLS", promo_core::with_causes(&error.without_url())))
    }
}
