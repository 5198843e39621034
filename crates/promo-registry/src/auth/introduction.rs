//! Shows who we are to a registry that hasn't asked for it.
//!
//! Some registries tell strangers less instead of asking for a login: a list with nothing private in it, or 404 for what
//! is there. So before a list, and before a 404 or 403 to a stranger is believed, a host for which there are credentials is
//! asked once, at `/v2/`, what it wants, and gets it with all requests from then on. Hosts without credentials cost
//! nothing.

use ::http::Method;
use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;

use super::authorizer::fixed_header;
use super::challenge::{Challenge, challenge_of};
use super::door::Wants;
use super::{Access, Authorizer};
use crate::Error;
use crate::connections::Wait;
use crate::http::{Attempts, Dispatch, Traffic};

impl Authorizer {
    /// Whether requests carry credentials that they wouldn't have carried before, as nobody had asked for any.
    pub(crate) async fn introduce(&self, access: &Access) -> Result<bool, Error> {
        let door = self.door(&access.host);
        if !matches!(door.wants(), None | Some(Wants::Nothing)) {
            return Ok(true);
        }
        if door.is_stranger(access.repository.as_ref()) {
            return Ok(false);
        }
        let repository = access.repository.as_ref();
        let found = self.source.credentials(&access.host, repository).await;
        if !matches!(found, Ok(None)) {
            let asked = door.introduction.join(|_| true, || self.ask(&access.host));
            let challenge = asked.await?.value;
            let sendable = match &found {
                Ok(credential) => credential.as_ref().and_then(fixed_header).is_some(),
                Err(_) => false,
            };
            match challenge {
                Some(challenge) => {
                    // That credentials can't be read is an error only where some are wanted.
                    found?;
                    door.challenged(challenge);
                    return Ok(true);
                }
                None if sendable && self.may_send_unasked(&access.host) => {
                    door.introduced();
                    return Ok(true);
                }
                None => {}
            }
        }
        door.is_stranger_now(access.repository.as_ref());
        Ok(false)
    }

    /// Credentials that the registry didn't ask for are not sent over plain HTTP.
    fn may_send_unasked(&self, host: &RegistryHost) -> bool {
        host.is_loopback() || !self.sender.hosts.is_plain(host)
    }

    /// What a registry wants. Some say so beside a 200 (zot, where strangers may read).
    async fn ask(&self, host: &RegistryHost) -> Result<Option<Challenge>, Error> {
        let sender = &self.sender;
        let url =
            sender.hosts.endpoint(host)?.join("/v2/").map_err(|_| {
                Error::setting(format!("the registry host {host}"), "it makes no URL")
            })?;
        let what = format!("what {host} wants to see");
        let mut attempts = Attempts::new(sender, host.as_str(), Operation::Ping);
        loop {
            let outcome = sender
                .send_once(Dispatch {
                    pool: sender.clients.for_registry(host, Traffic::Small),
                    request: reqwest::Request::new(Method::GET, url.clone()),
                    host: host.as_str(),
                    operation: Operation::Ping,
                    what: &what,
                    attempt: attempts.next(),
                    budget: sender.hosts.budget(host.as_str()),
                    intake: None,
                    at_once: false,
                    wait: Wait::UntilFree,
                    cap: None,
                })
                .await;
            if attempts.again(&outcome).await {
                continue;
            }
            let answer = outcome?;
            let challenge = challenge_of(answer.headers());
            let undecided = answer.status().is_server_error() || answer.status().as_u16() == 429;
            if challenge.is_none() && undecided {
                let now = sender.hosts.clock.now();
                return Err(crate::http::refusal(answer, self.caps.error, now).await);
            }
            return Ok(challenge);
        }
    }
}
