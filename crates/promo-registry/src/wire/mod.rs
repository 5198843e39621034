//! `WireRegistry`: the `Registry` port over HTTP.
//!
//! Each module holds one resource of OCI Distribution 1.1: how it is asked for, and what the answers
//! mean. How requests travel is in `http`.

mod blobs;
mod body_limits;
mod builder;
mod chunks;
mod download;
mod fallback_tag;
mod learned;
mod list_bytes;
mod list_document;
mod lists;
mod manifest_type;
mod manifests;
mod paths;
mod port;
mod referrers;
mod seen_referrers;
mod single_posts;
mod uploads;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ::http::Method;
use promo_core::oci::{Digest, RegistryHost, Repository};
use promo_core::ports::{Failure, Operation, Services};

pub use builder::WireRegistryBuilder;

use crate::auth::{
    Access, Exchange, GoogleIdentity, GoogleSettings, LoginCheck, Scopes, ServiceAccount,
};
use crate::http::Request;
use crate::services::WireServices;
use crate::{Caps, Error, HostSettings};

/// Registries over HTTP: one value for all hosts, shared by the whole run.
#[derive(Debug)]
pub struct WireRegistry {
    exchange: Arc<Exchange>,
    caps: Caps,
    /// What lists have brought so far.
    list_bytes: list_bytes::ListBytes,
    /// Whoever holds it brings the fallback tag of that digest up to date.
    fallback_locks: FallbackLocks,
    learned: learned::Learned,
    body_limits: body_limits::BodyLimits,
    /// What stood under fallback tags.
    seen_referrers: seen_referrers::SeenReferrers,
}

type FallbackLocks = Mutex<BTreeMap<(Repository, Digest), Arc<tokio::sync::Mutex<()>>>>;

impl WireRegistry {
    /// Services that are no registries, asked over the same transport: connections, budgets and deadlines are shared, and
    /// no credential of a registry ever goes there.
    pub fn services(&self) -> Arc<dyn Services> {
        Arc::new(WireServices::new(Arc::clone(&self.exchange.sender)))
    }

    /// Google's identity tokens, asked for over the same transport: those of the credentials that `settings` name, or of a
    /// service account that these may act as. Fails with `PROMO-R021` if the metadata server is not named as a host.
    pub fn google_identity(
        &self,
        settings: &GoogleSettings,
        account: Option<&ServiceAccount>,
    ) -> Result<GoogleIdentity, Error> {
        let sender = Arc::clone(&self.exchange.sender);
        GoogleIdentity::new(settings, account, sender, self.caps)
    }

    /// Shows a host the credentials that this registry has for it, and says what the host made of them. Nothing else is
    /// asked for.
    ///
    /// # Errors
    ///
    /// `PROMO-R002`, `PROMO-R018`: they are not accepted; and whatever keeps the host from being asked.
    pub async fn check_login(&self, host: &RegistryHost) -> Result<LoginCheck, Failure> {
        let told = |error| self.exchange.sender.told(error);
        let access = Access {
            host: host.clone(),
            repository: None,
            scopes: Scopes::default(),
        };
        let url = self.exchange.sender.hosts.endpoint(host).and_then(|url| {
            let no_url = || Error::setting(format!("the registry host {host}"), "it makes no URL");
            url.join("/v2/").map_err(|_| no_url())
        });
        let url = url.map_err(told)?;
        let what = format!("a login to {host}");
        let request = Request::new(Operation::Ping, Method::GET, url, what);
        let checked = self.exchange.log_in(&access, request).await;
        checked.map_err(told)
    }

    /// The settings of a host, given or default.
    pub fn host_settings(&self, host: &RegistryHost) -> &HostSettings {
        self.exchange.sender.hosts.settings(host)
    }
}
