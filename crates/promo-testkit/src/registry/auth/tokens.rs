//! Tokens that were issued, and what they are good for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Auth, TokenForm};
use crate::registry::lock::lock;

/// From `repository:NAME` or `registry:catalog` to actions, as a token carries them.
pub(super) type Scopes = BTreeMap<String, BTreeSet<String>>;

/// The tokens of a registry. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    issued: Arc<Mutex<Issued>>,
}

/// What the token endpoint granted once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenGrant {
    /// To whom; `None` is anonymous.
    pub user: Option<String>,
    /// The scopes that were granted, as `repository:NAME:pull,push`, sorted. A scope without any action is left out.
    pub scopes: Vec<String>,
}

#[derive(Default)]
struct Issued {
    access: BTreeMap<String, AccessToken>,
    refresh: BTreeMap<String, String>,
    grants: Vec<TokenGrant>,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}

struct AccessToken {
    user: Option<String>,
    scopes: Scopes,
    expires: Instant,
    uses: Option<u32>,
}

impl Tokens {
    /// Revokes all access tokens that were issued: the next request with one is answered 401.
    pub fn revoke_all(&self) {
        lock(&self.issued).access.clear();
    }

    /// What was granted, in order.
    pub fn grants(&self) -> Vec<TokenGrant> {
        lock(&self.issued).grants.clone()
    }

    /// Issues an access token.
    pub(super) fn issue(&self, user: Option<&str>, scopes: Scopes, auth: &Auth) -> String {
        let token = match auth.form {
            TokenForm::Opaque => random_token(),
            TokenForm::Web => web_token(&scopes),
        };
        let mut issued = lock(&self.issued);
        issued.grants.push(TokenGrant {
            user: user.map(str::to_owned),
            scopes: scope_texts(&scopes),
        });
        let access = AccessToken {
            user: user.map(str::to_owned),
            scopes,
            expires: Instant::now() + auth.expires_in,
            uses: auth.token_uses,
        };
        issued.access.insert(token.clone(), access);
        token
    }

    /// Issues a refresh token.
    pub(super) fn issue_refresh(&self, user: &str) -> String {
        let token = random_token();
        lock(&self.issued)
            .refresh
            .insert(token.clone(), user.to_owned());
        token
    }

    /// The user of a refresh token that was issued.
    pub(super) fn refresh_user(&self, token: &str) -> Option<String> {
        lock(&self.issued).refresh.get(token).cloned()
    }

    /// Uses an access token once: its user and scopes, or `None` when it is unknown, expired, or used up.
    pub(super) fn redeem(&self, token: &str) -> Option<(Option<String>, Scopes)> {
        let mut issued = lock(&self.issued);
        let access = issued.access.get_mut(token)?;
        if access.expires <= Instant::now() || access.uses == Some(0) {
            issued.access.remove(token);
            return None;
        }
        access.uses = access.uses.map(|uses| uses - 1);
        Some((access.user.clone(), access.scopes.clone()))
    }
}

/// Scopes as the specification of tokens writes them.
pub(super) fn scope_texts(scopes: &Scopes) -> Vec<String> {
    let text = |(resource, actions): (&String, &BTreeSet<String>)| {
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        format!("{resource}:{}", actions.join(","))
    };
    scopes.iter().map(text).collect()
}

fn random_token() -> String {
    format!(
        "{:032x}{:032x}",
        rand::random::<u128>(),
        rand::random::<u128>()
    )
}

/// A token that names what it allows in the claim `access`. Its signature is random: this registry knows what it issued.
fn web_token(scopes: &Scopes) -> String {
    let access: Vec<Value> = scopes
        .iter()
        .filter_map(|(resource, actions)| {
            let (r#type, name) = resource.split_once(':')?;
            Some(json!({ "type": r#type, "name": name, "actions": actions }))
        })
        .collect();
    let parts = [
        json!({ "typ": "JWT", "alg": "ES256" }),
        json!({ "access": access }),
    ];
    let [header, claims] = parts.map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}.{}", random_token())
}
