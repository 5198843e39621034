//! The token endpoint: GET with basic or no credentials, POST with a password or a refresh token.
//!
//! A token carries exactly what was asked for and may be had. What may not be had is left out without an error, as the
//! token specification says; the registry then refuses the request.

use std::collections::BTreeSet;

use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::credentials::{Access, Credentials};
use super::tokens::{Scopes, scope_texts};
use super::{Auth, Scheme, Tokens};
use crate::registry::body::RequestBody;
use crate::registry::reply::{ErrorCode, Failure, Reply};
use crate::registry::route::Query;

const FORM_LIMIT: usize = 64 * 1024;

/// Answers a request to `/token`, and says who it was.
pub(in crate::registry) async fn answer(
    auth: &Auth,
    tokens: &Tokens,
    parts: &Parts,
    query: &Query,
    body: &mut RequestBody,
) -> Result<(Option<String>, Reply), Failure> {
    if auth.scheme != Scheme::Bearer {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "no tokens here",
        ));
    }
    let desk = Desk { auth, tokens };
    match parts.method {
        Method::GET => desk.get(parts, query),
        Method::POST => {
            let form = body.collect(FORM_LIMIT).await?.unwrap_or_default();
            desk.post(&Query::parse(&form))
        }
        _ => Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            "GET or POST",
        )),
    }
}

struct Desk<'a> {
    auth: &'a Auth,
    tokens: &'a Tokens,
}

impl Desk<'_> {
    fn get(&self, parts: &Parts, query: &Query) -> Result<(Option<String>, Reply), Failure> {
        let (user, access) = match Credentials::read(parts) {
            Credentials::Basic { user, password } => {
                let access = self
                    .auth
                    .login(&user, &password)
                    .ok_or_else(refused)?
                    .access;
                (Some(user), access)
            }
            Credentials::None if self.auth.anonymous_pull => (None, Access::Pull),
            _ => return Err(refused()),
        };
        let mut answer = self.issue(user.as_deref(), access, query);
        answer.set(
            "token",
            answer.0.get("access_token").cloned().unwrap_or_default(),
        );
        if let (Some(user), Some("true")) = (&user, query.get("offline_token")) {
            answer.set("refresh_token", json!(self.tokens.issue_refresh(user)));
        }
        Ok((user, answer.reply()))
    }

    fn post(&self, form: &Query) -> Result<(Option<String>, Reply), Failure> {
        let user = match form.get("grant_type") {
            Some("password") => {
                let (user, password) = form
                    .get("username")
                    .zip(form.get("password"))
                    .ok_or_else(refused)?;
                self.auth.login(user, password).map(|_| user.to_owned())
            }
            Some("refresh_token") => form
                .get("refresh_token")
                .and_then(|token| self.refresh_user(token)),
            _ => {
                let message = "grant_type is neither password nor refresh_token";
                return Err(Failure::new(
                    StatusCode::BAD_REQUEST,
                    ErrorCode::Unsupported,
                    message,
                ));
            }
        };
        let user = user.ok_or_else(refused)?;
        let access = self
            .auth
            .users
            .get(&user)
            .map_or(Access::Nothing, |user| user.access);
        let mut answer = self.issue(Some(&user), access, form);
        if form.get("access_type") == Some("offline") {
            answer.set("refresh_token", json!(self.tokens.issue_refresh(&user)));
        }
        Ok((Some(user), answer.reply()))
    }

    fn refresh_user(&self, token: &str) -> Option<String> {
        let given = self
            .auth
            .refresh_tokens
            .iter()
            .find(|(_, secret)| secret.is(token));
        given
            .map(|(user, _)| user.clone())
            .or_else(|| self.tokens.refresh_user(token))
    }

    fn issue(&self, user: Option<&str>, access: Access, query: &Query) -> TokenAnswer {
        let scopes = grant(query.all("scope").flat_map(str::split_whitespace), access);
        let granted = scope_texts(&scopes).join(" ");
        let token = self.tokens.issue(user, scopes, self.auth);
        TokenAnswer(json!({
            "access_token": token,
            "expires_in": self.auth.expires_in.as_secs(),
            "scope": granted,
        }))
    }
}

struct TokenAnswer(Value);

impl TokenAnswer {
    fn set(&mut self, key: &str, value: Value) {
        if let Some(object) = self.0.as_object_mut() {
            object.insert(key.to_owned(), value);
        }
    }

    fn reply(&self) -> Reply {
        Reply::json(StatusCode::OK, &self.0).header("cache-control", "no-store")
    }
}

/// What may be had of the scopes that were asked for: `type:name:action,action`, where a name may have colons.
fn grant<'a>(asked: impl Iterator<Item = &'a str>, access: Access) -> Scopes {
    let mut granted = Scopes::new();
    for (resource, actions) in asked.filter_map(|scope| scope.rsplit_once(':')) {
        let actions: BTreeSet<String> = actions
            .split(',')
            .filter(|action| access.allows(action))
            .map(str::to_owned)
            .collect();
        if !actions.is_empty() {
            granted
                .entry(resource.to_owned())
                .or_default()
                .extend(actions);
        }
    }
    granted
}

fn refused() -> Failure {
    let message = "user name, password or token is wrong";
    Failure::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
        .header("www-authenticate", "Basic realm=\"tokens\"")
}
