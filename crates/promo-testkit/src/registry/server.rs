//! From a TCP connection to an answer: log, faults, quota, authentication, the handler, and the faults on the way out.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::auth::{self, Auth, Caller, Tokens};
use super::body::{AnswerBody, Ending, RequestBody};
use super::connection::{Connection, Control};
use super::faults::{Fault, Faults, Step};
use super::log::{Record, RequestLog};
use super::options::{Locations, RegistryOptions, Switches};
use super::quota::Bucket;
use super::reply::{ErrorCode, Failure, Reply};
use super::route::{Operation, Query, Target, is_repository_name};
use super::state::{RegistryState, corrupt};
use super::uploads::Uploads;
use super::{blobs, lock::lock, manifests, referrers, tags, uploads};

/// What all connections of a registry share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: RegistryState,
    pub(super) uploads: Uploads,
    pub(super) faults: Faults,
    pub(super) log: RequestLog,
    pub(super) tokens: Tokens,
    pub(super) stop: CancellationToken,
    auth: Auth,
    host: String,
    url: String,
    switches: Mutex<Arc<Switches>>,
    quota: Mutex<Bucket>,
}

impl Shared {
    pub(super) fn new(options: RegistryOptions, address: SocketAddr) -> Self {
        let scheme = if options.tls.is_some() {
            "https"
        } else {
            "http"
        };
        Self {
            state: RegistryState::default(),
            uploads: Uploads::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
            tokens: Tokens::default(),
            stop: CancellationToken::new(),
            auth: options.auth,
            host: address.to_string(),
            url: format!("{scheme}://{address}"),
            switches: Mutex::new(Arc::new(options.switches)),
            quota: Mutex::new(Bucket::new()),
        }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn switches(&self) -> Arc<Switches> {
        Arc::clone(&lock(&self.switches))
    }

    pub(super) fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(Arc::make_mut(&mut lock(&self.switches)));
    }
}

/// Takes connections until the registry stops, then closes them all.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
) {
    let tls = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, tls.clone(), Arc::clone(&shared)));
                }
                // Out of file descriptors: wait for some to come free.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

/// Serves one connection. How it ends is the client's affair: whatever matters is in the log.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // A connection without it is only slower.
    let _slower = stream.set_nodelay(true);
    let control = Arc::new(Control::default());
    let connection = Connection::new(stream, Arc::clone(&control));
    let service =
        service_fn(move |request| handle(Arc::clone(&shared), Arc::clone(&control), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    match tls {
        None => {
            let _ended = builder
                .serve_connection(TokioIo::new(connection), service)
                .await;
        }
        Some(acceptor) => {
            if let Ok(encrypted) = acceptor.accept(connection).await {
                let _ended = builder
                    .serve_connection(TokioIo::new(encrypted), service)
                    .await;
            }
        }
    }
}

/// Answers one request; an error takes the connection down.
async fn handle(
    shared: Arc<Shared>,
    control: Arc<Control>,
    request: Request<Incoming>,
) -> Result<Response<Body>, io::Error> {
    let (parts, incoming) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let target = Target::parse(&parts.method, parts.uri.path(), &query);
    let record = shared.log.begin(&parts, &target, &query);
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = RequestBody::new(Body::new(incoming), announced, Arc::clone(&record.received));
    let steps = shared.faults.matching(&parts.method, &target);
    let mut exchange = Exchange {
        switches: shared.switches(),
        shared: &shared,
        parts: &parts,
        target: &target,
        query,
        body: &mut body,
        caller: None,
    };
    let answer = exchange.answer(&steps, &record).await;
    body.drain().await;
    let Some((reply, ending)) = answer else {
        control.reset();
        return Err(io::ErrorKind::ConnectionReset.into());
    };
    shared.log.answered(&record, reply.status);
    Ok(respond(
        reply,
        ending,
        parts.method == Method::HEAD,
        &record,
        control,
    ))
}

fn respond(
    reply: Reply,
    ending: Ending,
    is_head: bool,
    record: &Record,
    control: Arc<Control>,
) -> Response<Body> {
    let has_body = !is_head && reply.status != StatusCode::NO_CONTENT;
    let length = reply.body.len();
    let body = if has_body {
        Body::from_stream(AnswerBody::new(
            reply.body,
            ending,
            Arc::clone(&record.sent),
            control,
        ))
    } else {
        Body::empty()
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if ending != Ending::Endless && reply.status != StatusCode::NO_CONTENT {
        response
            .headers_mut()
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    response
}

/// A request while it is being answered.
pub(super) struct Exchange<'a> {
    pub(super) shared: &'a Shared,
    pub(super) switches: Arc<Switches>,
    pub(super) target: &'a Target,
    pub(super) query: Query,
    pub(super) body: &'a mut RequestBody,
    parts: &'a Parts,
    caller: Option<Caller>,
}

impl Exchange<'_> {
    /// The repository that the path names.
    pub(super) fn repository(&self) -> Result<&str, Failure> {
        self.target.repository.as_deref().ok_or_else(not_found)
    }

    /// The tag or digest that the request names.
    pub(super) fn reference(&self) -> Result<&str, Failure> {
        self.target.reference.as_deref().ok_or_else(not_found)
    }

    /// A header of the request, when it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// A `Location` for a path.
    pub(super) fn location(&self, path: &str) -> String {
        match self.switches.locations {
            Locations::Relative => path.to_owned(),
            Locations::Absolute => format!("{}{path}", self.shared.url),
        }
    }

    /// Adds `Docker-Content-Digest`.
    pub(super) fn content_digest(&self, reply: Reply, digest: &str) -> Reply {
        reply.header_if(
            "docker-content-digest",
            self.switches.digest_header.then_some(digest),
        )
    }

    /// Whether the caller may read another repository than the one that the path names.
    pub(super) fn may_read(&self, repository: &str) -> bool {
        !self.switches.forbidden.contains(repository)
            && self
                .caller
                .as_ref()
                .is_some_and(|caller| caller.may_pull(repository))
    }

    pub(super) fn check_deletes(&self) -> Result<(), Failure> {
        if self.switches.deletes {
            return Ok(());
        }
        let message = "deleting is switched off";
        Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            message,
        ))
    }

    /// The answer and how its body ends; `None` when the connection is to be reset.
    async fn answer(&mut self, steps: &[Step], record: &Record) -> Option<(Reply, Ending)> {
        if !self.switches.latency.is_zero() {
            tokio::time::sleep(self.switches.latency).await;
        }
        let mut instead = None;
        for step in steps {
            match step {
                Step::Pause(barrier) => barrier.pass().await,
                Step::Fault(Fault::Latency(latency)) => tokio::time::sleep(*latency).await,
                Step::Fault(Fault::Answer(answer)) => {
                    instead.get_or_insert_with(|| answer.reply());
                }
                Step::Fault(Fault::Reset) => return None,
                Step::Fault(_) | Step::PauseAnswer(_) => {}
            }
        }
        let reply = match instead {
            Some(reply) => reply,
            None => match self.handle(record).await {
                Ok(reply) => reply,
                Err(Failure::Refused(reply)) => *reply,
                Err(Failure::Disconnected) => return None,
            },
        };
        alter(reply, steps).await
    }

    async fn handle(&mut self, record: &Record) -> Result<Reply, Failure> {
        self.check_quota()?;
        if self.target.operation == Operation::Token {
            let Shared { auth, tokens, .. } = self.shared;
            let (user, reply) =
                auth::answer_token(auth, tokens, self.parts, &self.query, self.body).await?;
            record.set_user(user);
            return Ok(reply);
        }
        let caller = self.authorize()?;
        record.set_user(caller.user.clone());
        self.caller = Some(caller);
        self.check_repository()?;
        self.dispatch().await
    }

    async fn dispatch(&mut self) -> Result<Reply, Failure> {
        match self.target.operation {
            Operation::Base => Ok(Reply::json(StatusCode::OK, &serde_json::json!({}))
                .header("docker-distribution-api-version", "registry/2.0")),
            Operation::ManifestHead | Operation::ManifestGet => manifests::get(self),
            Operation::ManifestPut => manifests::put(self).await,
            Operation::ManifestDelete => manifests::delete(self),
            Operation::BlobHead | Operation::BlobGet => blobs::get(self),
            Operation::BlobDelete => blobs::delete(self),
            Operation::UploadStart => uploads::start(self),
            Operation::BlobPost => uploads::post(self).await,
            Operation::Mount => blobs::mount(self),
            Operation::BlobPatch => uploads::patch(self).await,
            Operation::BlobPut => uploads::put(self).await,
            Operation::UploadStatus => uploads::status(self).await,
            Operation::UploadCancel => uploads::cancel(self),
            Operation::TagList => tags::list(self),
            Operation::Referrers => referrers::list(self),
            Operation::Catalog => tags::catalog(self),
            Operation::Token | Operation::Unknown => Err(not_found()),
        }
    }

    fn check_quota(&self) -> Result<(), Failure> {
        let Some(quota) = self.switches.quota else {
            return Ok(());
        };
        if lock(&self.shared.quota).take(quota, Instant::now()) {
            return Ok(());
        }
        let message = "the quota is used up";
        let failure = Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequests,
            message,
        );
        Err(failure.header("retry-after", quota.retry_after.to_string()))
    }

    fn authorize(&self) -> Result<Caller, Failure> {
        let Shared {
            auth,
            tokens,
            url,
            host,
            ..
        } = self.shared;
        let place = auth::Place { url, host };
        let caller = auth::authorize(auth, tokens, place, self.parts, self.target, &self.query)?;
        let source = self
            .query
            .get("from")
            .filter(|_| self.target.operation == Operation::Mount);
        if self.switches.challenge_mount_source
            && source.is_some_and(|source| !caller.may_pull(source))
        {
            return Err(auth::challenge_mount(auth, place, self.target, &self.query));
        }
        Ok(caller)
    }

    fn check_repository(&self) -> Result<(), Failure> {
        let Some(name) = &self.target.repository else {
            return Ok(());
        };
        if self.switches.forbidden.contains(name) {
            let message = "nobody may use this repository";
            return Err(Failure::new(
                StatusCode::FORBIDDEN,
                ErrorCode::Denied,
                message,
            ));
        }
        if !is_repository_name(name) {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::NameInvalid,
                "not a repository name",
            ));
        }
        Ok(())
    }
}

/// Applies the faults that alter an answer; `None` when the connection is to be reset.
async fn alter(mut reply: Reply, steps: &[Step]) -> Option<(Reply, Ending)> {
    let mut ending = Ending::Complete;
    for step in steps {
        match step {
            Step::PauseAnswer(barrier) => barrier.pass().await,
            Step::Fault(Fault::ResetAnswer) => return None,
            Step::Fault(Fault::ResetBody { after }) => ending = Ending::Reset(*after),
            Step::Fault(Fault::Truncate { after }) => ending = Ending::Truncated(*after),
            Step::Fault(Fault::Endless) => ending = Ending::Endless,
            Step::Fault(Fault::Corrupt) => {
                // An empty body has nothing to alter.
                let _altered = corrupt(&mut reply.body);
            }
            Step::Fault(Fault::Body(body)) => reply.body = body.clone(),
            Step::Fault(Fault::Header(name, value)) => reply = reply.header(name.as_str(), value),
            Step::Fault(Fault::RemoveHeader(name)) => {
                reply.headers.remove(name.as_str());
            }
            Step::Fault(Fault::Latency(_) | Fault::Answer(_) | Fault::Reset) | Step::Pause(_) => {}
        }
    }
    Some((reply, ending))
}

fn not_found() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        ErrorCode::Unsupported,
        "no such endpoint",
    )
}
