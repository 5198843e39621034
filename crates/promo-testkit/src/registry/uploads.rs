//! Upload sessions: opened by POST, filled by PATCH, ended by PUT, with the checks of order that the specification asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};

use super::blobs;
use super::body::RequestBody;
use super::exchange::Exchange;
use super::lock::lock;
use super::reply::{ErrorCode, Failure, Reply};
use crate::digest::{Algorithm, Running};

/// All open sessions.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    sessions: Mutex<BTreeMap<String, Arc<Session>>>,
}

#[derive(Debug)]
struct Session {
    repository: String,
    /// Locked while a chunk arrives: a second chunk waits for the first.
    content: tokio::sync::Mutex<Content>,
}

/// What has arrived, hashed as it came.
#[derive(Default)]
struct Content {
    bytes: BytesMut,
    sha256: Running,
    /// Whether the last chunk was shorter than others must be, so that none may follow.
    is_at_end: bool,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("length", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Uploads {
    fn open(&self, repository: &str) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        let session = Session {
            repository: repository.to_owned(),
            content: tokio::sync::Mutex::default(),
        };
        lock(&self.sessions).insert(id.clone(), Arc::new(session));
        id
    }

    fn find(&self, id: &str, repository: &str) -> Result<Arc<Session>, Failure> {
        let session = lock(&self.sessions).get(id).cloned();
        session
            .filter(|session| session.repository == repository)
            .ok_or_else(|| {
                Failure::new(
                    StatusCode::NOT_FOUND,
                    ErrorCode::BlobUploadUnknown,
                    "no such upload session",
                )
            })
    }

    fn close(&self, id: &str) {
        lock(&self.sessions).remove(id);
    }

    pub(super) fn count(&self) -> usize {
        lock(&self.sessions).len()
    }
}

impl Content {
    async fn receive(&mut self, body: &mut RequestBody) -> Result<(), Failure> {
        self.bytes.reserve(body.capacity());
        while let Some(chunk) = body.next().await? {
            self.sha256.update(&chunk);
            self.bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn digest(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Sha256 => self.sha256.clone().finish(),
            Algorithm::Sha512 => algorithm.digest(&self.bytes),
        }
    }

    /// `0-<last>`; of an empty session `0-0`, as registries have always answered.
    fn range(&self) -> String {
        format!("0-{}", self.bytes.len().saturating_sub(1))
    }
}

/// Opens a session.
pub(super) fn start(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let id = exchange.shared.uploads.open(exchange.repository()?);
    Ok(session_reply(
        exchange,
        StatusCode::ACCEPTED,
        exchange.repository()?,
        &id,
        "0-0",
    ))
}

/// Takes a whole blob with the POST, or opens a session, which must be filled as any other.
pub(super) async fn post(exchange: &mut Exchange<'_>) -> Result<Reply, Failure> {
    let mut content = Content::default();
    content.receive(exchange.body).await?;
    if !exchange.switches.single_posts {
        return start(exchange);
    }
    store(exchange, content)
}

/// Takes a chunk.
pub(super) async fn patch(exchange: &mut Exchange<'_>) -> Result<Reply, Failure> {
    let (id, session) = find(exchange)?;
    let mut content = session.content.lock().await;
    check_order(exchange, &id, &content)?;
    check_length(&content)?;
    let before = content.bytes.len();
    content.receive(exchange.body).await?;
    let length = (content.bytes.len() - before) as u64;
    content.is_at_end = length < exchange.switches.chunk_minimum.unwrap_or(0);
    let range = content.range();
    Ok(session_reply(
        exchange,
        StatusCode::ACCEPTED,
        &session.repository,
        &id,
        &range,
    ))
}

/// Ends a session, with or without the last bytes. A wrong digest ends it as well.
pub(super) async fn put(exchange: &mut Exchange<'_>) -> Result<Reply, Failure> {
    let (id, session) = find(exchange)?;
    let mut content = session.content.lock().await;
    check_order(exchange, &id, &content)?;
    content.receive(exchange.body).await?;
    exchange.shared.uploads.close(&id);
    store(exchange, std::mem::take(&mut *content))
}

/// Says how much has arrived.
pub(super) async fn status(exchange: &mut Exchange<'_>) -> Result<Reply, Failure> {
    let (id, session) = find(exchange)?;
    let range = session.content.lock().await.range();
    Ok(session_reply(
        exchange,
        StatusCode::NO_CONTENT,
        &session.repository,
        &id,
        &range,
    ))
}

/// Gives a session up.
pub(super) fn cancel(exchange: &Exchange<'_>) -> Result<Reply, Failure> {
    let (id, _) = find(exchange)?;
    exchange.shared.uploads.close(&id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The session that the path names. A client that rebuilt the Location and lost its parameter finds none.
fn find(exchange: &Exchange<'_>) -> Result<(String, Arc<Session>), Failure> {
    let named = exchange
        .target
        .session
        .clone()
        .filter(|_| exchange.query.get("state").is_some());
    let id = named.unwrap_or_default();
    let session = exchange.shared.uploads.find(&id, exchange.repository()?)?;
    Ok((id, session))
}

/// Stores what has arrived under the digest that the request names, which must be right.
fn store(exchange: &Exchange<'_>, content: Content) -> Result<Reply, Failure> {
    let wrong = |message| Failure::new(StatusCode::BAD_REQUEST, ErrorCode::DigestInvalid, message);
    let digest = exchange
        .query
        .get("digest")
        .ok_or_else(|| wrong("the digest is missing"))?;
    let algorithm = Algorithm::of(digest).ok_or_else(|| wrong("unknown digest"))?;
    if content.digest(algorithm) != digest {
        return Err(wrong("what was uploaded has another digest"));
    }
    let name = exchange.repository()?;
    if exchange.keeps {
        let state = &exchange.shared.state;
        state.put_blob_as(name, digest, content.bytes.freeze());
    }
    Ok(blobs::created(exchange, name, digest))
}

/// Nothing follows a chunk that is shorter than others must be.
fn check_length(content: &Content) -> Result<(), Failure> {
    if !content.is_at_end {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::BAD_REQUEST,
        ErrorCode::SizeInvalid,
        "the chunk before was too short to be followed",
    ))
}

/// A chunk must begin where the last one ended, and be as long as its range says.
fn check_order(exchange: &Exchange<'_>, id: &str, content: &Content) -> Result<(), Failure> {
    let Some(range) = exchange.header(CONTENT_RANGE.as_str()) else {
        return Ok(());
    };
    let (first, last) = range.split_once('-').unwrap_or_default();
    let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) else {
        let message = "Content-Range is not FIRST-LAST";
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::BlobUploadInvalid,
            message,
        ));
    };
    let length = exchange
        .header(CONTENT_LENGTH.as_str())
        .and_then(|length| length.parse::<usize>().ok());
    let announced = last
        .checked_sub(first)
        .and_then(|distance| distance.checked_add(1));
    let fits = length.is_none() || length == announced;
    if first == content.bytes.len() && announced.is_some() && fits {
        return Ok(());
    }
    let message = "the chunk does not begin where the last one ended";
    let failure = Failure::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorCode::BlobUploadInvalid,
        message,
    );
    Err(failure
        .header(
            "location",
            session_location(exchange, exchange.repository()?, id),
        )
        .header("range", content.range()))
}

fn session_reply(
    exchange: &Exchange<'_>,
    status: StatusCode,
    repository: &str,
    id: &str,
    range: &str,
) -> Reply {
    let minimum = exchange.switches.chunk_minimum;
    Reply::empty(status)
        .header_if(
            "oci-chunk-min-length",
            minimum.map(|minimum| minimum.to_string()),
        )
        .header("location", session_location(exchange, repository, id))
        .header("range", range)
        .header("docker-upload-uuid", id)
}

/// The parameter is there because other registries have one: clients must keep it.
fn session_location(exchange: &Exchange<'_>, repository: &str, id: &str) -> String {
    exchange.location(&format!("/v2/{repository}/blobs/uploads/{id}?state=open"))
}
