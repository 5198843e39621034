//! Puts a `WireRegistry` together from values.

use std::collections::BTreeMap;
use std::sync::Arc;

use promo_core::oci::RegistryHost;
use promo_core::ports::{Clock, Observer, Silent, Sleep};

use super::WireRegistry;
use crate::auth::{
    Anonymous, Authorizer, CredentialSource, Exchange, GoogleCredentials, GoogleSettings,
};
use crate::http::{Backoff, Clients, ConnectionSettings, Hosts, ProxySettings, Sender};
use crate::{Caps, ConnectionLimit, Deadlines, Error, HostSettings, RetrySettings};

/// Settings of a [`WireRegistry`] before it is built. Everything has a default but time.
#[derive(Debug)]
pub struct WireRegistryBuilder {
    hosts: BTreeMap<RegistryHost, HostSettings>,
    credentials: Arc<dyn CredentialSource>,
    google: Option<GoogleSettings>,
    extra_roots: Vec<Vec<u8>>,
    proxies: ProxySettings,
    deadlines: Deadlines,
    caps: Caps,
    retry: RetrySettings,
    user_agent: String,
    jitter_seed: u64,
    connections: ConnectionLimit,
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock>,
    sleep: Arc<dyn Sleep>,
}

impl WireRegistry {
    /// Begins a registry that tells time by `clock` and waits by `sleep`.
    pub fn builder(clock: Arc<dyn Clock>, sleep: Arc<dyn Sleep>) -> WireRegistryBuilder {
        WireRegistryBuilder {
            hosts: BTreeMap::new(),
            credentials: Arc::new(Anonymous),
            google: None,
            extra_roots: Vec::new(),
            proxies: ProxySettings::default(),
            deadlines: Deadlines::default(),
            caps: Caps::default(),
            retry: RetrySettings::default(),
            user_agent: concat!("promo/", env!("CARGO_PKG_VERSION")).to_owned(),
            jitter_seed: 0,
            connections: ConnectionLimit::default(),
            observer: Arc::new(Silent),
            clock,
            sleep,
        }
    }
}

impl WireRegistryBuilder {
    /// With the settings of one host, in place of the defaults.
    #[must_use]
    pub fn host(mut self, host: RegistryHost, settings: HostSettings) -> Self {
        self.hosts.insert(host, settings);
        self
    }

    /// With a source of credentials; without it, everything is anonymous.
    #[must_use]
    pub fn credentials(mut self, credentials: Arc<dyn CredentialSource>) -> Self {
        self.credentials = credentials;
        self
    }

    /// With Google's credentials for Google's hosts, before those of the other source.
    #[must_use]
    pub fn google(mut self, google: GoogleSettings) -> Self {
        self.google = Some(google);
        self
    }

    /// With root certificates (PEM, one or more) that are trusted besides those of the system.
    #[must_use]
    pub fn extra_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    /// With proxies; without them, none is used.
    #[must_use]
    pub fn proxies(mut self, proxies: ProxySettings) -> Self {
        self.proxies = proxies;
        self
    }

    /// With deadlines.
    #[must_use]
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// With caps on what is read.
    #[must_use]
    pub fn caps(mut self, caps: Caps) -> Self {
        self.caps = caps;
        self
    }

    /// With the way requests are repeated.
    #[must_use]
    pub fn retry(mut self, retry: RetrySettings) -> Self {
        self.retry = retry;
        self
    }

    /// With the name that we tell registries.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// With the seed of the jitter in pauses.
    #[must_use]
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = seed;
        self
    }

    /// With a limit of the connections that are open at once, at all hosts together; without it that of
    /// [`ConnectionLimit::default`].
    #[must_use]
    pub fn connections(mut self, limit: ConnectionLimit) -> Self {
        self.connections = limit;
        self
    }

    /// With an observer of requests, retries and pauses.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Builds it. Fails with `PROMO-R021` if a certificate or the name of the metadata server can't be used.
    pub fn build(self) -> Result<WireRegistry, Error> {
        let certificates = self
            .hosts
            .iter()
            .filter_map(|(host, settings)| {
                Some((host.clone(), settings.client_certificate.clone()?))
            })
            .collect();
        let versions = self
            .hosts
            .iter()
            .map(|(host, settings)| (host.clone(), settings.http_version))
            .collect();
        let clients = Clients::new(ConnectionSettings {
            user_agent: self.user_agent,
            extra_roots: self.extra_roots,
            certificates,
            versions,
            proxies: self.proxies,
            connect_deadline: self.deadlines.connect,
            limit: self.connections,
        })?;
        let sender = Arc::new(Sender {
            clients,
            hosts: Hosts::new(
                self.hosts,
                (self.retry, &self.deadlines),
                self.clock,
                self.sleep,
                self.observer,
            ),
            backoff: Backoff::new(self.retry, self.jitter_seed),
            deadlines: self.deadlines,
            sent: Arc::default(),
            caps: self.caps,
        });
        let credentials: Arc<dyn CredentialSource> = match self.google {
            None => self.credentials,
            Some(google) => Arc::new(GoogleCredentials::new(
                google,
                self.credentials,
                Arc::clone(&sender),
                self.caps,
            )?),
        };
        let authorizer = Authorizer::new(credentials, Arc::clone(&sender), self.caps);
        Ok(WireRegistry {
            exchange: Arc::new(Exchange::new(sender, authorizer, self.caps)),
            caps: self.caps,
            list_bytes: super::list_bytes::ListBytes::default(),
            fallback_locks: std::sync::Mutex::default(),
            learned: super::learned::Learned::default(),
            body_limits: super::body_limits::BodyLimits::default(),
            seen_referrers: super::seen_referrers::SeenReferrers::default(),
        })
    }
}
