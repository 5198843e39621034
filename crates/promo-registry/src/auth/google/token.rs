//! An access token of Google's, as the documents that carry one say it. Where they come from is not known here.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::auth::Secret;

/// A token, and until when it is used.
#[derive(Debug, Clone)]
pub(super) struct AccessToken {
    pub(super) text: Secret,
    pub(super) used_until: Timestamp,
}

/// How long a token lasts that doesn't say, in seconds.
const DEFAULT_LIFE: f64 = 300.0;
/// How long before its end a token isn't used any more, in seconds.
const SKEW: f64 = 60.0;
/// The longest that a token is believed to last, in seconds.
const LONGEST_LIFE: f64 = 86_400.0;

/// The answer of a token service (OAuth 2) and of a metadata server, and that of an impersonation.
#[derive(Deserialize)]
struct Document {
    access_token: Option<Secret>,
    token: Option<Secret>,
    expires_in: Option<f64>,
    #[serde(rename = "accessToken")]
    impersonated: Option<Secret>,
    #[serde(rename = "expireTime")]
    expires_at: Option<Timestamp>,
}

impl AccessToken {
    /// Reads an answer. The error says what is wrong, without any of it.
    pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Self, &'static str> {
        let document: Document =
            serde_json::from_slice(body).map_err(|_| "it is no token document")?;
        let text = document
            .access_token
            .or(document.token)
            .or(document.impersonated)
            .ok_or("it holds no token")?;
        match document.expires_at {
            Some(at) => Self::until(text, at, now),
            None => Self::lasting(text, document.expires_in.unwrap_or(DEFAULT_LIFE), now),
        }
    }

    /// A token that ends at a time.
    pub(super) fn until(text: Secret, at: Timestamp, now: Timestamp) -> Result<Self, &'static str> {
        Self::lasting(text, at.duration_since(now).as_secs_f64(), now)
    }

    /// A token that lasts for so many seconds.
    fn lasting(text: Secret, life: f64, now: Timestamp) -> Result<Self, &'static str> {
        if text.expose().is_empty() {
            return Err("the token is empty");
        }
        if !life.is_finite() || life <= 0.0 {
            return Err("the token has ended already");
        }
        let life = life.min(LONGEST_LIFE);
        // A short-lived token is used for half its life at least.
        let used = (life - SKEW).max(life / 2.0);
        let used_until = SignedDuration::try_from_secs_f64(used)
            .ok()
            .and_then(|used| now.checked_add(used).ok())
            .ok_or("the end of the token is no time")?;
        Ok(Self { text, used_until })
    }
}
