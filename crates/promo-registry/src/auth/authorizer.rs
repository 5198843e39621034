//! Says what goes into the Authorization header of a request, and learns from 401s.
//!
//! The first request to a host goes out as it is, alone; the others wait for its answer. From then on it
//! is known what the host wants, and requests carry it at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::{HeaderMap, HeaderValue, StatusCode};
use promo_core::oci::{RegistryHost, Repository};
use tokio::sync::OwnedMutexGuard;

use super::challenge::{Challenge, challenge_of};
use super::realm::check_realm;
use super::token::{self, Slot, Token, TokenRequest, Tokens};
use super::{Credential, CredentialSource};
use crate::http::{Access, Sender};
use crate::{Caps, Error};

/// Authorizes requests to all hosts.
#[derive(Debug)]
pub(crate) struct Authorizer {
    source: Arc<dyn CredentialSource>,
    sender: Arc<Sender>,
    caps: Caps,
    hosts: Mutex<BTreeMap<RegistryHost, Arc<HostState>>>,
    tokens: Tokens,
}

/// What a host wants, as far as it is known.
#[derive(Debug, Default)]
struct HostState {
    wants: Mutex<Option<Wants>>,
    /// Held by the request that finds out.
    finding_out: Arc<tokio::sync::Mutex<()>>,
    /// Basic headers by repository, with what they were made from.
    basic: tokio::sync::Mutex<BTreeMap<Option<Repository>, Option<HeaderValue>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    /// Nothing, so far.
    Nothing,
    /// What its challenge says.
    Answer(Challenge),
}

/// What a request carries to show who we are.
#[derive(Debug)]
pub(crate) struct Authorization {
    header: Option<HeaderValue>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Nothing, and with the guard: this request finds out what the host wants.
    Nothing(Option<OwnedMutexGuard<()>>),
    /// User and password, or a token that was given as it is.
    Fixed,
    /// A token that was fetched, now or before.
    Token {
        slot: Arc<Slot>,
        generation: u64,
        fresh: bool,
        with_credentials: bool,
    },
}

/// A token that can be used, with where it is kept and whether it was fetched just now.
struct Found {
    slot: Arc<Slot>,
    token: Token,
    fresh: bool,
}

impl Authorization {
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        self.header.as_ref()
    }

    /// Whether there are credentials behind it.
    pub(crate) fn has_credentials(&self) -> bool {
        match &self.kind {
            Kind::Nothing(_) => false,
            Kind::Fixed => self.header.is_some(),
            Kind::Token {
                with_credentials, ..
            } => *with_credentials,
        }
    }

    fn fixed(header: Option<HeaderValue>) -> Self {
        Self {
            header,
            kind: Kind::Fixed,
        }
    }
}

impl Authorizer {
    pub(crate) fn new(source: Arc<dyn CredentialSource>, sender: Arc<Sender>, caps: Caps) -> Self {
        Self {
            source,
            sender,
            caps,
            hosts: Mutex::default(),
            tokens: Tokens::default(),
        }
    }

    /// What a request carries.
    pub(crate) async fn authorize(&self, access: &Access) -> Result<Authorization, Error> {
        let state = self.state(&access.host);
        let mut known = state.wants();
        let mut guard = None;
        if known.is_none() {
            guard = Some(Arc::clone(&state.finding_out).lock_owned().await);
            known = state.wants();
        }
        let Some(wants) = known else {
            return Ok(Authorization {
                header: None,
                kind: Kind::Nothing(guard),
            });
        };
        drop(guard);
        match wants {
            Wants::Nothing => Ok(Authorization {
                header: None,
                kind: Kind::Nothing(None),
            }),
            Wants::Answer(Challenge::Basic) => self.basic(access, &state).await,
            Wants::Answer(Challenge::Bearer { realm, service }) => {
                self.bearer(access, &realm, service).await
            }
        }
    }

    /// Learns from a 401. Whether another request could do better.
    pub(crate) async fn refused(
        &self,
        access: &Access,
        authorization: Authorization,
        headers: &HeaderMap,
    ) -> Result<bool, Error> {
        let state = self.state(&access.host);
        match authorization.kind {
            Kind::Nothing(guard) => {
                let Some(challenge) = challenge_of(headers) else {
                    return Ok(false);
                };
                state.set(Wants::Answer(challenge.clone()));
                drop(guard);
                // A token may be given to anybody; a password is needed to send one.
                match challenge {
                    Challenge::Bearer { .. } => Ok(true),
                    Challenge::Basic => Ok(self.basic(access, &state).await?.header.is_some()),
                }
            }
            Kind::Fixed => self.renew_basic(access, &state, authorization.header).await,
            Kind::Token {
                slot,
                generation,
                fresh,
                ..
            } => {
                slot.refuse(generation);
                Ok(!fresh)
            }
        }
    }

    /// Learns from an answer that is no 401: a host that answers wants nothing, so far.
    pub(crate) fn accepted(
        &self,
        access: &Access,
        authorization: Authorization,
        status: StatusCode,
    ) {
        let tells = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
        if let Kind::Nothing(Some(guard)) = authorization.kind {
            if tells {
                self.state(&access.host).set(Wants::Nothing);
            }
            drop(guard);
        }
    }

    /// User and password, asked for once per repository.
    async fn basic(&self, access: &Access, state: &HostState) -> Result<Authorization, Error> {
        let mut known = state.basic.lock().await;
        if let Some(header) = known.get(&access.repository) {
            return Ok(Authorization::fixed(header.clone()));
        }
        let credential = self
            .source
            .credentials(&access.host, access.repository.as_ref())
            .await?;
        let header = credential.as_ref().and_then(fixed_header);
        known.insert(access.repository.clone(), header.clone());
        Ok(Authorization::fixed(header))
    }

    /// Asks for credentials anew. Whether they are others than those that were refused.
    async fn renew_basic(
        &self,
        access: &Access,
        state: &HostState,
        refused: Option<HeaderValue>,
    ) -> Result<bool, Error> {
        let mut known = state.basic.lock().await;
        if let Some(now) = known.get(&access.repository)
            && *now != refused
        {
            return Ok(true);
        }
        let credential = self
            .source
            .renew(&access.host, access.repository.as_ref())
            .await?;
        let header = credential.as_ref().and_then(fixed_header);
        let changed = header.is_some() && header != refused;
        known.insert(access.repository.clone(), header);
        Ok(changed)
    }

    /// A token: one that is there, or a new one, which is fetched once for all who wait for it.
    async fn bearer(
        &self,
        access: &Access,
        realm: &str,
        service: Option<String>,
    ) -> Result<Authorization, Error> {
        let now = self.sender.hosts.clock.now();
        let found = match self.tokens.ready(&access.host, &access.scopes, now) {
            Some((slot, token)) => Found {
                slot,
                token,
                fresh: false,
            },
            None => match self.fetched(access, realm, service).await? {
                Ok(found) => found,
                Err(given) => return Ok(Authorization::fixed(given)),
            },
        };
        Ok(Authorization {
            header: Some(found.token.header),
            kind: Kind::Token {
                slot: found.slot,
                generation: found.token.generation,
                fresh: found.fresh,
                with_credentials: found.token.with_credentials,
            },
        })
    }

    /// Fetches a token, or waits for one who does. A credential that is a token already comes back as the inner error.
    async fn fetched(
        &self,
        access: &Access,
        realm: &str,
        service: Option<String>,
    ) -> Result<Result<Found, Option<HeaderValue>>, Error> {
        let slot = self.tokens.slot(&access.host, &access.scopes);
        let generation = slot.generation();
        let guard = slot.fetching.lock().await;
        if let Some(token) = slot.token(self.sender.hosts.clock.now()) {
            drop(guard);
            let fresh = false;
            return Ok(Ok(Found { slot, token, fresh }));
        }
        if let Some(error) = slot.failed_since(generation) {
            return Err(error);
        }
        let repository = access.repository.as_ref();
        let credential = self.source.credentials(&access.host, repository).await?;
        if let Some(Credential::BearerToken(token)) = &credential {
            return Ok(Err(token::bearer(token)));
        }
        let outcome = self.fetch(access, realm, service, credential).await;
        let token = slot.settle(outcome)?;
        drop(guard);
        let fresh = true;
        Ok(Ok(Found { slot, token, fresh }))
    }

    /// Fetches a token; if the token server refuses the credential, once more with a renewed one.
    async fn fetch(
        &self,
        access: &Access,
        realm: &str,
        service: Option<String>,
        credential: Option<Credential>,
    ) -> Result<Token, Error> {
        let mut request = self.token_request(access, realm, service, credential)?;
        let outcome = token::fetch(&self.sender, &self.caps, &request).await;
        if request.credential.is_none() || !matches!(outcome, Err(Error::TokenRefused { .. })) {
            return outcome;
        }
        let repository = access.repository.as_ref();
        let renewed = self.source.renew(&access.host, repository).await?;
        if renewed == request.credential {
            return outcome;
        }
        request.credential = renewed;
        token::fetch(&self.sender, &self.caps, &request).await
    }

    fn token_request(
        &self,
        access: &Access,
        realm: &str,
        service: Option<String>,
        credential: Option<Credential>,
    ) -> Result<TokenRequest, Error> {
        let hosts = &self.sender.hosts;
        let allowed = &hosts.settings(&access.host).token_realms;
        let realm = check_realm(&access.host, hosts.is_plain(&access.host), allowed, realm)?;
        Ok(TokenRequest {
            reach: hosts.reach_of(&access.host),
            host: access.host.clone(),
            realm,
            service,
            scopes: access.scopes.clone(),
            credential,
        })
    }

    fn state(&self, host: &RegistryHost) -> Arc<HostState> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(host.clone()).or_default())
    }
}

impl HostState {
    fn wants(&self) -> Option<Wants> {
        self.wants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, wants: Wants) {
        *self.wants.lock().unwrap_or_else(PoisonError::into_inner) = Some(wants);
    }
}

/// What can be sent to the registry itself.
fn fixed_header(credential: &Credential) -> Option<HeaderValue> {
    match credential {
        Credential::Basic { .. } => token::basic(credential),
        Credential::BearerToken(token) => token::bearer(token),
        Credential::IdentityToken(_) => None,
    }
}
