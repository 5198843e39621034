//! Reads the bytes of a blob once and sends them to several uploads at the same time.
//!
//! Each upload has a short queue; the slowest bounds the pace and so the memory. The last piece is
//! held back until the source's stream has ended without an error, which it does only if the bytes have
//! the blob's digest ([`BlobStream`]): altered bytes can't complete an upload, whatever the
//! destination checks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable, join, join_all};
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{BlobStream, Failure, Registry, UploadSession};
use tokio::sync::mpsc;

use super::error::CopyError;
use crate::held_back::HeldBack;

/// The largest piece that is handed on at once.
const PIECE: usize = 256 * 1024;
/// How many pieces wait for one destination at the most.
const QUEUE: usize = 3;

/// An upload that is open at a destination.
#[derive(Debug)]
pub(super) struct Upload {
    /// Where.
    pub(super) repository: Repository,
    /// The session.
    pub(super) session: UploadSession,
}

/// A transfer of one blob.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    /// The way to all registries.
    pub(super) registry: &'a dyn Registry,
    /// Where the bytes come from, for messages.
    pub(super) source: &'a Repository,
    /// The blob.
    pub(super) blob: &'a Descriptor,
    /// How long a destination may hold up the others.
    pub(super) stall: Duration,
}

impl Transfer<'_> {
    /// Sends `bytes` into all uploads and returns the result of each, in their order. An error is
    /// the source's: then no upload was completed.
    pub(super) async fn run(
        &self,
        bytes: BlobStream,
        uploads: Vec<Upload>,
    ) -> Result<Vec<Result<(), Failure>>, Failure> {
        let mut outlets = Vec::new();
        let mut sending = Vec::new();
        for upload in uploads {
            let (outlet, inlet, aborted) = queue();
            outlets.push(outlet);
            sending.push(self.send(upload, inlet, aborted));
        }
        let (read, sent) = join(self.pump(bytes, outlets), join_all(sending)).await;
        read.map(|()| sent)
    }

    /// One upload. It is complete when the registry says so and had all bytes.
    async fn send(
        &self,
        upload: Upload,
        inlet: Inlet,
        aborted: AbortRegistration,
    ) -> Result<(), Failure> {
        let whole = Arc::clone(&inlet.whole);
        let Upload {
            repository,
            session,
        } = upload;
        let put = self
            .registry
            .put_blob(&repository, self.blob, session, inlet.into_stream());
        let put = Abortable::new(put, aborted);
        let digest = self.blob.digest;
        match put.await {
            Err(_aborted) => Err(CopyError::Stalled { repository, digest }.into()),
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(())) if whole.load(Ordering::Acquire) || self.blob.size == 0 => Ok(()),
            Ok(Ok(())) => Err(CopyError::Premature { repository, digest }.into()),
        }
    }

    /// Reads the source and feeds the queues, one piece behind. Ends early when nobody listens.
    async fn pump(&self, mut bytes: BlobStream, mut outlets: Vec<Outlet>) -> Result<(), Failure> {
        let mut held = HeldBack::by_size(self.blob);
        while let Some(arrived) = bytes.next().await {
            let mut arrived = arrived?;
            while !arrived.is_empty() {
                let piece = arrived.split_to(arrived.len().min(PIECE));
                let before = held.follow(piece).map_err(|_wrong| self.wrong_length())?;
                if let Some(piece) = before {
                    self.hand_on(&mut outlets, &Message::Piece(piece)).await;
                }
            }
            if outlets.is_empty() {
                return Ok(());
            }
        }
        let last = held.end().map_err(|_wrong| self.wrong_length())?;
        let last = Message::Last(last.unwrap_or_default());
        self.hand_on(&mut outlets, &last).await;
        Ok(())
    }

    /// Gives a message to all queues at once; those that are closed or don't move are left behind.
    async fn hand_on(&self, outlets: &mut Vec<Outlet>, message: &Message) {
        let taken = join_all(outlets.iter().map(|outlet| self.offer(outlet, message))).await;
        let mut taken = taken.into_iter();
        outlets.retain(|_| taken.next().unwrap_or(false));
    }

    async fn offer(&self, outlet: &Outlet, message: &Message) -> bool {
        let sending = outlet.queue.send(message.clone());
        match tokio::time::timeout(self.stall, sending).await {
            Ok(Ok(())) => true,
            Ok(Err(_closed)) => false,
            Err(_elapsed) => {
                outlet.abort.abort();
                false
            }
        }
    }

    fn wrong_length(&self) -> CopyError {
        CopyError::Length {
            repository: self.source.clone(),
            digest: self.blob.digest,
            size: self.blob.size,
        }
    }
}

/// What goes through a queue.
#[derive(Debug, Clone)]
enum Message {
    /// Some bytes, and more will come.
    Piece(Bytes),
    /// The rest, sent when all bytes were found right.
    Last(Bytes),
}

/// The pump's end of a queue.
struct Outlet {
    queue: mpsc::Sender<Message>,
    abort: AbortHandle,
}

/// The upload's end of a queue.
struct Inlet {
    queue: mpsc::Receiver<Message>,
    whole: Arc<AtomicBool>,
}

fn queue() -> (Outlet, Inlet, AbortRegistration) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (abort, registration) = AbortHandle::new_pair();
    let outlet = Outlet {
        queue: sender,
        abort,
    };
    let inlet = Inlet {
        queue: receiver,
        whole: Arc::default(),
    };
    (outlet, inlet, registration)
}

impl Inlet {
    /// The bytes as a body. A queue that closes before the last piece ends the body with an error, so
    /// that no registry can take it for whole.
    fn into_stream(self) -> BlobStream {
        Box::pin(stream::unfold(Some(self), |inlet| async move {
            let mut inlet = inlet?;
            match inlet.queue.recv().await {
                Some(Message::Piece(bytes)) => Some((Ok(bytes), Some(inlet))),
                Some(Message::Last(bytes)) => {
                    inlet.whole.store(true, Ordering::Release);
                    if bytes.is_empty() {
                        return None;
                    }
                    Some((Ok(bytes), None))
                }
                None => Some((Err(CopyError::SourceBrokeOff.into()), None)),
            }
        }))
    }
}

#[cfg(test)]
mod tests;
