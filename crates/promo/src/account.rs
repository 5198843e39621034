//! The account of a run by host: an observer that counts what is exchanged. A promoter keeps one; reports and frontends
//! read it. It decides nothing, and each single event is the trace's business.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use promo_core::ports::{Event, Observer};
use promo_core::report::HostTraffic;

/// What was exchanged with all hosts so far.
#[derive(Debug, Default)]
pub struct Account(Mutex<BTreeMap<String, HostAccount>>);

/// What was exchanged with one host, and how long requests waited for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostAccount {
    /// The counts, as a report has them.
    pub traffic: HostTraffic,
    /// How long requests waited for the host and its budget, all of them together.
    pub waited: Duration,
}

impl Account {
    /// All hosts that were asked, ordered by their names.
    pub fn hosts(&self) -> Vec<HostAccount> {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.values().cloned().collect()
    }

    /// What was exchanged since `before`, as reports have it.
    pub(crate) fn since(&self, before: &[HostAccount]) -> Vec<HostTraffic> {
        let before: BTreeMap<_, _> = before
            .iter()
            .map(|account| (&account.traffic.host, &account.traffic))
            .collect();
        let hosts = self.hosts().into_iter().map(|account| account.traffic);
        let since = hosts.map(|traffic| match before.get(&traffic.host) {
            Some(before) => traffic.since(before),
            None => traffic,
        });
        since.filter(|traffic| !traffic.is_nothing()).collect()
    }

    fn with(&self, host: &str, change: impl FnOnce(&mut HostAccount)) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = hosts.get_mut(host) {
            return change(account);
        }
        let new = HostAccount {
            traffic: HostTraffic::of(host),
            waited: Duration::ZERO,
        };
        change(hosts.entry(host.to_owned()).or_insert(new));
    }
}

impl Observer for Account {
    fn observe(&self, event: &Event) {
        match event {
            Event::Request {
                host,
                operation,
                status,
                waited,
                sent,
                received,
                ..
            } => self.with(host, |account| {
                let traffic = &mut account.traffic;
                traffic.requests.count(operation.class());
                traffic.throttled += u64::from(*status == Some(429));
                traffic.sent = traffic.sent.saturating_add(*sent);
                traffic.received = traffic.received.saturating_add(*received);
                account.waited = account.waited.saturating_add(*waited);
            }),
            Event::BodyRead { host, bytes, .. } => self.with(host, |account| {
                let received = &mut account.traffic.received;
                *received = received.saturating_add(*bytes);
            }),
            Event::Retry { host, .. } => self.with(host, |account| account.traffic.retries += 1),
            Event::Mount { host, granted } => self.with(host, |account| {
                let traffic = &mut account.traffic;
                traffic.mounted += u64::from(*granted);
                traffic.not_mounted += u64::from(!granted);
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
