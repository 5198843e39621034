//! What an answer that is no success means: from status and error document to an error.

use std::sync::Arc;

use ::http::StatusCode;
use serde::Deserialize;

use super::{Answer, retry_after};
use crate::error::{MAYBE_TLS, TLS_WANTED, is_broken};
use crate::{Error, RegistryAnswer};

/// The error document of OCI Distribution 1.1, and the shape that token servers use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorDocument {
    errors: Vec<ErrorEntry>,
    details: Option<String>,
    message: Option<String>,
    error: Option<serde_json::Value>,
    error_description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorEntry {
    code: Option<serde_json::Value>,
    message: Option<String>,
    detail: Option<serde_json::Value>,
}

/// The error that an answer means. Reads at most `cap` bytes of its document.
pub(crate) async fn refusal(answer: Answer, cap: u64, now: jiff::Timestamp) -> Error {
    let status = answer.status();
    let host = answer.host.clone();
    let what = answer.what.clone();
    let pause = retry_after(answer.headers(), now);
    let names_itself = answer
        .headers()
        .contains_key("docker-distribution-api-version");
    let may_want_tls = answer.url().scheme() == "http" && !names_itself;
    let mut answer = said_by(answer, cap).await;
    // To a HEAD nothing more is said.
    if status == StatusCode::BAD_REQUEST && may_want_tls && answer.is_none() {
        answer = Some(RegistryAnswer::new("", MAYBE_TLS));
    }
    match status {
        StatusCode::UNAUTHORIZED => Error::Unauthenticated {
            host,
            what,
            with_credentials: true,
            answer,
        },
        StatusCode::FORBIDDEN => Error::Forbidden { host, what, answer },
        StatusCode::NOT_FOUND => Error::NotFound { what, answer },
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited {
            host,
            retry_after: pause,
        },
        status if status.is_server_error() || is_broken(status.as_u16()) => Error::Unavailable {
            host,
            what,
            status: status.as_u16(),
            retry_after: pause,
            answer,
        },
        status if status.is_client_error() => Error::Refused {
            host,
            what,
            status: status.as_u16(),
            answer,
        },
        status => Error::malformed(
            &host,
            &what,
            format!("status {} is not expected here", status.as_u16()),
        ),
    }
}

/// How much of a text is looked at, in characters.
const MAX_READ: usize = 4096;

/// What the answer says in its error document, if there is one.
pub(crate) async fn said_by(answer: Answer, cap: u64) -> Option<RegistryAnswer> {
    let sent = Arc::clone(&answer.sent);
    let tell = |code: &str, message: &str| {
        // What is beyond is cut off anyway, but only after credentials were cut out.
        let start = |text: &str| sent.cut(&text.chars().take(MAX_READ).collect::<String>());
        RegistryAnswer::new(&start(code), &start(message))
    };
    let body = answer.beginning(cap).await;
    if wants_tls(&body) {
        return Some(RegistryAnswer::new("", TLS_WANTED));
    }
    let document: ErrorDocument = serde_json::from_slice(&body).ok()?;
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    if let Some(entry) = document.errors.first() {
        let code = entry.code.as_ref().map(text).unwrap_or_default();
        let message = match (&entry.message, &entry.detail) {
            (Some(message), _) if !message.is_empty() => message.clone(),
            (_, Some(serde_json::Value::String(detail))) => detail.clone(),
            _ => String::new(),
        };
        return Some(tell(&code, &message));
    }
    let code = document.error.as_ref().map(text).unwrap_or_default();
    let message = document
        .error_description
        .or(document.message)
        .or(document.details)
        .unwrap_or_default();
    (!code.is_empty() || !message.is_empty()).then(|| tell(&code, &message))
}

/// Whether these are the words by which servers (Go's, nginx) answer plain HTTP where they speak TLS.
fn wants_tls(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("http request to an https server")
        || text.contains("plain http request was sent to https port")
}
