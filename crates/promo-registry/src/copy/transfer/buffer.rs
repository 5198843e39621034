//! The bytes of one transfer between the reading of the source and its readers: pieces that some reader has not
//! taken yet, and where each reader is.
//!
//! It decides nothing about time: who waits for whom, and for how long, is the pump's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use promo_core::oci::Repository;
use promo_core::ports::Failure;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::lock;
use super::reader::{Ending, Fate};

/// The buffer of one transfer.
#[derive(Debug)]
pub(super) struct Buffer {
    state: Mutex<State>,
    /// For readers: something came.
    came: Notify,
    /// For the pump: something was taken, or somebody joined, passed or left.
    taken: Notify,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Bytes>,
    /// The number of the first piece that is kept.
    first: u64,
    bytes: usize,
    readers: BTreeMap<u64, Position>,
    joined: u64,
    /// Destinations that are still expected to join.
    expected: BTreeSet<Repository>,
    source: Source,
    /// The shares of all buffers that this one may hold, until its last reader has gone.
    share: Vec<OwnedSemaphorePermit>,
    /// Whether its last reader has gone: nothing comes here any longer.
    is_over: bool,
}

/// Where a reader is.
#[derive(Debug)]
struct Position {
    host: String,
    /// The number of its next piece.
    next: u64,
    /// Whether it waits for it.
    waits: bool,
    fate: Arc<Fate>,
}

/// What is known of the source.
#[derive(Debug, Clone, Default)]
pub(super) enum Source {
    /// It was not asked yet, or has not answered.
    #[default]
    Asked,
    /// Its bytes are coming.
    Coming,
    /// All bytes came, and they are right.
    Whole,
    /// It doesn't hold the blob.
    Missing,
    /// It broke, or its bytes are wrong.
    Failed(Failure),
}

/// What a reader gets.
#[derive(Debug)]
pub(super) enum Taken {
    /// The next piece, and more will come.
    Piece(Bytes),
    /// The last one; none of a blob without bytes.
    Last(Option<Bytes>),
    /// The source broke off.
    BrokeOff(Failure),
    /// It was left behind.
    LeftBehind,
}

/// What becomes of a piece that is offered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// It is in.
    In,
    /// There is no room, since `slowest` has not taken what is there; whether another reader waits for more.
    Full { slowest: u64, holds_up: bool },
    /// Nobody reads any longer.
    NobodyReads,
}

impl Buffer {
    /// A buffer that these destinations are expected to join, the first reader among them.
    pub(super) fn new(expected: BTreeSet<Repository>) -> Self {
        Self {
            state: Mutex::new(State {
                expected,
                ..State::default()
            }),
            came: Notify::new(),
            taken: Notify::new(),
        }
    }

    /// A new reader at the beginning; none if the beginning isn't there any longer.
    pub(super) fn enter(&self, destination: &Repository, fate: Arc<Fate>) -> Option<u64> {
        let mut state = lock(&self.state);
        let is_gone = matches!(state.source, Source::Failed(_) | Source::Missing);
        if state.first > 0 || state.is_over || is_gone {
            return None;
        }
        let id = state.joined;
        state.joined += 1;
        // Where it isn't the one that was expected of its host, the others there wait for it.
        let host = destination.host_str();
        if !state.expected.remove(destination) {
            state.expected.retain(|other| other.host_str() != host);
        }
        let position = Position {
            host: host.to_owned(),
            next: 0,
            waits: false,
            fate,
        };
        state.readers.insert(id, position);
        drop(state);
        self.taken.notify_waiters();
        Some(id)
    }

    /// A destination won't join.
    pub(super) fn pass(&self, destination: &Repository) {
        if lock(&self.state).expected.remove(destination) {
            self.taken.notify_waiters();
        }
    }

    /// A reader goes.
    pub(super) fn leave(&self, id: u64) {
        lock(&self.state).remove(id);
        self.taken.notify_waiters();
    }

    /// The destinations that have not joined yet.
    pub(super) fn expected(&self) -> BTreeSet<Repository> {
        lock(&self.state).expected.clone()
    }

    /// Nobody else is waited for.
    pub(super) fn expect_nobody(&self) {
        lock(&self.state).expected.clear();
    }

    /// A share of all buffers for this one.
    pub(super) fn may_hold(&self, share: OwnedSemaphorePermit) {
        let mut state = lock(&self.state);
        if !state.is_over {
            state.share.push(share);
        }
    }

    /// How many read.
    pub(super) fn readers(&self) -> usize {
        lock(&self.state).readers.len()
    }

    /// What is known of the source.
    pub(super) fn source(&self) -> Source {
        lock(&self.state).source.clone()
    }

    /// Tells the readers about the source.
    pub(super) fn set_source(&self, source: Source) {
        lock(&self.state).source = source;
        self.came.notify_waiters();
    }

    /// Puts a piece in, if no more than `limit` bytes are there then.
    pub(super) fn offer(&self, piece: &Bytes, limit: usize) -> Offered {
        let mut state = lock(&self.state);
        let Some(slowest) = state.slowest() else {
            return Offered::NobodyReads;
        };
        // One piece always fits.
        if state.bytes > 0 && state.bytes + piece.len() > limit {
            let holds_up = state.readers.values().any(|reader| reader.waits);
            return Offered::Full { slowest, holds_up };
        }
        state.bytes += piece.len();
        state.pieces.push_back(piece.clone());
        // Whoever waited has something to take now.
        for reader in state.readers.values_mut() {
            reader.waits = false;
        }
        drop(state);
        self.came.notify_waiters();
        Offered::In
    }

    /// The source has ended well, with this last piece. It always fits.
    pub(super) fn finish(&self, last: Option<Bytes>) {
        let mut state = lock(&self.state);
        state.bytes += last.as_ref().map_or(0, Bytes::len);
        state.pieces.extend(last);
        state.source = Source::Whole;
        drop(state);
        self.came.notify_waiters();
    }

    /// Leaves a reader behind. Returns its host.
    pub(super) fn leave_behind(&self, id: u64) -> Option<String> {
        let mut state = lock(&self.state);
        let position = state.remove(id)?;
        let _first = position.fate.ending.set(Ending::LeftBehind);
        drop(state);
        self.came.notify_waiters();
        Some(position.host)
    }

    /// What a reader gets next; none if it has to wait.
    pub(super) fn take(&self, id: u64) -> Option<Taken> {
        let mut state = lock(&self.state);
        let (taken, has_moved) = state.take(id);
        drop(state);
        if has_moved {
            self.taken.notify_waiters();
        }
        taken
    }

    /// Waits until `found` finds something, asked anew whenever something came for readers.
    pub(super) async fn when_it_comes<T>(&self, found: impl Fn() -> Option<T>) -> T {
        wait(&self.came, found).await
    }

    /// Waits until `found` finds something, asked anew whenever readers moved.
    pub(super) async fn when_they_move<T>(&self, found: impl Fn() -> Option<T>) -> T {
        wait(&self.taken, found).await
    }

    /// The next move of a reader. Once enabled, it isn't missed.
    pub(super) fn next_move(&self) -> Notified<'_> {
        self.taken.notified()
    }
}

impl State {
    /// The number of the piece that comes next.
    fn end(&self) -> u64 {
        self.first + self.pieces.len() as u64
    }

    /// A reader goes; with the last one, all that is kept.
    fn remove(&mut self, id: u64) -> Option<Position> {
        let position = self.readers.remove(&id)?;
        self.forget_taken();
        if self.readers.is_empty() {
            self.is_over = true;
            self.pieces.clear();
            self.bytes = 0;
            self.share.clear();
        }
        Some(position)
    }

    fn slowest(&self) -> Option<u64> {
        let slowest = self.readers.iter().min_by_key(|(_, reader)| reader.next)?;
        Some(*slowest.0)
    }

    /// What a reader gets next, if there is something, and whether that is news for the pump.
    fn take(&mut self, id: u64) -> (Option<Taken>, bool) {
        let end = self.end();
        let is_whole = matches!(self.source, Source::Whole);
        let Some(position) = self.readers.get_mut(&id) else {
            return (Some(Taken::LeftBehind), false);
        };
        if position.next == end {
            return match &self.source {
                Source::Whole => (Some(Taken::Last(None)), false),
                Source::Failed(failure) => (Some(Taken::BrokeOff(failure.clone())), false),
                // Of a blob that isn't there nobody reads.
                Source::Missing | Source::Asked | Source::Coming => {
                    let waited = std::mem::replace(&mut position.waits, true);
                    (None, !waited)
                }
            };
        }
        let at = usize::try_from(position.next - self.first).unwrap_or(usize::MAX);
        position.next += 1;
        position.waits = false;
        // The last one is told as such: of a body of known length nobody may ask what follows it.
        let is_last = is_whole && position.next == end;
        let taken = self.pieces.get(at).cloned().map(|piece| {
            if is_last {
                Taken::Last(Some(piece))
            } else {
                Taken::Piece(piece)
            }
        });
        self.forget_taken();
        (taken, true)
    }

    /// Drops the pieces that all readers have taken.
    fn forget_taken(&mut self) {
        let Some(needed) = self.readers.values().map(|reader| reader.next).min() else {
            return;
        };
        while self.first < needed {
            let Some(piece) = self.pieces.pop_front() else {
                return;
            };
            self.bytes -= piece.len();
            self.first += 1;
        }
    }
}

async fn wait<T>(notify: &Notify, found: impl Fn() -> Option<T>) -> T {
    loop {
        let mut notified = std::pin::pin!(notify.notified());
        // From here on no notification is missed.
        notified.as_mut().enable();
        if let Some(found) = found() {
            return found;
        }
        notified.await;
    }
}
