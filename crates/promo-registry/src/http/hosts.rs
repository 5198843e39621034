//! What is known about each host during a run: its settings, its budget, its network.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use promo_core::oci::RegistryHost;
use promo_core::ports::{Clock, Observer, Sleep};
use url::Url;

use super::address::{Network, Reach};
use crate::budget::{HostBudget, Monotonic};
use crate::dialect::Dialect;
use crate::{Error, HostSettings, RetrySettings};

/// All hosts of a run.
#[derive(Debug)]
pub(crate) struct Hosts {
    settings: BTreeMap<RegistryHost, HostSettings>,
    default: HostSettings,
    retry: RetrySettings,
    budgets: Mutex<BTreeMap<String, Arc<HostBudget>>>,
    networks: Mutex<BTreeMap<RegistryHost, Network>>,
    time: Arc<Monotonic>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) observer: Arc<dyn Observer>,
}

impl Hosts {
    pub(crate) fn new(
        settings: BTreeMap<RegistryHost, HostSettings>,
        retry: RetrySettings,
        clock: Arc<dyn Clock>,
        sleep: Arc<dyn Sleep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            settings,
            default: HostSettings::default(),
            retry,
            budgets: Mutex::default(),
            networks: Mutex::default(),
            time: Arc::new(Monotonic::new(Arc::clone(&clock))),
            clock,
            sleep,
            observer,
        }
    }

    /// The settings of a host.
    pub(crate) fn settings(&self, host: &RegistryHost) -> &HostSettings {
        self.settings.get(host).unwrap_or(&self.default)
    }

    /// Whether a host is spoken to over plain HTTP.
    pub(crate) fn is_plain(&self, host: &RegistryHost) -> bool {
        self.settings(host)
            .plain_http
            .unwrap_or_else(|| host.is_loopback())
    }

    /// Where the API of a registry is.
    pub(crate) fn endpoint(&self, host: &RegistryHost) -> Result<Url, Error> {
        let scheme = if self.is_plain(host) { "http" } else { "https" };
        let authority = Dialect::of(host).api_host.unwrap_or(host.as_str());
        Url::parse(&format!("{scheme}://{authority}/"))
            .map_err(|_| Error::setting(format!("the registry host {host}"), "it makes no URL"))
    }

    /// The budget of a host, made when it is first used.
    pub(crate) fn budget(&self, host: &str) -> Arc<HostBudget> {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get(host) {
            return Arc::clone(budget);
        }
        let settings = host
            .parse()
            .map_or(&self.default, |host: RegistryHost| self.settings(&host));
        let budget = Arc::new(HostBudget::new(
            host,
            &settings.budget,
            self.retry.longest_retry_after,
            Arc::clone(&self.time),
            Arc::clone(&self.sleep),
            Arc::clone(&self.observer),
        ));
        budgets.insert(host.to_owned(), Arc::clone(&budget));
        budget
    }

    /// Remembers from which address a registry answered.
    pub(crate) fn learn_network(&self, host: &RegistryHost, address: Option<SocketAddr>) {
        let Some(address) = address else { return };
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks.insert(host.clone(), Network::of(address.ip()));
    }

    /// Where a registry may send us.
    pub(crate) fn reach_of(&self, host: &RegistryHost) -> Reach {
        let networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = networks.get(host).copied();
        let by_name = || {
            let url = self.endpoint(host).ok()?;
            Network::of_url(&url)
        };
        Reach::Like(known.or_else(by_name).unwrap_or(Network::Public))
    }
}
