//! The bytes of a blob, asked for again from where they broke off.
//!
//! Whoever reads doesn't notice: one stream goes on. What comes is neither hashed nor counted here; `blobs` does that
//! over the whole, however often it had to be asked for.

use std::sync::Arc;

use ::http::header::{CONTENT_RANGE, RANGE};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, stream};
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{Event, Operation};
use url::Url;

use super::paths::to_pull;
use crate::Error;
use crate::auth::{Access, Exchange};
use crate::error::AnotherTry;
use crate::http::{Answer, Floor, Request};

/// A download that got on by so many bytes has all its attempts again.
const PROGRESS: u64 = 8 << 20;

/// A blob that is read.
pub(super) struct Download {
    exchange: Arc<Exchange>,
    access: Access,
    url: Url,
    what: String,
    size: u64,
    /// Handed on so far.
    received: u64,
    /// How many of the next bytes to skip, because they were handed on before.
    skip: u64,
    /// How often it broke off since `resumed_at`.
    breaks: u32,
    resumed_at: u64,
}

type Pieces = BoxStream<'static, Result<Bytes, Error>>;

impl Download {
    pub(super) fn new(
        exchange: Arc<Exchange>,
        repository: &Repository,
        blob: &Descriptor,
        request: &Request,
    ) -> Self {
        Self {
            exchange,
            access: to_pull(repository),
            url: request.url.clone(),
            what: request.what.clone(),
            size: blob.size,
            received: 0,
            skip: 0,
            breaks: 0,
            resumed_at: 0,
        }
    }

    /// The bytes, beginning with those of this answer.
    pub(super) fn begun_with(
        self,
        answer: Answer,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let pieces = self.pieces_of(answer)?;
        let state = Some((self, pieces));
        Ok(stream::unfold(state, |state| async move {
            let (mut download, mut pieces) = state?;
            match download.next(&mut pieces).await {
                Ok(Some(piece)) => Some((Ok(piece), Some((download, pieces)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    fn pieces_of(&self, answer: Answer) -> Result<Pieces, Error> {
        let floor = Floor::of_reading(&self.exchange.sender.deadlines);
        Ok(answer.stream(floor)?.boxed())
    }

    async fn next(&mut self, pieces: &mut Pieces) -> Result<Option<Bytes>, Error> {
        loop {
            let broken = match pieces.next().await {
                Some(Ok(piece)) => match self.hand_on(piece) {
                    Some(piece) => return Ok(Some(piece)),
                    None => continue,
                },
                None if self.received < self.size => self.broke_off(),
                Some(Err(error)) if error.another_try() != AnotherTry::Later => return Err(error),
                Some(Err(error)) if self.received < self.size => error,
                // All bytes came; how the connection ended after them changes nothing.
                None | Some(Err(_)) => return Ok(None),
            };
            *pieces = self.again(broken).await?;
        }
    }

    /// What of a piece has not been handed on before.
    fn hand_on(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let known = self.skip.min(piece.len() as u64);
        self.skip -= known;
        let piece = piece.split_off(usize::try_from(known).unwrap_or(usize::MAX));
        self.received = self.received.saturating_add(piece.len() as u64);
        (!piece.is_empty()).then_some(piece)
    }

    /// Asks for the rest after a pause, or gives up with what broke.
    async fn again(&mut self, broken: Error) -> Result<Pieces, Error> {
        if self.received.saturating_sub(self.resumed_at) >= PROGRESS {
            self.breaks = 0;
        }
        self.resumed_at = self.received;
        self.breaks += 1;
        let sender = &self.exchange.sender;
        if self.breaks >= sender.backoff.settings().attempts {
            return Err(broken);
        }
        let pause = sender.backoff.pause(self.breaks);
        sender.hosts.observer.observe(&Event::Retry {
            host: self.access.host.to_string(),
            operation: Operation::BlobGet,
            attempt: self.breaks,
            pause,
        });
        sender.hosts.sleep.sleep(pause).await;
        let answer = self.rest().await?;
        self.pieces_of(answer)
    }

    /// The rest by its range; else all of it once more, of which the beginning is skipped.
    async fn rest(&mut self) -> Result<Answer, Error> {
        if self.received > 0 {
            let range = format!("bytes={}-", self.received);
            let request = self.request().with_header(RANGE, &range);
            let answer = self.exchange.send(&self.access, request).await?;
            match answer.status() {
                StatusCode::PARTIAL_CONTENT if self.is_rest(&answer) => {
                    self.skip = 0;
                    return Ok(answer);
                }
                StatusCode::OK => {
                    self.skip = self.received;
                    return Ok(answer);
                }
                StatusCode::PARTIAL_CONTENT
                | StatusCode::BAD_REQUEST
                | StatusCode::RANGE_NOT_SATISFIABLE
                | StatusCode::NOT_IMPLEMENTED => {}
                _ => return Err(self.exchange.refusal(answer).await),
            }
        }
        let answer = self.exchange.send(&self.access, self.request()).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.exchange.refusal(answer).await);
        }
        self.skip = self.received;
        Ok(answer)
    }

    /// Whether a part is from where we are to the end.
    fn is_rest(&self, answer: &Answer) -> bool {
        let range = answer.header(CONTENT_RANGE).and_then(read_range);
        range.is_some_and(|(first, last, size)| {
            first == self.received
                && last.checked_add(1) == Some(self.size)
                && size.is_none_or(|size| size == self.size)
        })
    }

    fn request(&self) -> Request {
        let url = self.url.clone();
        Request::new(Operation::BlobGet, Method::GET, url, self.what.clone()).going_on()
    }

    fn broke_off(&self) -> Error {
        Error::SizeMismatch {
            what: self.what.clone(),
            expected: self.size,
            found: self.received,
        }
    }
}

/// `bytes FIRST-LAST/SIZE`, where the size may be `*`.
fn read_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (unit, rest) = text.trim().split_once(' ')?;
    let (range, size) = rest.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let size = match size.trim() {
        "*" => None,
        size => Some(size.parse().ok()?),
    };
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?, size))
}
