//! What is known about each host during a run: its settings, its budget, its network.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use promo_core::oci::RegistryHost;
use promo_core::ports::{Clock, Observer, Sleep};
use url::Url;

use super::address::{Network, Reach};
use crate::budget::{HostBudget, PlacesBeyond};
use crate::dialect::Dialect;
use crate::health::Health;
use crate::monotonic::Monotonic;
use crate::{BudgetSettings, Deadlines, Error, HostSettings, RetrySettings};

/// All hosts of a run.
#[derive(Debug)]
pub(crate) struct Hosts {
    settings: BTreeMap<RegistryHost, HostSettings>,
    default: HostSettings,
    retry: RetrySettings,
    budgets: Mutex<BTreeMap<BudgetKey, Arc<HostBudget>>>,
    /// What the budgets of far hosts share.
    beyond: Arc<PlacesBeyond>,
    networks: Mutex<BTreeMap<RegistryHost, Network>>,
    time: Arc<Monotonic>,
    pub(crate) health: Health,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sleep: Arc<dyn Sleep>,
    pub(crate) observer: Arc<dyn Observer>,
}

/// What sets a budget apart from the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum BudgetKey {
    /// What is sent to a host that the user named, or that a registry named for tokens.
    Asked(String),
    /// What is sent to where registries lead us, such as the storage behind them.
    LedTo(String),
}

impl Hosts {
    pub(crate) fn new(
        settings: BTreeMap<RegistryHost, HostSettings>,
        (retry, deadlines): (RetrySettings, &Deadlines),
        clock: Arc<dyn Clock>,
        sleep: Arc<dyn Sleep>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let time = Arc::new(Monotonic::new(Arc::clone(&clock)));
        Self {
            settings,
            default: HostSettings::default(),
            retry,
            budgets: Mutex::default(),
            beyond: Arc::default(),
            networks: Mutex::default(),
            health: Health::new(
                deadlines,
                Arc::clone(&time),
                Arc::clone(&sleep),
                Arc::clone(&observer),
            ),
            time,
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

    /// The one name by which a host's budget and its health are known.
    pub(crate) fn name_of(host: &str) -> &str {
        Dialect::of_name(host)
            .names
            .first()
            .map_or(host, |name| *name)
    }

    /// The budget of a host, made when it is first used. A registry of several names has one.
    pub(crate) fn budget(&self, host: &str) -> Arc<HostBudget> {
        let name = Self::name_of(host).to_owned();
        self.budget_of(BudgetKey::Asked(name), || {
            let mut settings = self.settings_of_name(host).budget;
            let documented = Dialect::of_name(host).requests_per_second;
            settings.requests_per_second =
                settings.requests_per_second.or(documented.map(f64::from));
            settings
        })
    }

    /// The budget of a host that a registry leads us to: nothing is known of it, and storage bears more than registries
    /// do, so it has no bounds until it answers 429.
    pub(crate) fn budget_elsewhere(&self, host: &str) -> Arc<HostBudget> {
        self.budget_of(BudgetKey::LedTo(host.to_owned()), || BudgetSettings {
            concurrency: Some(usize::MAX),
            requests_per_second: None,
        })
    }

    fn budget_of(
        &self,
        key: BudgetKey,
        settings: impl FnOnce() -> BudgetSettings,
    ) -> Arc<HostBudget> {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get(&key) {
            return Arc::clone(budget);
        }
        let (BudgetKey::Asked(host) | BudgetKey::LedTo(host)) = &key;
        let budget = Arc::new(HostBudget::new(
            host,
            (&settings(), Arc::clone(&self.beyond)),
            self.retry.longest_retry_after,
            Arc::clone(&self.time),
            Arc::clone(&self.sleep),
            Arc::clone(&self.observer),
        ));
        budgets.insert(key, Arc::clone(&budget));
        budget
    }

    /// The settings of a host that is given as text; of a registry of several names, those of the first that has some.
    fn settings_of_name(&self, host: &str) -> &HostSettings {
        let names = Dialect::of_name(host).names;
        let mut names = [host].into_iter().chain(names.iter().copied());
        names
            .find_map(|name| self.settings.get(&name.parse::<RegistryHost>().ok()?))
            .unwrap_or(&self.default)
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
