//! Bodies: requests that are counted while they are read, and answers that are counted, cut or broken while they are sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::{Stream, StreamExt as _};

use super::connection::Control;
use super::faults::Barrier;
use super::pace::Bandwidth;
use super::reply::Failure;

/// Sent at once; small enough that a body can be broken in its middle.
const CHUNK: usize = 128 * 1024;
/// What is read of a body that nobody wants, so that the client gets its answer before the connection closes.
const DRAINED: u64 = 64 * 1024 * 1024;
/// The most that is reserved for a length that a client only announces.
const RESERVED: u64 = 1024 * 1024 * 1024;

/// The body of a request.
#[derive(Debug)]
pub(super) struct RequestBody {
    stream: BodyDataStream,
    announced: Option<u64>,
    received: Arc<AtomicU64>,
    breaks_at: Option<u64>,
    held_at: Option<(u64, Barrier)>,
    bandwidth: Option<Bandwidth>,
}

impl RequestBody {
    pub(super) fn new(body: Body, announced: Option<u64>, received: Arc<AtomicU64>) -> Self {
        Self {
            stream: body.into_data_stream(),
            announced,
            received,
            breaks_at: None,
            held_at: None,
            bandwidth: None,
        }
    }

    /// Lets the body pass no quicker than this.
    pub(super) fn set_bandwidth(&mut self, bandwidth: Option<Bandwidth>) {
        self.bandwidth = bandwidth;
    }

    /// Lets the body wait at a barrier after this many bytes, or at its end.
    pub(super) fn hold_at(&mut self, bytes: u64, barrier: Barrier) {
        self.held_at = Some((bytes, barrier));
    }

    /// Lets the body break off after this many bytes, or at its end.
    pub(super) fn break_at(&mut self, bytes: u64) {
        self.breaks_at = Some(bytes);
    }

    /// The announced length, as far as it is reasonable to reserve it.
    pub(super) fn capacity(&self) -> usize {
        let announced = self.announced.unwrap_or_default().min(RESERVED);
        usize::try_from(announced).unwrap_or_default()
    }

    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let is_over = |bytes| self.received.load(Ordering::SeqCst) >= bytes;
        if self.breaks_at.is_some_and(is_over) {
            return Err(Failure::Disconnected);
        }
        if self
            .held_at
            .as_ref()
            .is_some_and(|(bytes, _)| is_over(*bytes))
        {
            self.pass_barrier().await;
        }
        match self.stream.next().await {
            Some(Ok(chunk)) => {
                self.received
                    .fetch_add(chunk.len() as u64, Ordering::SeqCst);
                if let Some(bandwidth) = &self.bandwidth {
                    bandwidth.pass(chunk.len()).await;
                }
                Ok(Some(chunk))
            }
            Some(Err(_)) => Err(Failure::Disconnected),
            None => {
                self.pass_barrier().await;
                if self.breaks_at.is_some() {
                    Err(Failure::Disconnected)
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// Waits at the barrier, if there is one and it was not passed before.
    async fn pass_barrier(&mut self) {
        if let Some((_, barrier)) = self.held_at.take() {
            barrier.pass().await;
        }
    }

    /// Reads the whole body, or `None` when it is larger than `limit`.
    pub(super) async fn collect(&mut self, limit: usize) -> Result<Option<Bytes>, Failure> {
        let mut collected = BytesMut::with_capacity(self.capacity().min(limit));
        while let Some(chunk) = self.next().await? {
            if collected.len().saturating_add(chunk.len()) > limit {
                return Ok(None);
            }
            collected.extend_from_slice(&chunk);
        }
        Ok(Some(collected.freeze()))
    }

    /// Reads and forgets the rest, up to a limit.
    pub(super) async fn drain(&mut self) -> Result<(), Failure> {
        let limit = self.received.load(Ordering::SeqCst) + DRAINED;
        while self.next().await?.is_some() {
            if self.received.load(Ordering::SeqCst) > limit {
                break;
            }
        }
        Ok(())
    }
}

/// How the body of an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After its last byte.
    Complete,
    /// Too early, by an orderly end of the connection.
    Truncated(u64),
    /// Too early, by a reset of the connection.
    Reset(u64),
    /// Never.
    Endless,
}

/// Where the body of an answer waits, and how.
type Hold = (u64, BoxFuture<'static, ()>);

/// The body of an answer, sent in pieces.
pub(super) struct AnswerBody {
    rest: Bytes,
    ending: Ending,
    sent: Arc<AtomicU64>,
    control: Arc<Control>,
    /// The flushes there had been when the body was to break off.
    stopped_at: Option<u64>,
    hold: Option<Hold>,
    bandwidth: Option<Bandwidth>,
    /// A piece that waits for its turn on a narrow line.
    passing: Option<BoxFuture<'static, Bytes>>,
}

impl AnswerBody {
    pub(super) fn new(
        body: Bytes,
        ending: Ending,
        sent: Arc<AtomicU64>,
        control: Arc<Control>,
    ) -> Self {
        Self {
            rest: body,
            ending,
            sent,
            control,
            stopped_at: None,
            hold: None,
            bandwidth: None,
            passing: None,
        }
    }

    /// Lets the body pass no quicker than this.
    pub(super) fn paced(mut self, bandwidth: Option<Bandwidth>) -> Self {
        self.bandwidth = bandwidth;
        self
    }

    /// Lets the body wait at a barrier after this many bytes, or at its end.
    pub(super) fn hold_at(mut self, bytes: u64, barrier: Barrier) -> Self {
        let pass = async move { barrier.pass().await };
        self.hold = Some((bytes, pass.boxed()));
        self
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        if self.ending == Ending::Endless && self.rest.is_empty() {
            self.rest = Bytes::from(vec![b' '; CHUNK]);
        }
        let sent = self.sent.load(Ordering::SeqCst);
        let limit = match self.ending {
            Ending::Complete | Ending::Endless => u64::MAX,
            Ending::Truncated(limit) | Ending::Reset(limit) => limit.saturating_sub(sent),
        };
        let held = self
            .hold
            .as_ref()
            .map(|(bytes, _)| bytes.saturating_sub(sent));
        let limit = limit.min(held.unwrap_or(u64::MAX));
        let length = self
            .rest
            .len()
            .min(CHUNK)
            .min(usize::try_from(limit).unwrap_or(usize::MAX));
        self.sent.fetch_add(length as u64, Ordering::SeqCst);
        (length > 0).then(|| self.rest.split_to(length))
    }

    /// Waits until the client can get what was sent so far: hyper throws away what it still holds when a body fails.
    fn wait_for_flush(&mut self, cx: &Context<'_>) -> Poll<()> {
        let stopped_at = *self
            .stopped_at
            .get_or_insert_with(|| self.control.flushes());
        if self.control.flushes() > stopped_at {
            return Poll::Ready(());
        }
        self.control.wake_at_flush(cx);
        Poll::Pending
    }
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(passing) = &mut self.passing {
            let piece = std::task::ready!(passing.as_mut().poll(cx));
            self.passing = None;
            return Poll::Ready(Some(Ok(piece)));
        }
        if let Some(piece) = self.next_piece() {
            if let Some(bandwidth) = self.bandwidth.clone() {
                let pass = async move {
                    bandwidth.pass(piece.len()).await;
                    piece
                };
                self.passing = Some(pass.boxed());
                return self.poll_next(cx);
            }
            return Poll::Ready(Some(Ok(piece)));
        }
        if let Some((_, passed)) = &mut self.hold {
            std::task::ready!(passed.as_mut().poll(cx));
            self.hold = None;
            return self.poll_next(cx);
        }
        if self.ending == Ending::Complete {
            return Poll::Ready(None);
        }
        std::task::ready!(self.wait_for_flush(cx));
        if matches!(self.ending, Ending::Reset(_)) {
            self.control.reset();
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        }
        Poll::Ready(None)
    }
}
