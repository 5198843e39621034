//! The connections of a run: how many are open at once, at all hosts together. Each is an open file, of which a process may
//! have few.
//!
//! Whoever sends a request first gets a place here, the last thing before it goes out. Small requests, blobs that are read and
//! blobs that are sent have places apart (`pot`): the reading of a blob ends only when its bytes are sent, so that with
//! common places readings could hold them all while what they wait for gets none. Connections that nobody uses stay open for
//! the next request; they count, too (`pools`), and are closed when there would be too many. Requests to a host that speaks
//! HTTP/2 share one connection and need no place.
//!
//! Which files are missing nevertheless is found out in `http`, which says it here: then the bound is lowered to what there
//! was.

mod pools;
mod pot;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::ports::Operation;
use tokio::sync::{Notify, oneshot};

use crate::ConnectionLimit;
use pools::Pools;
use pot::Pot;

/// The connections of all hosts.
#[derive(Debug)]
pub(crate) struct Connections {
    state: Mutex<State>,
    /// A place was freed.
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: ConnectionLimit,
    /// By kind.
    pots: [Pot; 3],
    pools: Pools,
    /// How often the bound was lowered.
    lowered: u32,
}

/// What a connection is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A small request and its answer.
    Small,
    /// A blob that is read.
    Reading,
    /// A blob that is sent.
    Sending,
}

impl Kind {
    /// What an operation uses it for.
    fn of(operation: Operation) -> Self {
        match operation {
            Operation::BlobGet => Self::Reading,
            Operation::BlobPut => Self::Sending,
            _ => Self::Small,
        }
    }
}

/// Whether a request waits for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Until one is free.
    UntilFree,
    /// Not at all: it goes on with what was begun with a place, and others that have theirs may be waiting for it.
    Never,
}

/// Permission to use a connection. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    host: String,
    kind: Kind,
    /// Whether connections that nobody uses must be closed before this one is opened.
    pub(crate) closes_idle: bool,
    /// Whether a connection is closed, or can be used again, when the place is freed.
    has_file: bool,
    /// How often the bound had been lowered when it was given.
    given: u32,
}

impl Connections {
    /// With at most so many.
    pub(crate) fn new(limit: ConnectionLimit) -> Self {
        let mut state = State {
            limit,
            pots: Default::default(),
            pools: Pools::default(),
            lowered: 0,
        };
        state.bound_by(limit);
        Self {
            state: Mutex::new(state),
            freed: Notify::new(),
        }
    }

    /// Waits for a place for a request to `host`. None: it needs none, since the host's requests share a connection.
    pub(crate) async fn place(
        self: &Arc<Self>,
        operation: Operation,
        host: &str,
        wait: Wait,
    ) -> Option<Place> {
        let kind = Kind::of(operation);
        let turn = {
            let mut state = self.lock();
            if state.pools.is_shared(kind, host) {
                return None;
            }
            let pot = state.pot(kind);
            if wait == Wait::Never || pot.has_room_for(host) {
                pot.take(host);
                Err(state.open(kind, host))
            } else {
                Ok(pot.wait(host))
            }
        };
        let (closes_idle, given) = match turn {
            Err(opened) => opened,
            // Its sender is only dropped with `self`.
            Ok(turn) => Waiting::new(self, kind, host, turn).turn().await?,
        };
        Some(Place {
            connections: Arc::clone(self),
            host: host.to_owned(),
            kind,
            closes_idle,
            has_file: true,
            given,
        })
    }

    /// What a host's answer says about its connections: whether the requests to it share one.
    pub(crate) fn learn(&self, operation: Operation, host: &str, is_shared: bool) {
        let kind = Kind::of(operation);
        self.lock().pools.learn(kind, host, is_shared);
    }

    /// There was no file left for the connection of this place. From now on fewer are opened than there are now.
    pub(crate) fn exhausted(&self, mut place: Place) {
        place.has_file = false;
        let mut state = self.lock();
        // Of many that failed together, one lowers the bound.
        if place.given < state.lowered {
            return;
        }
        state.lowered += 1;
        let lower = ConnectionLimit::new(state.pools.open() * 3 / 4);
        let lower = lower.min(state.limit);
        state.bound_by(lower);
        state.pools.close_idle();
    }

    /// Waits until a place has been freed that had a file.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    fn free(&self, kind: Kind, host: &str) {
        let mut state = self.lock();
        state.pools.leave(kind, host);
        state.pot(kind).free(host);
        state.hand_on(kind);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pot(&mut self, kind: Kind) -> &mut Pot {
        let [small, reading, sending] = &mut self.pots;
        match kind {
            Kind::Small => small,
            Kind::Reading => reading,
            Kind::Sending => sending,
        }
    }

    fn bound_by(&mut self, limit: ConnectionLimit) {
        self.limit = limit;
        self.pot(Kind::Small).most = limit.small();
        self.pot(Kind::Reading).most = limit.of_blobs();
        self.pot(Kind::Sending).most = limit.of_blobs();
    }

    /// Counts the connection of a place that was just taken.
    fn open(&mut self, kind: Kind, host: &str) -> Opened {
        let closes_idle = self.pools.enter(kind, host, self.limit.all());
        (closes_idle, self.lowered)
    }

    /// Gives free places to those who wait.
    fn hand_on(&mut self, kind: Kind) {
        while let Some((host, turn)) = self.pot(kind).next() {
            let opened = self.open(kind, &host);
            if turn.send(opened).is_err() {
                // It has gone meanwhile.
                self.pools.leave(kind, &host);
                self.pot(kind).free(&host);
            }
        }
    }
}

/// What is known of a place when it is given: whether idle connections are to be closed, and how often the bound had been
/// lowered.
type Opened = (bool, u32);

/// Somebody who waits. Whoever goes while its turn is on its way gives the place back.
struct Waiting<'a> {
    connections: &'a Connections,
    kind: Kind,
    host: &'a str,
    turn: oneshot::Receiver<Opened>,
}

impl<'a> Waiting<'a> {
    fn new(
        connections: &'a Connections,
        kind: Kind,
        host: &'a str,
        turn: oneshot::Receiver<Opened>,
    ) -> Self {
        Self {
            connections,
            kind,
            host,
            turn,
        }
    }

    async fn turn(mut self) -> Option<Opened> {
        (&mut self.turn).await.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.turn.close();
        if self.turn.try_recv().is_ok() {
            self.connections.free(self.kind, self.host);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.free(self.kind, &self.host);
        if self.has_file {
            self.connections.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
