//! Questions to Google's services: sent with a deadline, repeated where it helps, answered within a cap. Redirects
//! are not followed, and of what a service says to a refusal only its code is told.

use std::sync::Arc;

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use jiff::Timestamp;
use promo_core::ports::Operation;
use serde::Deserialize;
use url::Url;

use super::token::AccessToken;
use crate::connections::Wait;
use crate::http::{
    Answer, Attempts, Dispatch, Pool, Reach, Sender, Traffic, authority, retry_after,
};
use crate::{Caps, Error, RegistryAnswer};

/// What it takes to ask.
#[derive(Debug)]
pub(super) struct Services {
    pub(super) sender: Arc<Sender>,
    pub(super) caps: Caps,
}

/// A question, which can be asked again.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) what: &'a str,
}

/// The error document of OAuth 2 (RFC 6749, section 5.2), and that of Google's APIs.
#[derive(Deserialize)]
struct ErrorDocument {
    error: ErrorCode,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ErrorCode {
    Plain(String),
    Api { status: String },
}

/// The longest error code that is repeated.
const MAX_CODE: usize = 64;

impl Services {
    pub(super) fn now(&self) -> Timestamp {
        self.sender.hosts.clock.now()
    }

    /// Asks for a token.
    pub(super) async fn token(&self, question: &Question<'_>) -> Result<AccessToken, Error> {
        let body = self.body(question).await?;
        self.read(&body, question)
    }

    /// Asks for a document of at most `Caps::token` bytes.
    pub(super) async fn body(&self, question: &Question<'_>) -> Result<Bytes, Error> {
        // The file that the user named is what names the service.
        let clients = &self.sender.clients;
        let pool = clients.for_elsewhere(question.url, Reach::Anywhere, Traffic::Small);
        let answer = self.ask(&pool, question).await?;
        if !answer.status().is_success() {
            return Err(self.refused(answer).await);
        }
        answer.bytes(self.caps.token).await
    }

    /// Asks until there is an answer that lasts, of any status.
    pub(super) async fn ask(&self, pool: &Pool, question: &Question<'_>) -> Result<Answer, Error> {
        let host = authority(question.url);
        let mut attempts = Attempts::new(&self.sender, &host, Operation::Token);
        loop {
            let outcome = self.ask_once(pool, question, attempts.next()).await;
            if !attempts.again(&outcome).await {
                return outcome;
            }
        }
    }

    /// Asks once.
    pub(super) async fn ask_once(
        &self,
        pool: &Pool,
        question: &Question<'_>,
        attempt: u32,
    ) -> Result<Answer, Error> {
        let host = authority(question.url);
        let dispatch = Dispatch {
            pool: pool.clone(),
            request: question.to_http(),
            host: &host,
            operation: Operation::Token,
            what: question.what,
            attempt,
            budget: self.sender.hosts.budget(&host),
            intake: None,
            at_once: false,
            wait: Wait::UntilFree,
            cap: Some(self.caps.token),
        };
        self.sender.send_once(dispatch).await
    }

    /// The token in the answer to a question.
    pub(super) fn read(&self, body: &[u8], question: &Question<'_>) -> Result<AccessToken, Error> {
        AccessToken::read(body, self.now())
            .map_err(|reason| Error::malformed(&authority(question.url), question.what, reason))
    }

    /// The error that an answer means.
    pub(super) async fn refused(&self, answer: Answer) -> Error {
        let (realm, what) = (answer.host.clone(), answer.what.clone());
        let status = answer.status();
        let pause = retry_after(answer.headers(), self.now());
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Error::RateLimited {
                host: realm,
                retry_after: pause,
            };
        }
        if !status.is_client_error() && !status.is_server_error() {
            let reason = format!("status {} is not expected here", status.as_u16());
            return Error::malformed(&realm, &what, reason);
        }
        let said = error_code(&answer.beginning(self.caps.error).await);
        let answer = said.map(|code| RegistryAnswer::new(&self.sender.sent.cut(&code), ""));
        let status = status.as_u16();
        if status >= 500 {
            return Error::Unavailable {
                host: realm,
                what,
                status,
                retry_after: pause,
                answer,
            };
        }
        Error::TokenRefused {
            host: "Google".to_owned(),
            realm,
            status,
            answer,
        }
    }
}

impl Question<'_> {
    fn to_http(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        *request.body_mut() = self.body.clone().map(Into::into);
        request
    }
}

/// The code of an error document, such as `invalid_grant`. The rest may repeat what was sent, and so may a code that
/// is no word.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    let document: ErrorDocument = serde_json::from_slice(body).ok()?;
    let (ErrorCode::Plain(code) | ErrorCode::Api { status: code }) = document.error;
    let is_word = |code: &str| code.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    (!code.is_empty() && code.len() <= MAX_CODE && is_word(&code)).then_some(code)
}
