//! Blobs in chunks, for hosts that refuse them as one body: PATCH after PATCH, each following the answer before, then a PUT
//! that names the digest.
//!
//! A chunk is kept until it is acknowledged, so that it can be sent again, or in smaller ones. Where it is not known what was
//! taken, the registry is asked. When a blob is sent so, and how long chunks are, is decided elsewhere (`uploads`,
//! `body_limits`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use ::http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::StreamExt;
use promo_core::oci::{Descriptor, RegistryHost, Repository};
use promo_core::ports::{BlobStream, Event, Operation, UploadSession};
use url::Url;

use super::WireRegistry;
use super::paths::to_push;
use super::uploads::{confirm, take};
use crate::error::AnotherTry;
use crate::http::{Answer, Body, Request};
use crate::{BodyLimit, Error};

impl WireRegistry {
    /// Sends a blob to a host that doesn't take it as one body.
    pub(super) async fn send_in_chunks(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: &UploadSession,
        body: BlobStream,
    ) -> Result<(), Error> {
        let what = format!("the blob {repository}@{}", blob.digest);
        let host = repository.host();
        let failed = Arc::new(Mutex::new(None));
        let mut upload = Chunks {
            wire: self,
            repository,
            url: self.session_url(repository, session, &what)?,
            kept: Kept::default(),
            breaks: 0,
            what,
            host,
        };
        let mut chunk = upload.chunk(blob.size)?;
        let _room = self
            .body_limits
            .room(&upload.host, chunk.min(blob.size))
            .await;
        let mut pieces = self.outgoing(repository, blob, &upload.what, body, Arc::clone(&failed));
        loop {
            while upload.kept.bytes < chunk
                && let Some(Ok(piece)) = pieces.next().await
            {
                upload.kept.push(piece);
            }
            if let Some(error) = take(&failed) {
                return Err(error);
            }
            if upload.kept.bytes == 0 {
                return upload.close(blob).await;
            }
            chunk = upload.pass_on(chunk).await?;
        }
    }
}

/// A blob on its way out in chunks.
struct Chunks<'a> {
    wire: &'a WireRegistry,
    repository: &'a Repository,
    host: RegistryHost,
    what: String,
    /// Where the next request goes.
    url: Url,
    kept: Kept,
    /// How often it broke since a chunk was acknowledged.
    breaks: u32,
}

/// What became of a chunk.
enum Sent {
    Acknowledged,
    /// It is too large.
    Refused,
    /// It may have been taken in part, or not at all.
    Unclear(Error),
}

impl Chunks<'_> {
    /// How long chunks are now, for a body that was refused with this size.
    fn chunk(&self, refused: u64) -> Result<u64, Error> {
        let limits = &self.wire.body_limits;
        limits.chunk(&self.host).ok_or_else(|| {
            Error::BodyLimit(BodyLimit {
                host: self.host.to_string(),
                what: self.what.clone(),
                size: refused,
            })
        })
    }

    /// Sends a chunk of what is kept. Returns how long the next one may be.
    async fn pass_on(&mut self, chunk: u64) -> Result<u64, Error> {
        let length = chunk.min(self.kept.bytes);
        match self.patch(length).await? {
            Sent::Acknowledged => {
                self.breaks = 0;
                self.wire.body_limits.takes(&self.host, length);
            }
            Sent::Refused => self.wire.body_limits.refuses(&self.host, length),
            Sent::Unclear(error) => self.find_out(error).await?,
        }
        self.chunk(length)
    }

    async fn patch(&mut self, length: u64) -> Result<Sent, Error> {
        let first = self.kept.first;
        let (url, what) = (self.url.clone(), self.what.clone());
        let range = format!("{first}-{}", first + length - 1);
        // Some registries don't look at the range: what may have been taken is not sent again without asking.
        let request = Request::new(Operation::BlobPut, Method::PATCH, url, what)
            .with_header(CONTENT_TYPE, "application/octet-stream")
            .with_header(CONTENT_RANGE, &range)
            .with_body(Body::Pieces(self.kept.beginning(length)))
            .unless_broken();
        let exchange = &self.wire.exchange;
        let answer = match exchange.send(&to_push(self.repository), request).await {
            Err(error) if error.another_try() == AnotherTry::Later => {
                return Ok(Sent::Unclear(error));
            }
            answer => answer?,
        };
        match answer.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Ok(Sent::Refused),
            status if status.is_success() => self.acknowledge(&answer, length),
            status => {
                let error = exchange.refusal(answer).await;
                let is_unclear = status == StatusCode::RANGE_NOT_SATISFIABLE
                    || error.another_try() == AnotherTry::Later;
                if is_unclear {
                    Ok(Sent::Unclear(error))
                } else {
                    Err(error)
                }
            }
        }
    }

    /// Takes up what the answer to a chunk says: where to go on, and from where.
    fn acknowledge(&mut self, answer: &Answer, length: u64) -> Result<Sent, Error> {
        self.follow(answer)?;
        let first = self.kept.first;
        let end = match answer.header(RANGE) {
            None => first + length,
            // A single byte was sent.
            Some("0-0") if first == 0 && length == 1 => 1,
            Some(range) => end_of(range).ok_or_else(|| self.unreadable(answer))?,
        };
        if !self.kept.drop_until(end) {
            return Err(self.unreadable(answer));
        }
        if end == first {
            return Ok(Sent::Unclear(self.unreadable(answer)));
        }
        Ok(Sent::Acknowledged)
    }

    /// Asks after a pause how far the registry is, and goes on from there; or fails with what broke.
    async fn find_out(&mut self, broken: Error) -> Result<(), Error> {
        let sender = &self.wire.exchange.sender;
        self.breaks += 1;
        if self.breaks >= sender.backoff.settings().attempts {
            return Err(broken);
        }
        let pause = sender.backoff.pause(self.breaks);
        sender.hosts.observer.observe(&Event::Retry {
            host: self.host.to_string(),
            operation: Operation::BlobPut,
            attempt: self.breaks,
            pause,
        });
        sender.hosts.sleep.sleep(pause).await;
        let (url, what) = (self.url.clone(), self.what.clone());
        let request = Request::new(Operation::UploadStart, Method::GET, url, what);
        let exchange = &self.wire.exchange;
        let answer = exchange.send(&to_push(self.repository), request).await?;
        if !answer.status().is_success() {
            return Err(exchange.refusal(answer).await);
        }
        self.follow(&answer)?;
        let end = answer.header(RANGE).and_then(end_of);
        // What was acknowledged before is not here any longer: only another upload can bring it again.
        if end.is_some_and(|end| self.kept.drop_until(end)) {
            Ok(())
        } else {
            Err(self.unreadable(&answer))
        }
    }

    /// Ends the upload.
    async fn close(&mut self, blob: &Descriptor) -> Result<(), Error> {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("digest", &blob.digest.to_string());
        let request = Request::new(Operation::BlobPut, Method::PUT, url, self.what.clone())
            .with_header(CONTENT_TYPE, "application/octet-stream")
            .with_body(Body::Pieces(Vec::new()))
            .unless_broken();
        let exchange = &self.wire.exchange;
        let answer = exchange.send(&to_push(self.repository), request).await?;
        match answer.status() {
            StatusCode::CREATED | StatusCode::OK | StatusCode::NO_CONTENT => {
                confirm(&answer, &blob.digest)
            }
            _ => Err(exchange.refusal(answer).await),
        }
    }

    /// The next request goes where an answer says, if it says something.
    fn follow(&mut self, answer: &Answer) -> Result<(), Error> {
        if answer.headers().contains_key(LOCATION) {
            let session = self.wire.session_of(self.repository, answer)?;
            self.url = self
                .wire
                .session_url(self.repository, &session, &self.what)?;
        }
        Ok(())
    }

    fn unreadable(&self, answer: &Answer) -> Error {
        let first = self.kept.first;
        let reason =
            format!("its Range isn't one of an upload with {first} bytes and what was sent");
        Error::malformed(&answer.host, &answer.what, reason)
    }
}

/// What was read and isn't acknowledged yet.
#[derive(Default)]
struct Kept {
    /// Where in the blob it begins.
    first: u64,
    pieces: VecDeque<Bytes>,
    bytes: u64,
}

impl Kept {
    fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len() as u64;
        self.pieces.push_back(piece);
    }

    /// So many bytes of it.
    fn beginning(&self, length: u64) -> Vec<Bytes> {
        let mut left = usize::try_from(length).unwrap_or(usize::MAX);
        let mut beginning = Vec::new();
        for piece in &self.pieces {
            let taken = piece.slice(..piece.len().min(left));
            left -= taken.len();
            beginning.push(taken);
            if left == 0 {
                break;
            }
        }
        beginning
    }

    /// Drops what stands before this place of the blob. False if that isn't within what is kept.
    fn drop_until(&mut self, end: u64) -> bool {
        let Some(mut left) = end.checked_sub(self.first).filter(|it| *it <= self.bytes) else {
            return false;
        };
        self.first = end;
        self.bytes -= left;
        while left > 0
            && let Some(piece) = self.pieces.front_mut()
        {
            let taken = left.min(piece.len() as u64);
            left -= taken;
            drop(piece.split_to(usize::try_from(taken).unwrap_or(usize::MAX)));
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        true
    }
}

/// How many bytes an upload has: `0-LAST`. Of an empty one registries say `0-0`, which is taken for that: a chunk of one byte
/// is the last of its blob.
fn end_of(range: &str) -> Option<u64> {
    let range = range.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    let (first, last) = range.split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    match (first.trim(), last) {
        ("0", 0) => Some(0),
        ("0", last) => last.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
