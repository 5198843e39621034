//! Says what goes into the Authorization header of a request, and learns from 401s.
//!
//! The first request to a host goes out as it is (see `door`). From then on it is known what the host wants, and
//! requests carry it at once; a repository that wants something else says so in a challenge of its own. How tokens are
//! come by is in `bearer`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, StatusCode};
use promo_core::oci::{RegistryHost, Repository};

use super::authorization::{Authorization, Kind};
use super::challenge::{Challenge, challenge_of};
use super::credential::OwnErrors;
use super::door::{Door, Entry, Wants};
use super::flight::Flight;
use super::realm::check_realm;
use super::rounds::Rounds;
use super::token::{self, Tokens};
use super::{Access, Credential, CredentialSource};
use crate::http::Sender;
use crate::{Caps, Error};

/// Authorizes requests to all hosts.
#[derive(Debug)]
pub(crate) struct Authorizer {
    pub(super) source: OwnErrors,
    pub(super) sender: Arc<Sender>,
    pub(super) caps: Caps,
    doors: Mutex<BTreeMap<RegistryHost, Arc<Door>>>,
    /// What can be sent to the registry itself.
    headers: Mutex<BTreeMap<HeaderKey, Arc<Flight<Option<HeaderValue>>>>>,
    pub(super) tokens: Tokens,
    pub(super) rounds: Rounds,
}

type HeaderKey = (RegistryHost, Option<Repository>);

impl Authorizer {
    pub(crate) fn new(source: Arc<dyn CredentialSource>, sender: Arc<Sender>, caps: Caps) -> Self {
        Self {
            source: OwnErrors(source),
            sender,
            caps,
            doors: Mutex::default(),
            headers: Mutex::default(),
            tokens: Tokens::default(),
            rounds: Rounds::default(),
        }
    }

    /// What a request carries.
    pub(crate) async fn authorize(&self, access: &Access) -> Result<Authorization, Error> {
        let door = self.door(&access.host);
        if let Some(own) = door.own(access.repository.as_ref()) {
            return self.answer(access, own).await;
        }
        match door.enter().await {
            Entry::Unknown(first) => Ok(Authorization::nothing(first)),
            Entry::Known(Wants::Nothing) => Ok(Authorization::nothing(None)),
            Entry::Known(Wants::Unasked) => self.basic(access).await,
            Entry::Known(Wants::Answer(guess)) => match self.answer(access, guess).await {
                Err(error @ Error::TokenRefused { .. }) => Ok(Authorization::asking(error)),
                answer => answer,
            },
        }
    }

    /// Whether a host has asked who we are.
    pub(crate) fn is_asked_by(&self, host: &RegistryHost) -> bool {
        matches!(self.door(host).wants(), Some(Wants::Answer(_)))
    }

    async fn answer(&self, access: &Access, challenge: Challenge) -> Result<Authorization, Error> {
        match challenge {
            Challenge::Basic => self.basic(access).await,
            Challenge::Bearer { realm, service } => self.bearer(access, &realm, service).await,
        }
    }

    /// Learns from a 401. Whether another request could do better.
    pub(crate) async fn refused(
        &self,
        access: &Access,
        authorization: Authorization,
        headers: &HeaderMap,
    ) -> Result<bool, Error> {
        let learned = self.learn(access, &authorization, headers);
        match authorization.kind {
            Kind::Nothing(first) => {
                drop(first);
                match learned {
                    None => Ok(false),
                    // A token may be given to anybody; a password is needed to send one.
                    Some(Challenge::Bearer { .. }) => Ok(true),
                    Some(Challenge::Basic) => Ok(self.basic(access).await?.header.is_some()),
                }
            }
            Kind::Asking(error) => match learned {
                None => Err(*error),
                Some(_) => Ok(true),
            },
            Kind::Fixed if learned.is_some() => Ok(true),
            Kind::Fixed => self.renew_basic(access, authorization.header).await,
            Kind::Token {
                flight,
                number,
                fresh,
                shared,
                ..
            } => {
                if shared {
                    self.rounds.ask_alone(&access.host, &access.scopes);
                }
                flight.forget(number);
                Ok(!fresh || learned.is_some())
            }
        }
    }

    /// Takes over a challenge that says something new: the first of a host, and the first of a repository that was
    /// asked with the host's. Later ones are ignored: they may be about a token that ran out, and name another token
    /// server.
    fn learn(
        &self,
        access: &Access,
        authorization: &Authorization,
        headers: &HeaderMap,
    ) -> Option<Challenge> {
        let door = self.door(&access.host);
        let challenge = challenge_of(headers)?;
        if authorization.is_strangers() {
            door.challenged(challenge.clone());
            door.owns(access.repository.as_ref(), challenge.clone());
            return Some(challenge);
        }
        let guessed = match door.wants() {
            Some(Wants::Answer(guess)) => guess,
            _ => Challenge::Basic,
        };
        let is_news = door.own(access.repository.as_ref()).is_none() && challenge != guessed;
        if !is_news || !self.may_answer(access, &challenge) {
            return None;
        }
        door.owns(access.repository.as_ref(), challenge.clone());
        Some(challenge)
    }

    fn may_answer(&self, access: &Access, challenge: &Challenge) -> bool {
        let Challenge::Bearer { realm, .. } = challenge else {
            return true;
        };
        let hosts = &self.sender.hosts;
        let allowed = &hosts.settings(&access.host).token_realms;
        check_realm(&access.host, hosts.is_plain(&access.host), allowed, realm).is_ok()
    }

    /// Learns from an answer other than 401: a host that answers a stranger wants nothing, so far, and one that
    /// accepts what it was shown wants that. Fails where a request went out only to get a challenge, and none came.
    pub(crate) fn accepted(
        &self,
        access: &Access,
        authorization: Authorization,
        status: StatusCode,
    ) -> Result<(), Error> {
        let tells = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let door = self.door(&access.host);
        match authorization.kind {
            Kind::Nothing(first) => {
                if tells {
                    door.passed();
                }
                drop(first);
            }
            Kind::Asking(error) => return Err(*error),
            Kind::Token { .. } | Kind::Fixed if status.is_success() => {
                if let Some(Wants::Answer(right)) = door.wants() {
                    door.owns(access.repository.as_ref(), right);
                }
            }
            Kind::Token { .. } | Kind::Fixed => {}
        }
        Ok(())
    }

    /// User and password, asked for once per repository.
    async fn basic(&self, access: &Access) -> Result<Authorization, Error> {
        let repository = access.repository.as_ref();
        let found = self
            .header_flight(access)
            .join(
                |_| true,
                || async {
                    let credential = self.source.credentials(&access.host, repository).await?;
                    Ok(credential.as_ref().and_then(fixed_header))
                },
            )
            .await?;
        Ok(Authorization::fixed(found.value))
    }

    /// Asks for credentials anew. Whether they are others than those that were refused.
    async fn renew_basic(
        &self,
        access: &Access,
        refused: Option<HeaderValue>,
    ) -> Result<bool, Error> {
        let repository = access.repository.as_ref();
        let found = self
            .header_flight(access)
            .join(
                |known| *known != refused,
                || async {
                    let credential = self.source.renew(&access.host, repository).await?;
                    Ok(credential.as_ref().and_then(fixed_header))
                },
            )
            .await?;
        Ok(found.value.is_some() && found.value != refused)
    }

    pub(super) fn door(&self, host: &RegistryHost) -> Arc<Door> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(doors.entry(host.clone()).or_default())
    }

    fn header_flight(&self, access: &Access) -> Arc<Flight<Option<HeaderValue>>> {
        let mut headers = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (access.host.clone(), access.repository.clone());
        let new = || Arc::new(Flight::new(|_| Duration::ZERO));
        Arc::clone(headers.entry(key).or_insert_with(new))
    }
}

/// What can be sent to the registry itself.
pub(super) fn fixed_header(credential: &Credential) -> Option<HeaderValue> {
    match credential.for_basic() {
        Credential::BearerToken(token) => token::bearer(token),
        other => token::basic(other),
    }
}
