//! The answer to a request: its head, and its body under a cap and a deadline.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use ::http::{HeaderMap, StatusCode, Version};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use promo_core::ports::Observer;
use serde::de::IgnoredAny;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::Sent;
use super::pace::{Floor, Pace};
use super::told::BodyTold;
use crate::Error;
use crate::budget::Permit;
use crate::connections::Place;

/// An answer whose body hasn't been read yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) host: String,
    pub(crate) what: String,
    response: reqwest::Response,
    /// The whole body, if it was read with the head.
    read: Option<Bytes>,
    /// How many bytes of the body came, unless it is a stream.
    came: u64,
    /// Until when the body must be there, and how long that is after the request.
    deadline: (Instant, Duration),
    permit: Option<Permit>,
    /// Among the connections, until its body was read or is dropped.
    place: Option<Place>,
    /// The credentials that are cut out of what it says.
    pub(super) sent: Arc<Sent>,
    /// Hears of the body if it is a stream.
    observer: Arc<dyn Observer>,
}

impl Answer {
    pub(super) fn new(
        host: String,
        what: String,
        response: reqwest::Response,
        deadline: (Instant, Duration),
        (permit, place): (Permit, Option<Place>),
        (sent, observer): (Arc<Sent>, Arc<dyn Observer>),
    ) -> Self {
        Self {
            host,
            what,
            response,
            read: None,
            came: 0,
            deadline,
            permit: Some(permit),
            place,
            sent,
            observer,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn version(&self) -> Version {
        self.response.version()
    }

    /// How many bytes of the body were read so far.
    pub(super) fn came(&self) -> u64 {
        self.came
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The URL that was asked, after redirects.
    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// Frees the places that the request takes, in the host's budget and among the connections.
    pub(crate) fn free_places(&mut self) {
        drop(self.permit.take());
        drop(self.place.take());
    }

    /// The address that answered.
    pub(crate) fn remote_address(&self) -> Option<std::net::SocketAddr> {
        self.response.remote_addr()
    }

    /// A header as text, if it is there and is text.
    pub(crate) fn header(&self, name: impl ::http::header::AsHeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Reads the whole body, if it has at most `cap` bytes.
    pub(super) async fn read(&mut self, cap: u64) -> Result<(), Error> {
        self.refuse_encoding()?;
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if (body.len() as u64).saturating_add(piece.len() as u64) > cap {
                return Err(Error::TooLarge {
                    host: self.host.clone(),
                    what: self.what.clone(),
                    cap,
                });
            }
            body.extend_from_slice(&piece);
        }
        if self.may_have_broken_off() && is_cut_json(&body) {
            return Err(Error::BrokeOff {
                host: self.host.clone(),
                what: self.what.clone(),
            });
        }
        self.read = Some(body.freeze());
        // The connection can serve another request.
        drop(self.place.take());
        Ok(())
    }

    /// The whole body, if it has at most `cap` bytes. Content-Length is not relied on.
    pub(crate) async fn bytes(mut self, cap: u64) -> Result<Bytes, Error> {
        if self.read.is_none() {
            self.read(cap).await?;
        }
        let body = self.read.take().unwrap_or_default();
        if body.len() as u64 > cap {
            return Err(Error::TooLarge {
                host: self.host,
                what: self.what,
                cap,
            });
        }
        Ok(body)
    }

    /// The beginning of the body, up to `cap` bytes, as far as it can be read: for error documents.
    pub(crate) async fn beginning(mut self, cap: u64) -> Bytes {
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        if let Some(mut read) = self.read.take() {
            read.truncate(cap);
            return read;
        }
        let mut body = BytesMut::new();
        if self.refuse_encoding().is_err() {
            return Bytes::new();
        }
        while let Ok(Some(piece)) = self.piece().await {
            body.extend_from_slice(&piece);
            if body.len() >= cap {
                break;
            }
        }
        body.truncate(cap);
        body.freeze()
    }

    /// The body as a stream, which must keep to a floor. Its slot in the host's budget is free from now on; its connection
    /// is in use until the stream ends.
    pub(crate) fn stream(
        mut self,
        floor: Floor,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        self.refuse_encoding()?;
        drop(self.permit.take());
        let body = Arriving {
            _place: self.place,
            told: BodyTold::new(self.observer, &self.host, &self.what),
            pieces: Box::pin(self.response.bytes_stream()),
            pace: Pace::new(floor),
            host: self.host,
            what: self.what,
        };
        Ok(stream::unfold(Some(body), |body| async move {
            let mut body = body?;
            match body.next().await {
                Ok(None) => None,
                Ok(Some(piece)) => Some((Ok(piece), Some(body))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        let (at, after) = self.deadline;
        match timeout_at(at, self.response.chunk()).await {
            Ok(Ok(piece)) => {
                let bytes = piece.as_ref().map_or(0, Bytes::len) as u64;
                self.came = self.came.saturating_add(bytes);
                Ok(piece)
            }
            Ok(Err(error)) => Err(Error::connection(&self.host, error)),
            Err(_) => Err(Error::Deadline {
                host: self.host.clone(),
                what: self.what.clone(),
                after,
            }),
        }
    }

    /// Whether only the end of the connection ended the body: then a body that broke off looks like a whole one.
    fn may_have_broken_off(&self) -> bool {
        self.response.version() <= Version::HTTP_11
            && !self.headers().contains_key(CONTENT_LENGTH)
            && !self.headers().contains_key(TRANSFER_ENCODING)
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

/// A body on its way in.
struct Arriving<S> {
    pieces: S,
    /// Given back after `pieces`, which have the connection.
    _place: Option<Place>,
    told: BodyTold,
    pace: Pace,
    host: String,
    what: String,
}

impl<S: Stream<Item = reqwest::Result<Bytes>> + Unpin> Arriving<S> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let began = Instant::now();
        let next = timeout(self.pace.left(), self.pieces.next()).await;
        let Ok(next) = next else {
            return Err(self.too_slow());
        };
        let piece = match next.transpose() {
            Ok(Some(piece)) => piece,
            Ok(None) => {
                self.told.ended();
                return Ok(None);
            }
            Err(error) => return Err(Error::connection(&self.host, error)),
        };
        self.told.came(piece.len() as u64);
        if self.pace.keeps(began.elapsed(), piece.len() as u64) {
            Ok(Some(piece))
        } else {
            Err(self.too_slow())
        }
    }

    fn too_slow(&self) -> Error {
        let (came, window) = (self.pace.came(), self.pace.window());
        Error::too_slow(&self.host, &self.what, came, window)
    }
}

/// Whether it is JSON that ends too early.
fn is_cut_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_err_and(|error| error.is_eof())
}
