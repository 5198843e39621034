//! Brings the blobs of one image to its destinations, each at its own pace, and then the manifests below the image's
//! own.
//!
//! For each blob and destination one request comes first, and often it is the only one: a mount. It
//! is asked for from the source repository if that is on the same host, else from a
//! repository of the host to which this run brought the blob, else from the destination itself: a registry
//! that has the blob answers that it is there, one that hasn't opens the upload that is needed then. So no
//! HEAD is ever sent, and what a half-finished run left is found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{
    CopyRequest, Event, Failure, FailureKind, Mount, Operation, UploadSession,
};
use tokio::time::Instant;

use super::RegistryCopier;
use super::deliveries::{Claim, Turn};
use super::destinations::{Destination, Way};
use super::error::CopyError;
use super::graph::ImageGraph;
use super::transfer::{Begun, Ending, Wish};
use super::tries::Tries;

/// One image on its way: what all its deliveries have in common.
#[derive(Debug)]
pub(super) struct ImageCopy<'a> {
    copier: &'a RegistryCopier,
    request: &'a CopyRequest,
    graph: &'a ImageGraph,
    /// How many hosts get the same content, by this call and by others.
    hosts: usize,
    /// Why the source can't be read any further.
    broken: Mutex<Option<Failure>>,
    /// Blobs that the source doesn't hold, but that can be had elsewhere.
    elsewhere: Mutex<BTreeMap<Digest, Descriptor>>,
}

/// The beginning of a delivery.
enum Opened {
    Mounted,
    Upload(UploadSession),
}

/// How one attempt to deliver a blob ended.
enum Attempted {
    /// The blob is there.
    Arrived(Way),
    /// It stays where it is.
    Elsewhere,
    /// Others were held up: it gets the bytes alone.
    LeftBehind,
    /// Something failed at the destination.
    Failed(Failure),
    /// Something failed at the source.
    SourceFailed(Failure),
}

impl<'a> ImageCopy<'a> {
    /// A copy that has not begun.
    pub(super) fn new(
        copier: &'a RegistryCopier,
        request: &'a CopyRequest,
        graph: &'a ImageGraph,
    ) -> Self {
        let all = request.destinations.iter().chain(&request.partners);
        let hosts: BTreeSet<&str> = all.map(Repository::host_str).collect();
        Self {
            copier,
            request,
            graph,
            hosts: hosts.len(),
            broken: Mutex::default(),
            elsewhere: Mutex::default(),
        }
    }

    /// Brings everything to all destinations. What goes wrong at a destination is recorded there; an error
    /// is the source's. Returns the blobs that the source doesn't hold, but that can be had elsewhere.
    pub(super) async fn run(
        self,
        destinations: &[&Destination],
    ) -> Result<Vec<Descriptor>, Failure> {
        let bringing = destinations
            .iter()
            .map(|destination| self.bring_all(destination));
        join_all(bringing).await;
        let broken = self.broken.into_inner();
        if let Some(failure) = broken.unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let elsewhere = self.elsewhere.into_inner();
        let elsewhere = elsewhere.unwrap_or_else(PoisonError::into_inner);
        Ok(elsewhere.into_values().collect())
    }

    /// Brings all blobs to one destination, then the manifests that refer to them.
    async fn bring_all(&self, destination: &Destination) {
        let at_once = self.copier.settings.blobs.max(1);
        let blobs = self.graph.blobs.iter();
        let bringing: Vec<_> = blobs.map(|blob| self.bring(blob, destination)).collect();
        stream::iter(bringing)
            .buffer_unordered(at_once)
            .collect::<()>()
            .await;
        if !self.is_broken() {
            self.copier
                .put_children(&self.graph.children, destination)
                .await;
        }
    }

    /// Brings one blob to a destination that is still going.
    async fn bring(&self, blob: &Descriptor, destination: &Destination) {
        let repository = destination.repository();
        let source = &self.request.source;
        let near = repository.host_str() == source.host_str();
        while destination.is_going() && !self.is_broken() {
            match self.copier.deliveries.turn(&blob.digest, repository, near) {
                Turn::There => {
                    destination.blob_arrived(Way::Mounted);
                    break;
                }
                Turn::Ours(claim) => {
                    self.deliver(blob, destination, claim).await;
                    break;
                }
                // A signal whose sender was dropped is one, too.
                Turn::Wait(signal) => drop(signal.await),
            }
        }
        self.copier.transfers.pass(source, &blob.digest, repository);
    }

    /// Brings a blob that nobody else brings; what fails in passing is tried again.
    async fn deliver(&self, blob: &Descriptor, destination: &Destination, claim: Claim) {
        let settings = &self.copier.settings;
        let mut tries = Tries::default();
        loop {
            match self.attempt(blob, &claim).await {
                Attempted::Arrived(way) => {
                    claim.arrived();
                    return destination.blob_arrived(way);
                }
                Attempted::Elsewhere => {
                    lock(&self.elsewhere).insert(blob.digest, blob.clone());
                    return;
                }
                Attempted::SourceFailed(failure) => {
                    lock(&self.broken).get_or_insert(failure);
                    return;
                }
                Attempted::Failed(failure) if !tries.allow_another(&failure, settings.attempts) => {
                    return destination.fail(failure);
                }
                Attempted::LeftBehind => {}
                Attempted::Failed(_) => self.pause(claim.repository(), &tries).await,
            }
        }
    }

    /// Before a blob is sent again.
    async fn pause(&self, destination: &Repository, tries: &Tries) {
        let pause = tries.pause(self.copier.settings.pause);
        self.copier.observer.observe(&Event::Retry {
            host: destination.host_str().to_owned(),
            operation: Operation::BlobPut,
            attempt: tries.count(),
            pause,
        });
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, blob: &Descriptor, claim: &Claim) -> Attempted {
        let begun = Instant::now();
        match self.open(blob, claim).await {
            Ok(Opened::Mounted) => Attempted::Arrived(Way::Mounted),
            Ok(Opened::Upload(session)) => {
                let opened_in = begun.elapsed();
                self.send(blob, claim.repository(), session, opened_in)
                    .await
            }
            Err(failure) => Attempted::Failed(failure),
        }
    }

    /// The one request that comes first.
    async fn open(&self, blob: &Descriptor, claim: &Claim) -> Result<Opened, Failure> {
        let source = &self.request.source;
        let destination = claim.repository();
        let near = source.host_str() == destination.host_str();
        let from = if near { Some(source) } else { claim.home() };
        if from.is_none() && !self.copier.deliveries.may_self_mount(destination) {
            return self.start(destination).await;
        }
        let registry = &self.copier.registry;
        let asked = from.unwrap_or(destination);
        let mount = registry.mount_blob(destination, &blob.digest, asked).await;
        if from.is_some() && !matches!(mount, Ok(Mount::Mounted)) {
            self.copier.deliveries.refuses_mount(destination);
        }
        match mount {
            Ok(Mount::Mounted) => Ok(Opened::Mounted),
            Ok(Mount::Refused(Some(session))) => Ok(Opened::Upload(session)),
            Err(failure) if !is_answer(&failure) => Err(failure),
            refused => {
                // A refusal without a session was an error and no 202, unless this implementation never passes
                // sessions on.
                let is_error = refused.is_err() || registry.capabilities().mount_session;
                if from.is_none() && is_error {
                    self.copier.deliveries.refuses_self_mount(destination);
                }
                self.start(destination).await
            }
        }
    }

    async fn start(&self, destination: &Repository) -> Result<Opened, Failure> {
        let session = self.copier.registry.start_upload(destination).await?;
        Ok(Opened::Upload(session))
    }

    /// Sends the bytes, which are read together with whoever wants them at the same time.
    async fn send(
        &self,
        blob: &Descriptor,
        destination: &Repository,
        session: UploadSession,
        opened_in: Duration,
    ) -> Attempted {
        let registry = &self.copier.registry;
        let content = (&self.request.source, &blob.digest);
        let upload = self
            .copier
            .transfers
            .upload(content, destination, self.hosts);
        let _upload = upload.await;
        let reader = self.copier.transfers.join(&Wish {
            source: &self.request.source,
            blob,
            destination,
            among: self.hosts,
            opened_in,
            expected: self.expected(blob, destination),
        });
        let refused = match reader.begun().await {
            Begun::Coming => {
                let (body, watch) = reader.into_body(destination, blob.digest);
                let put = registry.put_blob(destination, blob, session, body).await;
                return match watch.source_failure() {
                    Some(failure) => Attempted::SourceFailed(failure),
                    None => sent(blob, destination, put, watch.ending()),
                };
            }
            Begun::Missing if !blob.urls.is_empty() => Attempted::Elsewhere,
            Begun::Missing => Attempted::SourceFailed(
                CopyError::BlobMissing {
                    repository: self.request.source.clone(),
                    digest: blob.digest,
                }
                .into(),
            ),
            Begun::Failed(failure) => Attempted::SourceFailed(failure),
        };
        // It will get no bytes. Where that fails the registry forgets it by itself in time.
        let _outcome = registry.cancel_upload(destination, session).await;
        refused
    }

    /// Who is about to want the bytes of a blob, too: here, and by the calls of others. Of a host that mounts, one
    /// repository wants them, and the others wait for that.
    fn expected(&self, blob: &Descriptor, destination: &Repository) -> BTreeSet<Repository> {
        let deliveries = &self.copier.deliveries;
        let mut mounting = BTreeSet::from([destination.host_str()]);
        let all = self.request.destinations.iter();
        all.chain(&self.request.partners)
            .filter(|&repository| repository != destination && *repository != self.request.source)
            .filter(|repository| !deliveries.is_there(&blob.digest, repository))
            .filter(|repository| {
                deliveries.refused_mount(repository) || mounting.insert(repository.host_str())
            })
            .cloned()
            .collect()
    }

    fn is_broken(&self) -> bool {
        lock(&self.broken).is_some()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of an upload whose source did not fail.
fn sent(
    blob: &Descriptor,
    destination: &Repository,
    put: Result<(), Failure>,
    ending: Option<Ending>,
) -> Attempted {
    match (put, ending) {
        (Ok(()), Some(Ending::Whole)) => Attempted::Arrived(Way::Uploaded(blob.size)),
        (Ok(()), None) if blob.size == 0 => Attempted::Arrived(Way::Uploaded(0)),
        (_, Some(Ending::LeftBehind)) => Attempted::LeftBehind,
        (Err(failure), _) => Attempted::Failed(failure),
        (Ok(()), None) => Attempted::Failed(
            CopyError::Premature {
                repository: destination.clone(),
                digest: blob.digest,
            }
            .into(),
        ),
    }
}

/// Whether the registry answered that it doesn't want to mount, so that an upload may still be welcome.
fn is_answer(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Refused
            | FailureKind::NotFound
            | FailureKind::Forbidden
            | FailureKind::Unauthenticated
            | FailureKind::Malformed
            | FailureKind::Unsupported
    )
}
