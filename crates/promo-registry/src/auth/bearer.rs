//! How `Authorizer` comes by an access token: one that is there, one that another request is fetching, or a new one. No
//! lock is held while it is fetched: requests that need the same token wait for it together (`flight`), those that need
//! tokens for several repositories may share one (`rounds`), and all others go on. What a token server is sent is in
//! `token`.

use promo_core::oci::RegistryHost;

use super::authorization::Authorization;
use super::realm::check_realm;
use super::rounds::Turn;
use super::token::{self, Token, TokenRequest};
use super::{Access, Authorizer, Credential, Secret};
use crate::Error;

impl Authorizer {
    /// A token: one that is there, or a new one, which is fetched once for all who wait for it.
    pub(super) async fn bearer(
        &self,
        access: &Access,
        realm: &str,
        service: Option<String>,
    ) -> Result<Authorization, Error> {
        let now = self.sender.hosts.clock.now();
        if let Some((flight, found)) = self.tokens.ready(&access.host, &access.scopes, now) {
            return Ok(Authorization::token(flight, found));
        }
        let repository = access.repository.as_ref();
        let flight = self.tokens.flight(&access.host, &access.scopes);
        let found = flight
            .join(
                |token| token.is_usable(self.sender.hosts.clock.now()),
                || async {
                    let credential = self.source.credentials(&access.host, repository).await?;
                    if let Some(Credential::BearerToken(token)) =
                        credential.as_ref().map(Credential::for_tokens)
                    {
                        return given_token(&access.host, token);
                    }
                    let request = self.token_request(access, realm, service, credential)?;
                    self.fetch(access, request).await
                },
            )
            .await?;
        Ok(Authorization::token(flight, found))
    }

    /// Fetches a token, alone or together with others.
    async fn fetch(&self, access: &Access, request: TokenRequest) -> Result<Token, Error> {
        match self.rounds.turn(&request).await {
            Turn::Own(place) => {
                let outcome = self.fetch_alone(access, request).await;
                if let (Some(place), Ok(token)) = (place, &outcome) {
                    place.answered(token);
                }
                outcome
            }
            Turn::Asked(outcome) => outcome,
            Turn::ForAll(round) => {
                let together = TokenRequest {
                    scopes: round.scopes(),
                    ..request.clone()
                };
                let outcome = self.fetch_as(&together).await;
                match round.deal(&outcome) {
                    Some(outcome) => outcome,
                    None => self.fetch_alone(access, request).await,
                }
            }
        }
    }

    /// Fetches a token; if the token server refuses the credential, once more with a renewed one.
    async fn fetch_alone(
        &self,
        access: &Access,
        mut request: TokenRequest,
    ) -> Result<Token, Error> {
        let outcome = self.fetch_as(&request).await;
        if request.credential.is_none() || !matches!(outcome, Err(Error::TokenRefused { .. })) {
            return outcome;
        }
        let repository = access.repository.as_ref();
        let renewed = self.source.renew(&access.host, repository).await?;
        if renewed == request.credential {
            return outcome;
        }
        request.credential = renewed;
        self.fetch_as(&request).await
    }

    /// Fetches a token with all that a credential has: where an identity token is refused, with the password beside it.
    async fn fetch_as(&self, request: &TokenRequest) -> Result<Token, Error> {
        if let Some(credential) = &request.credential {
            credential.tell(&self.sender.sent);
        }
        let outcome = token::fetch(&self.sender, &self.caps, request).await;
        let Some(Credential::Both { password, .. }) = &request.credential else {
            return outcome;
        };
        if !matches!(outcome, Err(Error::TokenRefused { .. })) {
            return outcome;
        }
        let request = TokenRequest {
            credential: Some(password.as_ref().clone()),
            ..request.clone()
        };
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
}

/// A credential that is a token already.
fn given_token(host: &RegistryHost, token: &Secret) -> Result<Token, Error> {
    let given = Token::given(token);
    given.ok_or_else(|| Error::setting(format!("the token for {host}"), "it can't be sent"))
}
