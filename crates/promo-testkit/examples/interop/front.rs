//! A server before a registry that knows neither TLS nor logins; without one behind it, it only gives tokens.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::tokens::Tokens;
use crate::{BASIC, Result, log};

/// How a registry knows who asks.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Login {
    Nobody,
    Password,
    Token,
}

impl Login {
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::Nobody),
            "basic" => Ok(Self::Password),
            "token" => Ok(Self::Token),
            other => Err(format!("{other} is none of none, basic and token").into()),
        }
    }
}

pub(crate) struct Front {
    upstream: Option<(String, reqwest::Client)>,
    login: Login,
    tokens: Tokens,
}

impl Front {
    pub(crate) fn tokens(tokens: Tokens) -> Self {
        Self {
            upstream: None,
            login: Login::Token,
            tokens,
        }
    }

    pub(crate) fn before(upstream: &str, login: Login, tokens: Tokens) -> Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            upstream: Some((format!("http://{upstream}"), client)),
            login,
            tokens,
        })
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        if parts.uri.path() == "/token" {
            return self.token(&parts);
        }
        let answer = match (self.refusal(&parts)?, &self.upstream) {
            (Some(refusal), _) => {
                drain(body).await;
                refusal
            }
            (None, Some((upstream, client))) => forward(upstream, client, &parts, body).await?,
            (None, None) => status(StatusCode::NOT_FOUND)?,
        };
        log(
            parts.method.as_str(),
            parts.uri.path(),
            answer.status().as_u16(),
        )?;
        Ok(answer)
    }

    fn token(&self, parts: &Parts) -> Result<Response<Body>> {
        if header(parts) != BASIC {
            return status(StatusCode::UNAUTHORIZED);
        }
        let token = self.tokens.issue(parts.uri.query().unwrap_or_default())?;
        Ok(Response::new(Body::from(token.to_string())))
    }

    /// What those get who may not do what they ask for.
    fn refusal(&self, parts: &Parts) -> Result<Option<Response<Body>>> {
        let repository = repository(parts.uri.path());
        let (action, actions) = match parts.method {
            Method::GET | Method::HEAD => ("pull", "pull"),
            Method::DELETE => ("delete", "delete"),
            _ => ("push", "pull,push"),
        };
        let (allowed, challenge) = match self.login {
            Login::Nobody => (true, String::new()),
            Login::Password => (header(parts) == BASIC, "Basic realm=\"interop\"".to_owned()),
            Login::Token => {
                let token = header(parts).strip_prefix("Bearer ").unwrap_or_default();
                (
                    self.tokens.allows(token, repository, action),
                    self.tokens.challenge(repository, actions),
                )
            }
        };
        if allowed {
            return Ok(None);
        }
        let answer = Response::builder()
            .status(StatusCode::UNAUTHORIZED)
            .header(WWW_AUTHENTICATE, challenge);
        Ok(Some(answer.body(Body::empty())?))
    }
}

async fn forward(
    upstream: &str,
    client: &reqwest::Client,
    parts: &Parts,
    body: Incoming,
) -> Result<Response<Body>> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = client.request(parts.method.clone(), format!("{upstream}{path}"));
    for (name, value) in &parts.headers {
        if name != HOST && name != AUTHORIZATION {
            request = request.header(name, value);
        }
    }
    if parts.headers.contains_key(CONTENT_LENGTH) {
        let bytes = Body::new(body).into_data_stream();
        request = request.body(reqwest::Body::wrap_stream(bytes));
    }
    let answer = request.send().await?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "connection" {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Body::from_stream(answer.bytes_stream()))?)
}

/// Takes what a client sends although it is refused, so that it gets the answer.
async fn drain(body: Incoming) {
    let mut bytes = Body::new(body).into_data_stream();
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut bytes).await {}
}

fn header(parts: &Parts) -> &str {
    let value = parts.headers.get(AUTHORIZATION);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn repository(path: &str) -> Option<&str> {
    let name = path.strip_prefix("/v2/")?;
    let resources = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];
    resources
        .iter()
        .find_map(|resource| Some(name.rsplit_once(resource)?.0))
}

fn status(status: StatusCode) -> Result<Response<Body>> {
    Ok(Response::builder().status(status).body(Body::empty())?)
}

/// Serves until it is stopped.
pub(crate) async fn serve(
    address: &str,
    tls: Option<Arc<ServerConfig>>,
    front: Arc<Front>,
) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    let tls = tls.map(TlsAcceptor::from);
    loop {
        let (stream, _) = listener.accept().await?;
        let (front, tls) = (Arc::clone(&front), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => converse(stream, front).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, front).await;
                    }
                }
            }
        });
    }
}

async fn converse<S>(stream: S, front: Arc<Front>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move {
            let answer = front.answer(request).await.or_else(|error| {
                let mut answer = status(StatusCode::BAD_GATEWAY)?;
                *answer.body_mut() = Body::from(error.to_string());
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(answer)
            });
            Ok::<_, Infallible>(answer.unwrap_or_default())
        }
    });
    // How a connection ends is the client's affair.
    let _ended = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
