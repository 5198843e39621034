//! `WireServices`: the `Services` port over HTTP, for what is no registry. Answers come back as they are; what they mean is the
//! asker's business.
//!
//! Requests go out through the `http::Sender` of the registries, so budgets, health, deadlines and observers are the same. They
//! take the pools of hosts that have no settings: no certificate and no credential of a registry is shown to a service.

use std::sync::Arc;

use ::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, LOCATION};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use promo_core::ports::{
    Failure, Operation, ServiceAnswer, ServiceMethod, ServiceRequest, Services,
};
use zeroize::Zeroizing;

use crate::connections::Wait;
use crate::http::{Answer, Attempts, Dispatch, Reach, Sender, Traffic, authority, refusal};
use crate::{Error, PlainService};

/// Services over HTTP, by the transport of a [`WireRegistry`](crate::WireRegistry).
#[derive(Debug)]
pub struct WireServices {
    sender: Arc<Sender>,
}

impl WireServices {
    pub(crate) fn new(sender: Arc<Sender>) -> Self {
        Self { sender }
    }

    async fn answer(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Error> {
        let host = authority(request.url().url());
        let sent = self.prepare(request, &host)?;
        let mut attempts = Attempts::new(&self.sender, &host, Operation::Service);
        let answer = loop {
            let outcome = self.ask_once(request, &host, &sent, attempts.next()).await;
            if !attempts.again(&outcome).await {
                break outcome?;
            }
        };
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let now = self.sender.hosts.clock.now();
            return Err(refusal(answer, self.sender.caps.error, now).await);
        }
        let location = answer.header(LOCATION).map(str::to_owned);
        let body = if status.is_success() {
            answer.bytes(request.cap()).await?
        } else {
            answer.beginning(self.sender.caps.error).await
        };
        Ok(ServiceAnswer {
            status: status.as_u16(),
            location,
            body,
        })
    }

    async fn ask_once(
        &self,
        request: &ServiceRequest,
        host: &str,
        headers: &HeaderMap,
        attempt: u32,
    ) -> Result<Answer, Error> {
        let url = request.url().url();
        let (method, has_body) = match request.method() {
            ServiceMethod::Get => (Method::GET, false),
            ServiceMethod::Post => (Method::POST, true),
        };
        let mut sent = reqwest::Request::new(method, url.clone());
        sent.headers_mut().clone_from(headers);
        if has_body {
            let length = HeaderValue::from(request.body().len());
            sent.headers_mut().insert(CONTENT_LENGTH, length);
            *sent.body_mut() = Some(request.body().clone().into());
        }
        let (clients, hosts) = (&self.sender.clients, &self.sender.hosts);
        let dispatch = Dispatch {
            pool: clients.for_elsewhere(url, Reach::Anywhere, Traffic::Small),
            request: sent,
            host,
            operation: Operation::Service,
            what: request.what(),
            attempt,
            budget: hosts.budget(host),
            intake: None,
            at_once: false,
            wait: Wait::UntilFree,
            cap: Some(request.cap()),
        };
        self.sender.send_once(dispatch).await
    }

    /// The headers of a request that may be sent. What is secret in it is known from here on.
    fn prepare(&self, request: &ServiceRequest, host: &str) -> Result<HeaderMap, Error> {
        if request.secrets().next().is_some() && !request.url().keeps_secrets() {
            return Err(Error::PlainService(PlainService {
                host: host.to_owned(),
                what: request.what().to_owned(),
            }));
        }
        for secret in request.secrets() {
            self.sender.sent.secret(secret);
        }
        let unusable = || Error::setting(request.what(), "one of its headers can't be written");
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in request.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable())?;
            let value = HeaderValue::from_str(value).map_err(|_| unusable())?;
            headers.insert(name, value);
        }
        if let Some(token) = request.bearer() {
            let text = Zeroizing::new(format!("Bearer {token}"));
            let mut value = HeaderValue::from_str(&text).map_err(|_| unusable())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

#[async_trait]
impl Services for WireServices {
    async fn ask(&self, request: &ServiceRequest) -> Result<ServiceAnswer, Failure> {
        let answered = self.answer(request).await;
        answered.map_err(|error| self.sender.told(error))
    }
}
