//! Identity tokens (OpenID Connect): by whom a certificate is asked for. They are read as far as that shows early that one is of no
//! use; whether it is genuine is for the authority to say.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use promo_core::ports::Failure;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Error, json};

/// The most bytes of a token: GitHub's have two thousand.
pub const MAX_IDENTITY_TOKEN: usize = 64 * 1024;
/// By how many seconds clocks may differ.
const SKEW: i64 = 60;

/// Where identity tokens come from.
#[async_trait]
pub trait IdentityTokens: fmt::Debug + Send + Sync {
    /// A token that is valid now. It is asked for each time that a certificate is needed, so a source that can gives a new one.
    async fn token(&self) -> Result<IdentityToken, Failure>;
}

/// An identity token that may be valid. It can't be printed, and is wiped when dropped.
pub struct IdentityToken {
    text: Zeroizing<String>,
    issuer: String,
    expires: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: Number,
    #[serde(default)]
    nbf: Option<Number>,
}

/// Seconds since 1970: whole ones mostly, but RFC 7519 allows fractions.
#[derive(Deserialize, Clone, Copy)]
struct Number(f64);

impl Number {
    fn time(self) -> Option<Timestamp> {
        let seconds = std::time::Duration::try_from_secs_f64(self.0).ok()?;
        Timestamp::from_second(i64::try_from(seconds.as_secs()).ok()?).ok()
    }
}

impl IdentityToken {
    /// Reads a token as it was given, at this time.
    ///
    /// # Errors
    ///
    /// `PROMO-S061` if it is no token, or can't be used yet; `PROMO-S062` if it can't be used any more.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, Error> {
        let refused = |reason: &str| Error::IdentityToken {
            reason: reason.to_owned(),
        };
        let text = text.trim();
        if text.len() > MAX_IDENTITY_TOKEN {
            return Err(refused("it is too long"));
        }
        let mut parts = text.split('.');
        let (Some(_), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused("it is no JSON Web Token: it has not three parts"));
        };
        if signature.is_empty() {
            return Err(refused("it is not signed"));
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).map(Zeroizing::new);
        let claims = claims.map_err(|_| refused("its claims are no base64"))?;
        let claims: Claims = json::parse(&claims).ok_or_else(|| {
            refused("its claims name no issuer, or no time until which it counts")
        })?;
        let times = (claims.exp.time(), claims.nbf.map(Number::time));
        let (Some(expires), None | Some(Some(_))) = times else {
            return Err(refused("a time in it is none"));
        };
        if expires <= now {
            return Err(Error::IdentityTokenExpired { expired: expires });
        }
        if let Some(Some(begins)) = times.1
            && begins.as_second() > now.as_second().saturating_add(SKEW)
        {
            return Err(refused(&format!("it counts from {begins} on only")));
        }
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            issuer: claims.iss,
            expires,
        })
    }

    /// The token, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Who says that it has given it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Until when it counts.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityToken")
            .field("issuer", &self.issuer)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
