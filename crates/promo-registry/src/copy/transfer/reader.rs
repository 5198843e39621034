//! One destination's end of a transfer: a body that is read at the destination's own pace.

use std::sync::{Arc, OnceLock};

use futures_util::stream;
use promo_core::oci::{Digest, Repository};
use promo_core::ports::{BlobStream, Failure};

use super::buffer::{Buffer, Source, Taken};
use crate::copy::error::CopyError;

/// A destination that reads from a transfer. Dropped, it leaves.
#[derive(Debug)]
pub(in crate::copy) struct Reader {
    pub(super) buffer: Arc<Buffer>,
    id: u64,
    fate: Arc<Fate>,
}

/// What the source answered.
#[derive(Debug)]
pub(in crate::copy) enum Begun {
    /// Its bytes are coming.
    Coming,
    /// It doesn't hold the blob.
    Missing,
    /// It failed.
    Failed(Failure),
}

/// How the reading ended, once it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::copy) enum Ending {
    /// All bytes were handed on.
    Whole,
    /// Others were held up for too long.
    LeftBehind,
}

/// What becomes of a reading.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) ending: OnceLock<Ending>,
    /// Why the source broke off, if the reader got so far.
    source_failure: OnceLock<Failure>,
}

/// What is known of a reading whose body was given away. It holds nothing of the transfer: an upload that isn't answered
/// keeps no room from others.
#[derive(Debug)]
pub(in crate::copy) struct Watch(Arc<Fate>);

impl Reader {
    /// The first reader of a new buffer.
    pub(super) fn first(buffer: &Arc<Buffer>, destination: &Repository) -> Self {
        let fate = Arc::default();
        // The beginning of a new buffer is there.
        let id = buffer
            .enter(destination, Arc::clone(&fate))
            .unwrap_or_default();
        Self {
            buffer: Arc::clone(buffer),
            id,
            fate,
        }
    }

    /// One more reader of a buffer; none if it comes too late.
    pub(super) fn join(buffer: &Arc<Buffer>, destination: &Repository) -> Option<Self> {
        let fate = Arc::default();
        let id = buffer.enter(destination, Arc::clone(&fate))?;
        Some(Self {
            buffer: Arc::clone(buffer),
            id,
            fate,
        })
    }

    /// Waits for the answer of the source.
    pub(in crate::copy) async fn begun(&self) -> Begun {
        let answered = || match self.buffer.source() {
            Source::Asked => None,
            Source::Coming | Source::Whole => Some(Begun::Coming),
            Source::Missing => Some(Begun::Missing),
            Source::Failed(failure) => Some(Begun::Failed(failure)),
        };
        self.buffer.when_it_comes(answered).await
    }

    /// The body, and what tells how its reading ended. A reading that doesn't get all bytes ends the body with an error,
    /// so that no registry can take it for whole.
    pub(in crate::copy) fn into_body(
        self,
        repository: &Repository,
        digest: Digest,
    ) -> (BlobStream, Watch) {
        let watch = Watch(Arc::clone(&self.fate));
        let repository = repository.clone();
        let body = stream::unfold(Some((self, repository)), move |state| async move {
            let (reader, repository) = state?;
            match reader.next().await {
                Taken::Piece(piece) => Some((Ok(piece), Some((reader, repository)))),
                Taken::Last(piece) => {
                    let _first = reader.fate.ending.set(Ending::Whole);
                    piece.map(|piece| (Ok(piece), None))
                }
                Taken::BrokeOff(failure) => {
                    let _first = reader.fate.source_failure.set(failure);
                    Some((Err(CopyError::SourceBrokeOff.into()), None))
                }
                Taken::LeftBehind => {
                    let error = CopyError::LeftBehind { repository, digest };
                    Some((Err(error.into()), None))
                }
            }
        });
        (Box::pin(body), watch)
    }

    async fn next(&self) -> Taken {
        let taken = || self.buffer.take(self.id);
        self.buffer.when_it_comes(taken).await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.buffer.leave(self.id);
    }
}

impl Watch {
    /// How the reading ended; none if it has not.
    pub(in crate::copy) fn ending(&self) -> Option<Ending> {
        self.0.ending.get().copied()
    }

    /// Why the source broke off, if it did.
    pub(in crate::copy) fn source_failure(&self) -> Option<Failure> {
        self.0.source_failure.get().cloned()
    }
}
