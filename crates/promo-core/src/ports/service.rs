//! The port to services that are no registries: authorities of certificates, logs, timestamp authorities, issuers of tokens.
//!
//! promo-sign asks through it, promo-registry implements it over the same transport as everything else. What an answer
//! means is the asker's business; how it travels is the port's.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;
use zeroize::Zeroizing;

use super::Failure;
use crate::oci::RegistryHost;

/// Sends requests to services.
///
/// Each request has a deadline and its answer a cap. What passes by itself (429, 5xx, a broken connection) is repeated, after
/// the pause that was asked for, and is a failure at last. No redirect is followed: it comes back as the answer that it is, so
/// that nothing of a request ever reaches another host.
#[async_trait]
pub trait Services: fmt::Debug + Send + Sync {
    /// The answer to a request, of whatever status but 429 and 5xx.
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure>;
}

/// Where a service is: an absolute URL with a host and without credentials, over https or plain http.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceUrl(Url);

/// Why a text is no [`ServiceUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceUrlError {
    /// It can't be read as a URL.
    #[error("it is no URL")]
    NoUrl,
    /// It is a URL of something else than a host over HTTP.
    #[error("it is no http or https URL of a host")]
    NoHost,
    /// A URL is shown, and a password must not be.
    #[error("it carries credentials")]
    Credentials,
    /// Secrets go over https only, or stay on this machine.
    #[error("it is no https URL, and secrets go over no other")]
    Plain,
}

/// How a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceMethod {
    /// For what is there.
    Get,
    /// To make something.
    Post,
}

/// A question to a service, which can be asked again. Nothing of its headers and body is printed.
#[derive(Clone)]
pub struct ServiceRequest {
    method: ServiceMethod,
    url: ServiceUrl,
    what: &'static str,
    headers: Vec<(&'static str, String)>,
    bearer: Option<Zeroizing<String>>,
    secrets: Vec<Zeroizing<String>>,
    body: Bytes,
    cap: u64,
}

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// Where it points to, as it is written.
    pub location: Option<String>,
    /// The whole body, or of an answer without success as much as the cap of errors lets through.
    pub body: Bytes,
}

impl ServiceUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, ServiceUrlError> {
        let url = Url::parse(text).map_err(|_| ServiceUrlError::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServiceUrlError::Credentials);
        }
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(ServiceUrlError::NoHost);
        }
        Ok(Self(url))
    }

    /// The URL of something below this one: `path` is appended, whether or not this one ends with a slash. Query and fragment
    /// of this one are dropped.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        url.set_query(None);
        url.set_fragment(None);
        Self(url)
    }

    /// The same with one more parameter in its query.
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair(name, value);
        Self(url)
    }

    /// The URL.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whether a secret may be sent there: over https, or to this machine.
    pub fn keeps_secrets(&self) -> bool {
        let host = self.0.host_str().and_then(|name| name.parse().ok());
        self.0.scheme() == "https" || host.as_ref().is_some_and(RegistryHost::is_loopback)
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceUrl({})", self.0)
    }
}

impl ServiceRequest {
    /// A question for what is there. `what` is how it is called in errors (`the keys of the issuer`), `cap` the most bytes that
    /// an answer may have.
    pub const fn get(url: ServiceUrl, what: &'static str, cap: u64) -> Self {
        Self {
            method: ServiceMethod::Get,
            url,
            what,
            headers: Vec::new(),
            bearer: None,
            secrets: Vec::new(),
            body: Bytes::new(),
            cap,
        }
    }

    /// A question with this body, which is of this type.
    pub fn post(
        url: ServiceUrl,
        what: &'static str,
        cap: u64,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            method: ServiceMethod::Post,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
            ..Self::get(url, what, cap)
        }
    }

    /// With one more header, by its name in lower case. Its value is no secret.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a token that says who asks (RFC 6750).
    #[must_use]
    pub fn with_bearer(mut self, token: impl Into<String>) -> Self {
        self.bearer = Some(Zeroizing::new(token.into()));
        self
    }

    /// With something secret in its body, which is cut from whatever is told of the answer. Such a request goes over https only, or
    /// to this machine.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(Zeroizing::new(secret.into()));
        self
    }

    /// How it is asked.
    pub const fn method(&self) -> ServiceMethod {
        self.method
    }

    /// Where.
    pub const fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// For what, as errors say it.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Its headers, but for the token.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// Its token, for the one place that sends it.
    pub fn bearer(&self) -> Option<&str> {
        self.bearer.as_ref().map(|token| token.as_str())
    }

    /// What must not be told of it: the token, and what its body holds.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = self.secrets.iter().chain(&self.bearer);
        secrets.map(|secret| secret.as_str())
    }

    /// What is sent.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The most bytes that an answer may have.
    pub const fn cap(&self) -> u64 {
        self.cap
    }
}

impl fmt::Debug for ServiceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl ServiceAnswer {
    /// Whether the service did what it was asked.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

#[cfg(test)]
mod tests;
