//! Tokens: fetched once for all who need the same, kept until shortly before they expire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::flight::{Flight, Found};
use super::granted::Granted;
use super::{Credential, Scopes, Secret};
use crate::connections::Wait;
use crate::http::{Answer, Attempts, Dispatch, Pool, Reach, Sender, Traffic, refusal};
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

impl TokenRequest {
    /// Whether another question shows the same credential to the same token server.
    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        self.host == other.host
            && self.realm == other.realm
            && self.service == other.service
            && self.credential == other.credential
    }
}

/// A token with the time until which it is used.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    expires: Timestamp,
    pub(super) with_credentials: bool,
    /// Whether it was fetched for several repositories together.
    pub(super) shared: bool,
    /// What it says of itself that it allows, if it says it.
    pub(super) granted: Option<Arc<Granted>>,
}

impl Token {
    /// A token that the registry itself accepts.
    pub(super) fn given(token: &Secret) -> Option<Self> {
        Some(Self {
            header: bearer(token)?,
            expires: Timestamp::MAX,
            with_credentials: true,
            shared: false,
            granted: None,
        })
    }

    pub(super) fn is_usable(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

/// The tokens of a run, by host and scopes.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    flights: Mutex<Flights>,
}

type Flights = BTreeMap<(RegistryHost, Scopes), Arc<Flight<Token>>>;

impl Tokens {
    pub(super) fn flight(&self, host: &RegistryHost, scopes: &Scopes) -> Arc<Flight<Token>> {
        let new = || Arc::new(Flight::new(failure_lasts));
        Arc::clone(
            self.lock()
                .entry((host.clone(), scopes.clone()))
                .or_insert_with(new),
        )
    }

    /// A token for these scopes or for wider ones, if one is there.
    pub(super) fn ready(
        &self,
        host: &RegistryHost,
        scopes: &Scopes,
        now: Timestamp,
    ) -> Option<(Arc<Flight<Token>>, Found<Token>)> {
        let wider = scopes.wider();
        [Some(scopes), wider.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|scopes| {
                let flight = Arc::clone(self.lock().get(&(host.clone(), scopes.clone()))?);
                let found = flight.ready(|token| token.is_usable(now))?;
                Some((flight, found))
            })
    }

    fn lock(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token server that didn't answer is not asked again at once: each request would wait for as long again.
fn failure_lasts(error: &Error) -> Duration {
    match error {
        Error::Deadline { .. } => Duration::from_secs(60),
        _ => Duration::ZERO,
    }
}

/// The answer of a token server. Those are many: what one doesn't say is left out, null or empty, and numbers come as
/// texts, too.
#[derive(Deserialize)]
struct TokenDocument {
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    access_token: Option<Secret>,
    #[serde(default)]
    expires_in: Value,
}

impl TokenDocument {
    /// How long it lasts, in seconds, if it says so and that can be.
    fn life(&self) -> Option<f64> {
        let life = match &self.expires_in {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        life.filter(|life| life.is_finite() && *life > 0.0)
    }
}

/// How long a token lasts that doesn't say, in seconds (Docker's token specification).
const DEFAULT_LIFE: f64 = 60.0;
/// How long before its end a token isn't used any more, in seconds.
const SKEW: f64 = 30.0;
/// The longest that a token is believed to last, in seconds.
const LONGEST_LIFE: f64 = 86_400.0;

/// How many deadlines a token server may miss before it is given up. A token is small, and everything waits for it.
const MAX_HUNG: u32 = 2;

/// Fetches a token.
pub(super) async fn fetch(
    sender: &Sender,
    caps: &Caps,
    request: &TokenRequest,
) -> Result<Token, Error> {
    let realm = crate::http::authority(&request.realm);
    let what = format!("a token for {}", request.host);
    let mut attempts = Attempts::new(sender, &realm, Operation::Token);
    let mut hung = 0;
    let answer = loop {
        let outcome = sender
            .send_once(Dispatch {
                pool: pool(sender, request)?,
                request: to_http(request),
                host: &realm,
                operation: Operation::Token,
                what: &what,
                attempt: attempts.next(),
                budget: sender.hosts.budget(&realm),
                intake: None,
                at_once: false,
                wait: Wait::UntilFree,
                cap: Some(caps.token),
            })
            .await;
        hung += u32::from(matches!(outcome, Err(Error::Deadline { .. })));
        if hung == MAX_HUNG || !attempts.again(&outcome).await {
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
fn pool(sender: &Sender, request: &TokenRequest) -> Result<Pool, Error> {
    let endpoint = sender.hosts.endpoint(&request.host)?;
    if crate::http::same_origin(&endpoint, &request.realm) {
        let host = &request.host;
        return Ok(sender.clients.for_registry(host, Traffic::Small));
    }
    let (realm, reach) = (&request.realm, request.reach);
    Ok(sender.clients.for_elsewhere(realm, reach, Traffic::Small))
}

fn to_http(request: &TokenRequest) -> reqwest::Request {
    match request.credential.as_ref().map(Credential::for_tokens) {
        Some(Credential::IdentityToken(token)) => post(request, token),
        credential => get(request, credential),
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

pub(super) fn read(body: &[u8], now: Timestamp, with_credentials: bool) -> Option<Token> {
    let document: TokenDocument = serde_json::from_slice(body).ok()?;
    let life = document.life().unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE);
    let given = [document.token, document.access_token];
    let trimmed = |token: Secret| Secret::new(token.expose().trim());
    let mut given = given.into_iter().flatten().map(trimmed);
    let token = given.find(|token| !token.expose().is_empty())?;
    // A short-lived token is used for half its life at least.
    let used = (life - SKEW).max(life / 2.0);
    let expires = now
        .checked_add(SignedDuration::try_from_secs_f64(used).ok()?)
        .ok()?;
    Some(Token {
        header: bearer(&token)?,
        expires,
        with_credentials,
        shared: false,
        granted: Granted::of(&token).map(Arc::new),
    })
}
