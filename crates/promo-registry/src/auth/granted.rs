//! What an access token says of itself that it allows: the claim `access` of Docker's token specification, which the
//! registry reads, too. The token isn't checked here, and nothing is allowed because of it: it only says whether a
//! token that was asked for several repositories will do for each.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Scopes, Secret};

/// What a token allows, by its own words: actions by `TYPE:NAME`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Granted(BTreeMap<String, BTreeSet<String>>);

#[derive(Deserialize)]
struct Claims {
    access: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    r#type: String,
    name: String,
    #[serde(default)]
    actions: Option<Vec<String>>,
}

impl Granted {
    /// Reads it out of a token; none if that is no JSON Web Token with such a claim.
    pub(super) fn of(token: &Secret) -> Option<Self> {
        let mut parts = token.expose().split('.');
        let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next())
        else {
            return None;
        };
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let mut granted = BTreeMap::<_, BTreeSet<_>>::new();
        for entry in claims.access {
            let resource = format!("{}:{}", entry.r#type, entry.name);
            let actions = entry.actions.unwrap_or_default();
            granted.entry(resource).or_default().extend(actions);
        }
        Some(Self(granted))
    }

    /// Whether all that is asked for is in it.
    pub(super) fn covers(&self, scopes: &Scopes) -> bool {
        scopes.all(|resource, actions| {
            let granted = self.0.get(resource);
            granted.is_some_and(|granted| actions.iter().all(|action| granted.contains(*action)))
        })
    }
}

#[cfg(test)]
mod tests;
