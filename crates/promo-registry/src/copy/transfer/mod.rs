//! Transfers of blobs: the bytes are read once from the source for all destinations that want them at about the same
//! time.
//!
//! A destination joins the transfer of a blob (`Transfers::join`) and reads from it at its own pace (`reader`). The
//! reading of the source (`pump`) begins when those that are expected have joined, or soon. What was read waits in a
//! buffer (`buffer`) for the slowest, up to a limit; who holds the others up for too long is left behind and
//! gets the bytes by a transfer of its own. Nothing here knows of uploads, claims or repetitions: that is `delivery`.

mod buffer;
mod connections;
mod hosts;
mod pump;
mod reader;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::buffer::Buffer;
use self::connections::{Connection, Connections};
use self::hosts::Hosts;
use self::pump::Pump;
pub(super) use self::reader::{Begun, Ending, Reader};
use super::CopySettings;

/// The largest piece that is handed on at once, and the unit in which buffers are counted.
const PIECE: usize = 256 << 10;

/// The blobs of a run that are on their way.
#[derive(Debug)]
pub(super) struct Transfers {
    registry: Arc<dyn Registry>,
    settings: CopySettings,
    /// Those that can still be joined, by where their bytes come from.
    running: Arc<Running>,
    /// What all buffers that several destinations read from may hold together, in pieces.
    pieces: Arc<Semaphore>,
    hosts: Arc<Hosts>,
    connections: Connections,
}

/// Permission to send a blob to one destination.
#[derive(Debug)]
pub(super) struct Upload {
    _of_host: OwnedSemaphorePermit,
    _of_all: Connection,
}

type Running = Mutex<HashMap<(Repository, Digest), Weak<Buffer>>>;

/// Who wants a blob.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// Where its bytes come from.
    pub(super) source: &'a Repository,
    /// The blob.
    pub(super) blob: &'a Descriptor,
    /// Where they are to go.
    pub(super) destination: &'a Repository,
    /// How many hosts get the same content.
    pub(super) among: usize,
    /// How long it took until they could be wanted: when all is slow, others are waited for longer.
    pub(super) opened_in: Duration,
    /// Where they are about to be wanted as well.
    pub(super) expected: BTreeSet<Repository>,
}

impl Transfers {
    /// None is under way.
    pub(super) fn new(registry: Arc<dyn Registry>, settings: &CopySettings) -> Self {
        Self {
            registry,
            settings: settings.clone(),
            running: Arc::default(),
            pieces: Arc::new(Semaphore::new(hosts::pieces(settings))),
            hosts: Arc::new(Hosts::new(settings)),
            connections: Connections::new(settings.connections),
        }
    }

    /// Waits until a blob may be sent to a destination, whose host is one of so many that get the same content.
    /// Held until it is answered; asked for before a transfer is joined, so that nobody there waits for who waits here.
    pub(super) async fn upload(
        &self,
        (source, blob): (&Repository, &Digest),
        destination: &Repository,
        among: usize,
    ) -> Option<Upload> {
        Some(Upload {
            _of_host: self.hosts.upload(destination.host_str(), among).await?,
            _of_all: self.connections.take(source, blob, among).await?,
        })
    }

    /// Joins the transfer of a blob that has just begun, or begins one. Who was left behind of late always gets one of
    /// its own.
    pub(super) fn join(&self, wish: &Wish<'_>) -> Reader {
        let host = wish.destination.host_str();
        if self.hosts.is_apart(host) {
            let buffer = Arc::new(Buffer::new(BTreeSet::new()));
            let reader = Reader::first(&buffer, wish.destination);
            self.begin(buffer, wish);
            return reader;
        }
        let key = (wish.source.clone(), wish.blob.digest);
        let mut running = lock(&self.running);
        let known = running.get(&key).and_then(Weak::upgrade);
        if let Some(reader) = known.and_then(|known| Reader::join(&known, wish.destination)) {
            self.hosts.keeps_pace(host);
            return reader;
        }
        let mut expected = wish.expected.clone();
        expected.retain(|other| !self.hosts.is_apart(other.host_str()));
        expected.insert(wish.destination.clone());
        let buffer = Arc::new(Buffer::new(expected));
        let reader = Reader::first(&buffer, wish.destination);
        running.insert(key, Arc::downgrade(&buffer));
        drop(running);
        self.begin(buffer, wish);
        reader
    }

    /// This destination won't want the blob, or not any more: nobody waits for it.
    pub(super) fn pass(&self, source: &Repository, blob: &Digest, destination: &Repository) {
        let known = lock(&self.running)
            .get(&(source.clone(), *blob))
            .and_then(Weak::upgrade);
        if let Some(known) = known {
            known.pass(destination);
        }
    }

    fn begin(&self, buffer: Arc<Buffer>, wish: &Wish<'_>) {
        let pump = Pump {
            registry: Arc::clone(&self.registry),
            source: wish.source.clone(),
            blob: wish.blob.clone(),
            buffer,
            pieces: Arc::clone(&self.pieces),
            hosts: Arc::clone(&self.hosts),
            first: wish.destination.host_str().to_owned(),
            among: wish.among,
            gathering: self.settings.gathering.max(wish.opened_in * 4),
            holding_up: self.settings.holding_up,
        };
        let running = Arc::clone(&self.running);
        // It ends by itself when nobody reads any longer.
        drop(tokio::spawn(async move {
            pump.run().await;
            let key = (pump.source, pump.blob.digest);
            let mut running = lock(&running);
            let own = running.get(&key).map(Weak::as_ptr) == Some(Arc::as_ptr(&pump.buffer));
            if own {
                running.remove(&key);
            }
        }));
    }
}

/// What these locks hold is whole after each statement, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
