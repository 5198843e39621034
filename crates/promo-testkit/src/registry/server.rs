//! From TCP connections to requests, and from answers back to the wire. What is answered is decided in `exchange`.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::auth::{Auth, Tokens};
use super::body::{AnswerBody, Ending, RequestBody};
use super::connection::{Connection, Control};
use super::exchange::{Exchange, Outgoing};
use super::faults::Faults;
use super::lock::lock;
use super::log::{Record, RequestLog};
use super::options::{RegistryOptions, Switches};
use super::pace::{Bandwidth, Pace};
use super::quota::Bucket;
use super::route::{Query, Target};
use super::state::RegistryState;
use super::uploads::Uploads;

/// What all connections of a registry share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: RegistryState,
    pub(super) uploads: Uploads,
    pub(super) faults: Faults,
    pub(super) log: RequestLog,
    pub(super) tokens: Tokens,
    pub(super) stop: CancellationToken,
    pub(super) connections: AtomicU64,
    pub(super) auth: Auth,
    pub(super) host: String,
    pub(super) url: String,
    switches: Mutex<Arc<Switches>>,
    pub(super) quota: Mutex<Bucket>,
    pace: Arc<Pace>,
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
            log: RequestLog::new(options.log_capacity),
            tokens: options.tokens,
            connections: AtomicU64::new(0),
            stop: CancellationToken::new(),
            auth: options.auth,
            host: address.to_string(),
            url: format!("{scheme}://{address}"),
            switches: Mutex::new(Arc::new(options.switches)),
            quota: Mutex::new(Bucket::new()),
            pace: Arc::default(),
        }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn switches(&self) -> Arc<Switches> {
        Arc::clone(&lock(&self.switches))
    }

    /// What bodies are slowed down by, if they are.
    pub(super) fn bandwidth(&self, switches: &Switches) -> Option<Bandwidth> {
        let bytes_per_second = switches.bandwidth?;
        Some(Bandwidth::new(bytes_per_second, Arc::clone(&self.pace)))
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
                    shared.connections.fetch_add(1, Ordering::SeqCst);
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
    let in_flight = shared.log.begin(&parts, &target, &query);
    let record = &in_flight.record;
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = RequestBody::new(Body::new(incoming), announced, Arc::clone(&record.received));
    let switches = shared.switches();
    let bandwidth = shared.bandwidth(&switches);
    body.set_bandwidth(bandwidth.clone());
    let steps = shared.faults.matching(&parts.method, &target);
    let mut exchange = Exchange {
        switches,
        shared: &shared,
        parts: &parts,
        target: &target,
        query,
        body: &mut body,
        caller: None,
        keeps: true,
    };
    let answer = exchange.answer(&steps, record).await;
    let Some(outgoing) = answer else {
        return Err(reset(&control));
    };
    if body.drain().await.is_err() {
        return Err(reset(&control));
    }
    in_flight.answered(outgoing.reply.status);
    let is_head = parts.method == Method::HEAD;
    Ok(respond(outgoing, is_head, record, control, bandwidth))
}

fn reset(control: &Control) -> io::Error {
    control.reset();
    io::ErrorKind::ConnectionReset.into()
}

fn respond(
    outgoing: Outgoing,
    is_head: bool,
    record: &Record,
    control: Arc<Control>,
    bandwidth: Option<Bandwidth>,
) -> Response<Body> {
    let Outgoing {
        reply,
        ending,
        hold,
    } = outgoing;
    let is_bodiless = reply.status == StatusCode::NO_CONTENT;
    let length = reply.body.len();
    let body = if is_head || is_bodiless {
        Body::empty()
    } else {
        let body =
            AnswerBody::new(reply.body, ending, Arc::clone(&record.sent), control).paced(bandwidth);
        match hold {
            Some((bytes, barrier)) => Body::from_stream(body.hold_at(bytes, barrier)),
            None => Body::from_stream(body),
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if ending != Ending::Endless && !is_bodiless {
        let headers = response.headers_mut();
        headers
            .entry(CONTENT_LENGTH)
            .or_insert_with(|| HeaderValue::from(length));
    }
    response
}
