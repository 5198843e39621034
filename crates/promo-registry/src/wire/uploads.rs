//! Uploads: opened by POST, filled and closed by one PUT of known length; and mounts. What a host doesn't take in one body
//! goes over in `chunks`.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::header::{CONTENT_TYPE, LOCATION};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::stream::Fuse;
use futures_util::{Stream, StreamExt, stream};
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{BlobStream, Event, Failure, Mount, Operation, UploadSession};
use url::Url;

use super::WireRegistry;
use super::manifests::named_digest;
use super::paths::{api_name, to_mount, to_push};
use crate::Error;
use crate::dialect::answers;
use crate::held_back::{HeldBack, Wrong};
use crate::http::{Answer, Body, Request, check_location, foreign_location};

/// How long chunks must be at least, in the answer that opens an upload.
const CHUNK_MIN_LENGTH: &str = "oci-chunk-min-length";

impl WireRegistry {
    pub(super) async fn open_upload(
        &self,
        repository: &Repository,
    ) -> Result<UploadSession, Error> {
        let request = self.request(
            Operation::UploadStart,
            Method::POST,
            repository,
            "blobs/uploads/",
            format!("an upload to {repository}"),
        )?;
        let answer = self.exchange.send(&to_push(repository), request).await?;
        match answer.status() {
            StatusCode::ACCEPTED => self.session_of(repository, &answer),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }

    pub(super) async fn mount(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Error> {
        let mount = self.ask_to_mount(repository, digest, from).await?;
        self.exchange.sender.hosts.observer.observe(&Event::Mount {
            host: repository.host_str().to_owned(),
            granted: matches!(mount, Mount::Mounted),
        });
        Ok(mount)
    }

    async fn ask_to_mount(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Error> {
        if repository.host_str() != from.host_str() {
            return Err(Error::MountAcrossHosts {
                from: from.clone(),
                to: repository.clone(),
            });
        }
        let mut request = self.request(
            Operation::UploadStart,
            Method::POST,
            repository,
            "blobs/uploads/",
            format!("the mount of {from}@{digest} into {repository}"),
        )?;
        request
            .url
            .query_pairs_mut()
            .append_pair("mount", &digest.to_string())
            .append_pair("from", &api_name(from));
        let access = to_mount(repository, from);
        let answer = match self.exchange.send(&access, request.unless_broken()).await {
            Err(error) if answers::leaves_an_upload(&error) => return Ok(Mount::Refused(None)),
            answer => answer?,
        };
        match answer.status() {
            StatusCode::CREATED => {
                confirm(&answer, digest)?;
                Ok(Mount::Mounted)
            }
            StatusCode::ACCEPTED => Ok(Mount::Refused(self.session_of(repository, &answer).ok())),
            status if answers::answers_no_mount(status) => Ok(Mount::Refused(None)),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }

    pub(super) async fn send_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: &UploadSession,
        body: BlobStream,
    ) -> Result<(), Error> {
        let host = repository.host();
        if !self.body_limits.may_take_whole(&host, blob.size) {
            return self.send_in_chunks(repository, blob, session, body).await;
        }
        let what = format!("the blob {repository}@{}", blob.digest);
        let mut url = self.session_url(repository, session, &what)?;
        url.query_pairs_mut()
            .append_pair("digest", &blob.digest.to_string());
        let failed = Arc::new(Mutex::new(None));
        let outgoing = self.outgoing(repository, blob, &what, body, Arc::clone(&failed));
        let body = if blob.size == 0 {
            drain(outgoing).await;
            if let Some(error) = take(&failed) {
                return Err(error);
            }
            Body::Bytes(Bytes::new())
        } else {
            Body::Stream {
                length: blob.size,
                stream: Some(outgoing),
            }
        };
        let request = Request::new(Operation::BlobPut, Method::PUT, url, what)
            .with_header(CONTENT_TYPE, "application/octet-stream")
            .with_body(body)
            .once();
        let outcome = self.exchange.send(&to_push(repository), request).await;
        // An error of the source comes first: it is why the connection broke.
        if let Some(error) = take(&failed) {
            return Err(error);
        }
        let answer = outcome?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::OK | StatusCode::NO_CONTENT => {
                self.body_limits.takes(&host, blob.size);
                confirm(&answer, &blob.digest)
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                self.body_limits.refuses(&host, blob.size);
                Err(self.exchange.refusal(answer).await)
            }
            _ => Err(self.exchange.refusal(answer).await),
        }
    }

    pub(super) async fn give_up(
        &self,
        repository: &Repository,
        session: &UploadSession,
    ) -> Result<(), Error> {
        let what = format!("the end of an upload to {repository}");
        let url = self.session_url(repository, session, &what)?;
        // Nothing depends on this request, so it is sent once. Where the token doesn't allow it (many registries want
        // the scope `delete`), no other is fetched.
        let request = Request::new(Operation::UploadCancel, Method::DELETE, url, what).in_passing();
        let answer = self.exchange.send(&to_push(repository), request).await?;
        match answer.status().as_u16() {
            // Gone already, or it can't be cancelled: the registry will forget it.
            200..=299 | 404 | 405 => Ok(()),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }

    /// The session that an answer opens: its Location, made absolute and checked.
    pub(super) fn session_of(
        &self,
        repository: &Repository,
        answer: &Answer,
    ) -> Result<UploadSession, Error> {
        let malformed = |reason: &str| Error::malformed(&answer.host, &answer.what, reason);
        let location = answer
            .header(LOCATION)
            .ok_or_else(|| malformed("it has no Location"))?;
        let url = answer
            .url()
            .join(location)
            .map_err(|_| malformed("its Location is no URL"))?;
        let session = UploadSession::new(url.as_str());
        self.session_url(repository, &session, &answer.what)?;
        if let Some(shortest) = answer.header(CHUNK_MIN_LENGTH)
            && let Ok(shortest) = shortest.trim().parse()
        {
            let limits = &self.body_limits;
            limits.wants_chunks_of(&repository.host(), shortest);
        }
        Ok(session)
    }

    /// The URL of a session, which may be on another host within the rules; credentials don't follow there.
    pub(super) fn session_url(
        &self,
        repository: &Repository,
        session: &UploadSession,
        what: &str,
    ) -> Result<Url, Error> {
        let host = repository.host();
        let hosts = &self.exchange.sender.hosts;
        let url = Url::parse(session.location()).map_err(|_| {
            Error::malformed(host.as_str(), what, "the upload's location is no URL")
        })?;
        check_location(&hosts.endpoint(&host)?, &url, hosts.reach_of(&host))
            .map_err(|rule| foreign_location(&host, what, &url, rule))?;
        Ok(url)
    }

    /// The body as it goes out: one piece behind what came in, so that a stream that ends with an error never
    /// completes an upload. The first error is kept in `failed`. The connection's task polls it; that may poll again
    /// after the end, so the stream is fused, and would swallow a panic, so that becomes an error.
    pub(super) fn outgoing(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        what: &str,
        body: BlobStream,
        failed: Arc<Mutex<Option<Error>>>,
    ) -> BlobStream {
        let source = Source {
            body: body.fuse(),
            held: HeldBack::by_size(blob),
            blob: blob.clone(),
            what: what.to_owned(),
        };
        let observer = Arc::clone(&self.exchange.sender.hosts.observer);
        let host = repository.host_str().to_owned();
        let pieces = stream::unfold(Some(source), |source| async move {
            let mut source = source?;
            match source.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(source))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        let told = pieces.inspect(move |piece| {
            if let Ok(piece) = piece {
                let bytes = piece.len() as u64;
                let host = host.clone();
                observer.observe(&Event::BytesSent { host, bytes });
            }
        });
        let what = what.to_owned();
        AssertUnwindSafe(told.fuse())
            .catch_unwind()
            .map(move |piece| {
                let piece = piece.unwrap_or_else(|panic| Err(broken_source(&what, &*panic)));
                piece.map_err(|error| {
                    let told = Failure::from(error.clone());
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    told
                })
            })
            .boxed()
    }
}

/// A blob on its way out.
struct Source {
    body: Fuse<BlobStream>,
    held: HeldBack,
    blob: Descriptor,
    what: String,
}

impl Source {
    /// The next piece, when what follows it is known not to be an error.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(piece) = self.body.next().await {
            let piece = piece.map_err(|source| Error::BlobSource {
                what: self.what.clone(),
                source: Arc::new(source),
            })?;
            let before = self.held.follow(piece);
            if let Some(piece) = before.map_err(|wrong| self.error(wrong))? {
                return Ok(Some(piece));
            }
        }
        self.held.end().map_err(|wrong| self.error(wrong))
    }

    fn error(&self, wrong: Wrong) -> Error {
        let what = self.what.clone();
        match wrong {
            Wrong::Size(found) => Error::SizeMismatch {
                what,
                expected: self.blob.size,
                found,
            },
            Wrong::Digest(found) => Error::DigestMismatch {
                what,
                expected: self.blob.digest,
                found,
            },
        }
    }
}

/// What a stream that panicked means.
fn broken_source(what: &str, panic: &(dyn Any + Send)) -> Error {
    Error::BlobSource {
        what: what.to_owned(),
        source: Arc::new(Failure::of_panic(panic)),
    }
}

/// Reads a stream that should be empty to its end. Its error is kept where the stream puts it.
async fn drain(mut pieces: impl Stream<Item = Result<Bytes, Failure>> + Unpin) {
    while let Some(Ok(_)) = pieces.next().await {}
}

pub(super) fn take(failed: &Mutex<Option<Error>>) -> Option<Error> {
    failed.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The digest that the registry names is the one that was meant.
pub(super) fn confirm(answer: &Answer, digest: &Digest) -> Result<(), Error> {
    match named_digest(answer)? {
        Some(found) if found.algorithm() == digest.algorithm() && found != *digest => {
            Err(Error::DigestMismatch {
                what: answer.what.clone(),
                expected: *digest,
                found,
            })
        }
        _ => Ok(()),
    }
}
