//! The answer to a request: its head, and its body under a cap and a deadline.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::CONTENT_ENCODING;
use ::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::Instant;
use url::Url;

use crate::Error;
use crate::auth::Sent;
use crate::budget::Permit;

/// An answer whose body hasn't been read yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) host: String,
    pub(crate) what: String,
    response: reqwest::Response,
    /// When the body must be there, and how long that is after the request.
    deadline: (Instant, Duration),
    permit: Option<Permit>,
    /// What is cut out of what it says.
    pub(super) sent: Arc<Sent>,
}

impl Answer {
    pub(super) fn new(
        host: String,
        what: String,
        response: reqwest::Response,
        deadline: (Instant, Duration),
        permit: Option<Permit>,
        sent: Arc<Sent>,
    ) -> Self {
        Self {
            host,
            what,
            response,
            deadline,
            permit,
            sent,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The URL that was asked, after redirects.
    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The request no longer takes one of the host's places.
    pub(super) fn leave_place(&mut self) {
        drop(self.permit.take());
    }

    /// The address that answered.
    pub(super) fn remote_address(&self) -> Option<std::net::SocketAddr> {
        self.response.remote_addr()
    }

    /// A header as text, if it is there and is text.
    pub(crate) fn header(&self, name: impl ::http::header::AsHeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The whole body, if it has at most `cap` bytes. Content-Length is not relied on.
    pub(crate) async fn bytes(mut self, cap: u64) -> Result<Bytes, Error> {
        self.refuse_encoding()?;
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if (body.len() as u64).saturating_add(piece.len() as u64) > cap {
                return Err(Error::TooLarge {
                    host: self.host,
                    what: self.what,
                    cap,
                });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// The beginning of the body, up to `cap` bytes, as far as it can be read: for error documents.
    pub(crate) async fn beginning(mut self, cap: u64) -> Bytes {
        let mut body = BytesMut::new();
        if self.refuse_encoding().is_err() {
            return Bytes::new();
        }
        while let Ok(Some(piece)) = self.piece().await {
            body.extend_from_slice(&piece);
            if body.len() as u64 >= cap {
                break;
            }
        }
        body.truncate(usize::try_from(cap).unwrap_or(usize::MAX));
        body.freeze()
    }

    /// The body as a stream; each piece must come within `idle`. The request no longer takes one of the
    /// host's places.
    pub(crate) fn stream(
        mut self,
        idle: Duration,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send, Error> {
        self.refuse_encoding()?;
        self.leave_place();
        let context = (self.host, self.what);
        let pieces = Box::pin(self.response.bytes_stream());
        Ok(stream::unfold(
            Some((pieces, context)),
            move |state| async move {
                let (mut pieces, (host, what)) = state?;
                match tokio::time::timeout(idle, pieces.next()).await {
                    Ok(None) => None,
                    Ok(Some(Ok(piece))) => Some((Ok(piece), Some((pieces, (host, what))))),
                    Ok(Some(Err(error))) => Some((Err(Error::connection(&host, error)), None)),
                    Err(_) => Some((
                        Err(Error::Deadline {
                            host,
                            what,
                            after: idle,
                        }),
                        None,
                    )),
                }
            },
        ))
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        let (at, after) = self.deadline;
        match tokio::time::timeout_at(at, self.response.chunk()).await {
            Ok(piece) => piece.map_err(|error| Error::connection(&self.host, error)),
            Err(_) => Err(Error::Deadline {
                host: self.host.clone(),
                what: self.what.clone(),
                after,
            }),
        }
    }

    fn refuse_encoding(&self) -> Result<(), Error> {
        let encodings = self.headers().get_all(CONTENT_ENCODING);
        let encoded = encodings
            .iter()
            .find(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
        match encoded {
            None => Ok(()),
            Some(encoding) => Err(Error::ContentEncoding {
                host: self.host.clone(),
                what: self.what.clone(),
                encoding: crate::error::clean(&String::from_utf8_lossy(encoding.as_bytes())),
            }),
        }
    }
}
