//! What this run knows about blobs at destinations: where they are, and where they are being delivered.
//!
//! Two images that share a blob don't send it twice to one host: the second waits until the first is done, then needs
//! no request in the same repository and a mount in another one. A copy that waits holds no claim, so that no two
//! copies wait for each other; a claim that is dropped is released.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, RegistryHost, Repository};
use tokio::sync::oneshot;

/// The knowledge of one run, shared by all its copies.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    blobs: Mutex<HashMap<Digest, Delivery>>,
    hosts: Mutex<BTreeMap<RegistryHost, HostMounts>>,
    manifests: Mutex<BTreeMap<Repository, BTreeSet<Digest>>>,
}

/// One blob, by host.
#[derive(Debug, Default)]
struct Delivery(HashMap<String, AtHost>);

/// One blob at one host.
#[derive(Debug, Default)]
struct AtHost {
    repositories: BTreeMap<Repository, State>,
    /// Of the repositories, the first in which it arrived.
    home: Option<Repository>,
    waiting: Vec<oneshot::Sender<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Arriving,
    There,
}

/// What is known of a host's mounts.
#[derive(Debug, Clone, Copy, Default)]
struct HostMounts {
    /// It answers an error to the mount of a blob from the repository itself.
    no_self_mount: bool,
    /// It didn't mount a blob that another of its repositories held.
    no_mount: bool,
}

/// What is to be done for a blob at a destination.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is there; this run has seen to it.
    There,
    /// It is ours to bring.
    Ours(Claim),
    /// Somebody brings it. Ask again when this fires.
    Wait(oneshot::Receiver<()>),
}

/// The right to bring a blob to a repository. Dropped without [`Claim::arrived`], it is released.
#[derive(Debug)]
pub(super) struct Claim {
    deliveries: Arc<Deliveries>,
    digest: Digest,
    repository: Repository,
    home: Option<Repository>,
    arrived: bool,
}

impl Claim {
    /// The destination.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// A repository of the same host that has the blob, by this run's doing.
    pub(super) fn home(&self) -> Option<&Repository> {
        self.home.as_ref()
    }

    /// The blob is there now.
    pub(super) fn arrived(mut self) {
        self.arrived = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.deliveries
            .end(&self.digest, &self.repository, self.arrived);
    }
}

impl Deliveries {
    /// Whose turn it is to bring `digest` to `repository`. With `source_is_near` the blob can be had from
    /// the same host anyway, so there is no need to wait for another repository of it.
    pub(super) fn turn(
        self: &Arc<Self>,
        digest: &Digest,
        repository: &Repository,
        source_is_near: bool,
    ) -> Turn {
        let alone = source_is_near || self.refused_mount(repository);
        let mut blobs = lock(&self.blobs);
        let host = blobs.entry(*digest).or_default().at(repository);
        match host.repositories.get(repository) {
            Some(State::There) => return Turn::There,
            Some(State::Arriving) => return Turn::Wait(host.wait()),
            None => {}
        }
        let home = host.home.clone();
        if home.is_none() && !alone && !host.repositories.is_empty() {
            return Turn::Wait(host.wait());
        }
        host.repositories
            .insert(repository.clone(), State::Arriving);
        Turn::Ours(Claim {
            deliveries: Arc::clone(self),
            digest: *digest,
            repository: repository.clone(),
            home,
            arrived: false,
        })
    }

    fn end(&self, digest: &Digest, repository: &Repository, arrived: bool) {
        let mut blobs = lock(&self.blobs);
        let Some(delivery) = blobs.get_mut(digest) else {
            return;
        };
        let host = delivery.at(repository);
        if arrived {
            host.repositories.insert(repository.clone(), State::There);
            host.home.get_or_insert_with(|| repository.clone());
        } else {
            host.repositories.remove(repository);
        }
        for waiting in host.waiting.drain(..) {
            // The copy that waited may have been dropped.
            let _gone = waiting.send(());
        }
    }

    /// Whether this run saw to it that the blob is there.
    pub(super) fn is_there(&self, digest: &Digest, repository: &Repository) -> bool {
        let blobs = lock(&self.blobs);
        let delivery = blobs.get(digest);
        delivery.and_then(|it| it.state(repository)) == Some(State::There)
    }

    /// Whether to ask this host to mount a blob from the very repository it is to be in.
    pub(super) fn may_self_mount(&self, repository: &Repository) -> bool {
        !self.mounts(repository).no_self_mount
    }

    /// The host answered an error to such a mount.
    pub(super) fn refuses_self_mount(&self, repository: &Repository) {
        lock(&self.hosts)
            .entry(repository.host())
            .or_default()
            .no_self_mount = true;
    }

    /// The host did not mount what another repository of it held: don't wait for that again.
    pub(super) fn refuses_mount(&self, repository: &Repository) {
        lock(&self.hosts)
            .entry(repository.host())
            .or_default()
            .no_mount = true;
    }

    /// Whether it didn't.
    pub(super) fn refused_mount(&self, repository: &Repository) -> bool {
        self.mounts(repository).no_mount
    }

    fn mounts(&self, repository: &Repository) -> HostMounts {
        lock(&self.hosts)
            .get(&repository.host())
            .copied()
            .unwrap_or_default()
    }

    /// Whether this run put a manifest into a repository already.
    pub(super) fn has_manifest(&self, repository: &Repository, digest: &Digest) -> bool {
        lock(&self.manifests)
            .get(repository)
            .is_some_and(|known| known.contains(digest))
    }

    /// This run put a manifest into a repository.
    pub(super) fn manifest_arrived(&self, repository: &Repository, digest: Digest) {
        lock(&self.manifests)
            .entry(repository.clone())
            .or_default()
            .insert(digest);
    }
}

impl Delivery {
    fn at(&mut self, repository: &Repository) -> &mut AtHost {
        self.0.entry(repository.host_str().to_owned()).or_default()
    }

    fn state(&self, repository: &Repository) -> Option<State> {
        let host = self.0.get(repository.host_str())?;
        host.repositories.get(repository).copied()
    }
}

impl AtHost {
    fn wait(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push(sender);
        receiver
    }
}

/// The maps are whole after each statement, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
