//! Reads the source of one transfer into its buffer: waits for those that are expected, then reads as fast as the
//! readers take, and leaves behind who holds the others up.
//!
//! The last piece is held back until the source's stream has ended without an error, which it does only if the
//! bytes have the blob's digest ([`BlobStream`]): altered bytes can't complete an upload, whatever the destination
//! checks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{BlobStream, Failure, Registry};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::PIECE;
use super::buffer::{Buffer, Offered, Source};
use super::hosts::Hosts;
use crate::copy::error::CopyError;
use crate::held_back::{HeldBack, Wrong};

/// How many pieces every transfer may keep: the least that all buffers together must allow.
pub(super) const GUARANTEED: usize = 2;
/// How many it may keep at the most, while others wait for the slowest.
const MOST: usize = 32;

/// The reading of one blob.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) registry: Arc<dyn Registry>,
    pub(super) source: Repository,
    pub(super) blob: Descriptor,
    pub(super) buffer: Arc<Buffer>,
    pub(super) pieces: Arc<Semaphore>,
    pub(super) hosts: Arc<Hosts>,
    /// The host of the first reader.
    pub(super) first: String,
    /// How many hosts get the same content.
    pub(super) among: usize,
    pub(super) gathering: Duration,
    pub(super) holding_up: Duration,
}

impl Pump {
    /// Reads the blob. Ends when all of it is in the buffer, when the source fails, or when nobody reads any longer.
    pub(super) async fn run(&self) {
        self.gather().await;
        let Some(room) = self.room().await else {
            return;
        };
        match self.registry.get_blob(&self.source, &self.blob).await {
            Ok(Some(bytes)) => {
                self.buffer.set_source(Source::Coming);
                self.read(bytes, room).await;
            }
            Ok(None) => self.buffer.set_source(Source::Missing),
            Err(failure) => self.buffer.set_source(Source::Failed(failure)),
        }
    }

    /// Room for the first pieces: of what all share, or where a single destination reads, of what waits for its host.
    async fn room(&self) -> Option<Room> {
        let size = usize::try_from(self.blob.size).unwrap_or(usize::MAX);
        let pieces = size.div_ceil(PIECE).clamp(1, GUARANTEED);
        let share = if self.buffer.readers() > 1 {
            let count = u32::try_from(pieces).unwrap_or(1);
            let taken = Arc::clone(&self.pieces).acquire_many_owned(count);
            taken.await.ok()?
        } else {
            self.hosts.pieces(&self.first, self.among, pieces).await?
        };
        self.buffer.may_hold(share);
        Some(Room { pieces })
    }

    /// Waits for the destinations that are expected; the hosts of those that don't come in time go apart.
    async fn gather(&self) {
        let all_here = || self.buffer.expected().is_empty().then_some(());
        let gathered = self.buffer.when_they_move(all_here);
        if timeout(self.gathering, gathered).await.is_err() {
            for late in self.buffer.expected() {
                self.hosts.set_apart(late.host_str());
            }
            self.buffer.expect_nobody();
        }
    }

    async fn read(&self, bytes: BlobStream, room: Room) {
        let deserted = || (self.buffer.readers() == 0).then_some(());
        tokio::select! {
            read = self.pass_on(bytes, room) => match read {
                Ok(last) => self.buffer.finish(last),
                Err(Stopped::Failed(failure)) => self.buffer.set_source(Source::Failed(failure)),
                Err(Stopped::NobodyReads) => {}
            },
            () = self.buffer.when_they_move(deserted) => {}
        }
    }

    /// Passes on all pieces but the last, which it returns when the source has ended well.
    async fn pass_on(
        &self,
        mut bytes: BlobStream,
        mut room: Room,
    ) -> Result<Option<Bytes>, Stopped> {
        let mut held = HeldBack::by_size(&self.blob);
        let mut pace = Pace::new();
        while let Some(arrived) = bytes.next().await {
            let mut arrived = arrived.map_err(Stopped::Failed)?;
            while !arrived.is_empty() {
                let piece = arrived.split_to(arrived.len().min(PIECE));
                let before = held.follow(piece).map_err(|wrong| self.wrong(wrong))?;
                if let Some(piece) = before {
                    self.put(&piece, &mut room, &mut pace).await?;
                }
            }
        }
        held.end().map_err(|wrong| self.wrong(wrong))
    }

    /// Puts a piece into the buffer as soon as there is room.
    async fn put(&self, piece: &Bytes, room: &mut Room, pace: &mut Pace) -> Result<(), Stopped> {
        loop {
            let mut moved = std::pin::pin!(self.buffer.next_move());
            moved.as_mut().enable();
            match self.buffer.offer(piece, room.bytes()) {
                Offered::In => {
                    pace.went_on(piece.len());
                    return Ok(());
                }
                Offered::NobodyReads => return Err(Stopped::NobodyReads),
                Offered::Full {
                    holds_up: false, ..
                } => moved.await,
                Offered::Full { .. } if self.grow(room) => {}
                Offered::Full { slowest, .. } => {
                    let before = Instant::now();
                    let patience = pace.patience(self.holding_up);
                    if timeout(patience, moved).await.is_err() {
                        if let Some(host) = self.buffer.leave_behind(slowest) {
                            self.hosts.set_apart(&host);
                        }
                        *pace = Pace::new();
                    } else {
                        pace.held_up += before.elapsed();
                    }
                }
            }
        }
    }

    /// Takes more of all buffers, if there is more and it isn't too much.
    fn grow(&self, room: &mut Room) -> bool {
        if room.pieces >= MOST {
            return false;
        }
        let count = u32::try_from(GUARANTEED).unwrap_or(1);
        let Ok(more) = Arc::clone(&self.pieces).try_acquire_many_owned(count) else {
            return false;
        };
        self.buffer.may_hold(more);
        room.pieces += GUARANTEED;
        true
    }

    fn wrong(&self, _wrong: Wrong) -> Stopped {
        let error = CopyError::Length {
            repository: self.source.clone(),
            digest: self.blob.digest,
            size: self.blob.size,
        };
        Stopped::Failed(error.into())
    }
}

/// Why a reading did not come to its end.
enum Stopped {
    /// The source broke, or sent something else.
    Failed(Failure),
    /// Nobody reads any longer.
    NobodyReads,
}

/// What of all buffers this one may use.
struct Room {
    pieces: usize,
}

impl Room {
    fn bytes(&self) -> usize {
        self.pieces * PIECE
    }
}

/// How much readers were held up by the slowest of them, over the latest bytes.
struct Pace {
    since: Instant,
    bytes: usize,
    held_up: Duration,
}

impl Pace {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            bytes: 0,
            held_up: Duration::ZERO,
        }
    }

    fn went_on(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes >= MOST * PIECE {
            *self = Self::new();
        }
    }

    /// How much longer the slowest may hold the others up: for so long in all, and for no more than half of the time.
    fn patience(&self, holding_up: Duration) -> Duration {
        let in_all = holding_up.saturating_sub(self.held_up);
        let twice = self.held_up.saturating_mul(2);
        in_all.max(self.since.elapsed().saturating_sub(twice))
    }
}
