//! Google credentials, found as gcrane finds them: the credentials file, the metadata server, gcloud.
//!
//! `GoogleCredentials` stands before another source and answers for Google's hosts only. Each way is a module;
//! how a token is asked for over the wire is in `services`. Nothing is looked for here: files, servers and
//! programs are named by the settings.

mod assertion;
mod exchange;
mod file;
mod gcloud;
mod identity;
mod metadata;
mod services;
mod token;
mod way;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use promo_core::oci::{RegistryHost, Repository};
use promo_core::ports::Event;
use promo_core::with_causes;

pub use file::GoogleCredentialFile;
pub use identity::{GoogleIdentity, ServiceAccount};

use self::services::Services;
use self::way::Way;
use super::{Credential, CredentialSource, CredentialSourceError, Secret};
use crate::dialect::Dialect;
use crate::http::Sender;
use crate::{Caps, Error};

/// For which hosts Google credentials are used, and where they come from: the file, then (only without a file) the
/// metadata server, then gcloud. The first that gives a token is taken; after them comes the other source of
/// credentials.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GoogleSettings {
    /// Whether they are used for `gcr.io`, and for the hosts below `gcr.io`, `pkg.dev` and `google.com`.
    pub every_google_host: bool,
    /// Further hosts that they are used for.
    pub hosts: BTreeSet<RegistryHost>,
    /// Hosts that they are never used for.
    pub except: BTreeSet<RegistryHost>,
    /// The application default credentials file.
    pub default_credentials: Option<GoogleCredentialFile>,
    /// The metadata server, which machines of Google's have.
    pub metadata: MetadataServer,
    /// The program `gcloud`.
    pub gcloud: Option<PathBuf>,
}

/// Which metadata server is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataServer {
    /// None.
    #[default]
    Off,
    /// The one at `169.254.169.254`, if there is one: it is looked for once, and for a short time only.
    Look,
    /// The one at this `HOST[:PORT]`.
    Named(String),
}

impl GoogleSettings {
    fn covers(&self, host: &RegistryHost) -> bool {
        let wanted =
            self.hosts.contains(host) || (self.every_google_host && Dialect::of(host).is_google);
        wanted && !self.except.contains(host)
    }
}

/// The user that Google's registries know an access token by.
const USER: &str = "_token";
/// How long it is remembered that no way gave a token.
const NOTHING_LASTS: SignedDuration = SignedDuration::from_mins(5);
/// How long a token that replaced a refused one isn't replaced itself: what refuses it refuses the account.
const RENEWAL_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Google's credentials for Google's hosts, and those of another source for all others.
#[derive(Debug)]
pub(crate) struct GoogleCredentials {
    settings: GoogleSettings,
    ways: Vec<Way>,
    services: Services,
    /// Whoever holds it asks for a token; the others wait for that.
    known: tokio::sync::Mutex<Option<Known>>,
    next: Arc<dyn CredentialSource>,
}

/// What the ways gave. There is one token for all hosts.
#[derive(Debug)]
struct Known {
    token: Option<Secret>,
    /// Until when it is used.
    until: Timestamp,
    /// When it replaced one that was refused.
    renewed: Option<Timestamp>,
}

/// Whether what is known will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    Use,
    Renew,
}

impl GoogleCredentials {
    /// Fails with `PROMO-R021` if the metadata server is not named as a host.
    pub(crate) fn new(
        settings: GoogleSettings,
        next: Arc<dyn CredentialSource>,
        sender: Arc<Sender>,
        caps: Caps,
    ) -> Result<Self, Error> {
        Ok(Self {
            ways: Way::of(&settings)?,
            settings,
            services: Services { sender, caps },
            known: tokio::sync::Mutex::default(),
            next,
        })
    }

    async fn find(&self, host: &RegistryHost, memory: Memory) -> Option<Credential> {
        if !self.settings.covers(host) {
            return None;
        }
        let password = self.token(memory).await?;
        Some(Credential::Basic {
            user: USER.to_owned(),
            password,
        })
    }

    async fn token(&self, memory: Memory) -> Option<Secret> {
        let mut known = self.known.lock().await;
        let now = self.services.now();
        if let Some(known) = known.as_ref()
            && known.will_do(memory, now)
        {
            return known.token.clone();
        }
        let fetched = self.ask_ways().await;
        let found = Known {
            until: match &fetched {
                Some(token) => token.used_until,
                None => now.saturating_add(NOTHING_LASTS).unwrap_or(now),
            },
            token: fetched.map(|token| token.text),
            renewed: (memory == Memory::Renew).then_some(now),
        };
        known.insert(found).token.clone()
    }

    /// The token of the first way that gives one. A way that fails is told once, and ends nothing.
    async fn ask_ways(&self) -> Option<token::AccessToken> {
        for way in &self.ways {
            match way.token(&self.services).await {
                Ok(Some(token)) => return Some(token),
                Ok(None) => {}
                Err(error) => self.tell(way, &error),
            }
        }
        None
    }

    fn tell(&self, way: &Way, error: &Error) {
        if way.is_told() {
            return;
        }
        let message = format!("no Google token from {way}: {}", with_causes(error));
        let message = self.services.sender.sent.cut(&message);
        let code = error.code();
        let observer = &self.services.sender.hosts.observer;
        observer.observe(&Event::Warning { code, message });
    }
}

impl Known {
    fn will_do(&self, memory: Memory, now: Timestamp) -> bool {
        let is_new = |renewed: Timestamp| now.duration_since(renewed) < RENEWAL_PAUSE;
        let may_stay = match memory {
            Memory::Use => true,
            // Where there is no Google token, the refused credential was another source's.
            Memory::Renew => self.token.is_none() || self.renewed.is_some_and(is_new),
        };
        may_stay && now < self.until
    }
}

#[async_trait]
impl CredentialSource for GoogleCredentials {
    async fn credentials(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        match self.find(host, Memory::Use).await {
            Some(found) => Ok(Some(found)),
            None => self.next.credentials(host, repository).await,
        }
    }

    async fn renew(
        &self,
        host: &RegistryHost,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, CredentialSourceError> {
        match self.find(host, Memory::Renew).await {
            Some(found) => Ok(Some(found)),
            None => self.next.renew(host, repository).await,
        }
    }
}

#[cfg(test)]
mod tests;
