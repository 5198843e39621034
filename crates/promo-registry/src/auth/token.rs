//! Tokens: fetched once for all who need the same, kept until shortly before they expire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Credential, Scopes, Secret};
use crate::http::{Answer, Attempts, Dispatch, Reach, Sender, refusal};
use crate::{Caps, Error};

/// What a token is fetched with.
#[derive(Debug, Clone)]
pub(super) struct TokenRequest {
    pub(super) host: RegistryHost,
    pub(super) realm: Url,
    /// Where the realm may be; anywhere if the user named it.
    pub(super) reach: Reach,
    pub(super) service: Option<String>,
    pub(super) scopes: Scopes,
    pub(super) credential: Option<Credential>,
}

/// A token with the time until which it is used.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    expires: Timestamp,
    /// Distinguishes it from tokens before and after it for the same scopes.
    pub(super) generation: u64,
    pub(super) with_credentials: bool,
}

/// The tokens of a run.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    slots: Mutex<BTreeMap<(RegistryHost, Scopes), Arc<Slot>>>,
}

/// The place of one token. Whoever holds `fetching` fetches it; the others wait for that.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) fetching: tokio::sync::Mutex<()>,
    state: Mutex<SlotState>,
}

#[derive(Debug, Default, Clone)]
struct SlotState {
    token: Option<Token>,
    generation: u64,
    failed: Option<Error>,
}

impl Tokens {
    pub(super) fn slot(&self, host: &RegistryHost, scopes: &Scopes) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry((host.clone(), scopes.clone())).or_default())
    }

    /// A token for these scopes or for wider ones, if one is there.
    pub(super) fn ready(
        &self,
        host: &RegistryHost,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Option<(Arc<Slot>, Token)> {
        let wider = scopes.wider();
        [Some(scopes), wider.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|scopes| {
                let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = Arc::clone(slots.get(&(host.clone(), scopes.clone()))?);
                drop(slots);
                let token = slot.token(now)?;
                Some((slot, token))
            })
    }
}

impl Slot {
    /// The token, if it can still be used.
    pub(super) fn token(&self, now: Timestamp) -> Option<Token> {
        self.lock()
            .token
            .clone()
            .filter(|token| now < token.expires)
    }

    /// How many fetches have ended.
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// The failure of a fetch that ended after `generation` was read: those who waited for it share it.
    pub(super) fn failed_since(&self, generation: u64) -> Option<Error> {
        let state = self.lock();
        (state.generation > generation)
            .then(|| state.failed.clone())
            .flatten()
    }

    /// Puts the outcome of a fetch in place.
    pub(super) fn settle(&self, outcome: Result<Token, Error>) -> Result<Token, Error> {
        let mut state = self.lock();
        state.generation += 1;
        match outcome {
            Ok(mut token) => {
                token.generation = state.generation;
                state.token = Some(token.clone());
                state.failed = None;
                Ok(token)
            }
            Err(error) => {
                state.token = None;
                state.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Drops a token that the registry refused, unless it has been replaced meanwhile.
    pub(super) fn refuse(&self, generation: u64) {
        let mut state = self.lock();
        if state
            .token
            .as_ref()
            .is_some_and(|token| token.generation == generation)
        {
            state.token = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer of a token server.
#[derive(Deserialize)]
struct TokenDocument {
    token: Option<Secret>,
    access_token: Option<Secret>,
    expires_in: Option<f64>,
}

/// How long a token lasts that doesn't say, in seconds (Docker's token specification).
const DEFAULT_LIFE: f64 = 60.0;
/// How long before its end a token isn't used any more, in seconds.
const SKEW: f64 = 30.0;
/// The longest that a token is believed to last, in seconds.
const LONGEST_LIFE: f64 = 86_400.0;

/// Fetches a token.
pub(super) async fn fetch(
    sender: &Sender,
    caps: &Caps,
    request: &TokenRequest,
) -> Result<Token, Error> {
    let realm = crate::http::authority(&request.realm);
    let what = format!("a token for {}", request.host);
    let mut attempts = Attempts::new(sender, &realm, Operation::Token);
    let answer = loop {
        let outcome = sender
            .send_once(Dispatch {
                client: client(sender, request)?,
                request: to_http(request),
                host: &realm,
                operation: Operation::Token,
                what: &what,
                budget: Some(sender.hosts.budget(&realm)),
                progress: None,
            })
            .await;
        if !attempts.again(&outcome).await {
            break outcome?;
        }
    };
    let now = sender.hosts.clock.now();
    if !answer.status().is_success() {
        return Err(refused(request, answer, caps, now).await);
    }
    let body = answer.bytes(caps.token).await?;
    read(&body, now, request.credential.is_some())
        .ok_or_else(|| Error::malformed(&realm, &what, "it is no token document"))
}

/// At the registry itself our certificate is shown; elsewhere it isn't.
fn client(sender: &Sender, request: &TokenRequest) -> Result<reqwest::Client, Error> {
    let endpoint = sender.hosts.endpoint(&request.host)?;
    if crate::http::same_origin(&endpoint, &request.realm) {
        return sender.clients.for_registry(&request.host);
    }
    sender.clients.for_elsewhere(&request.realm, request.reach)
}

fn to_http(request: &TokenRequest) -> reqwest::Request {
    match &request.credential {
        Some(Credential::IdentityToken(token)) => post(request, token),
        credential => get(request, credential.as_ref()),
    }
}

/// `GET realm?service=…&scope=…`, with Basic if we have user and password.
fn get(request: &TokenRequest, credential: Option<&Credential>) -> reqwest::Request {
    let mut url = request.realm.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = &request.service {
            query.append_pair("service", service);
        }
        for scope in request.scopes.texts() {
            query.append_pair("scope", &scope);
        }
    }
    let mut sent = reqwest::Request::new(Method::GET, url);
    if let Some(value) = credential.and_then(basic) {
        sent.headers_mut().insert(AUTHORIZATION, value);
    }
    sent
}

/// `POST realm` with a refresh token, as OAuth 2 has it.
fn post(request: &TokenRequest, token: &Secret) -> reqwest::Request {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token")
        .append_pair("client_id", "promo")
        .append_pair("refresh_token", token.expose())
        .append_pair("scope", &request.scopes.texts().join(" "));
    if let Some(service) = &request.service {
        form.append_pair("service", service);
    }
    let mut sent = reqwest::Request::new(Method::POST, request.realm.clone());
    sent.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    *sent.body_mut() = Some(form.finish().into());
    sent
}

/// The Authorization header for user and password.
pub(super) fn basic(credential: &Credential) -> Option<HeaderValue> {
    let Credential::Basic { user, password } = credential else {
        return None;
    };
    let pair = Secret::new(format!("{user}:{}", password.expose()));
    sensitive(&format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// The Authorization header for a token.
pub(super) fn bearer(token: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Bearer {}", token.expose()))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn refused(request: &TokenRequest, answer: Answer, caps: &Caps, now: Timestamp) -> Error {
    let status = answer.status().as_u16();
    let realm = answer.host.clone();
    match refusal(answer, caps.error, now).await {
        Error::Unauthenticated { answer, .. }
        | Error::Forbidden { answer, .. }
        | Error::NotFound { answer, .. }
        | Error::Refused { answer, .. } => Error::TokenRefused {
            host: request.host.to_string(),
            realm,
            status,
            answer,
        },
        other => other,
    }
}

fn read(body: &[u8], now: Timestamp, with_credentials: bool) -> Option<Token> {
    let document: TokenDocument = serde_json::from_slice(body).ok()?;
    let token = document
        .token
        .filter(|token| !token.expose().is_empty())
        .or(document.access_token)?;
    let life = document
        .expires_in
        .filter(|life| life.is_finite() && *life > 0.0)
        .unwrap_or(DEFAULT_LIFE)
        .min(LONGEST_LIFE);
    // A short-lived token is used for half its life at least.
    let used = (life - SKEW).max(life / 2.0);
    let expires = now
        .checked_add(SignedDuration::try_from_secs_f64(used).ok()?)
        .ok()?;
    Some(Token {
        header: bearer(&token)?,
        expires,
        generation: 0,
        with_credentials,
    })
}
