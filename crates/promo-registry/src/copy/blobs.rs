//! Brings the blobs of one image to its destinations.
//!
//! For each blob and destination one request comes first, and often it is the only one: a mount. It
//! is asked for from the source repository if that is on the same host, else from a
//! repository of the host to which this run brought the blob, else from the destination itself: a registry
//! that has the blob answers that it is there, one that hasn't opens the upload that is needed then. So no
//! HEAD is ever sent, and what a half-finished run left is found.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, select_all};
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{Event, Failure, FailureKind, Mount, Operation, Registry, UploadSession};
use tokio::sync::oneshot;

use super::RegistryCopier;
use super::deliveries::{Claim, Turn};
use super::destinations::{Destination, Way};
use super::error::CopyError;
use super::fan_out::{Transfer, Upload};
use super::tries::Tries;

/// One image on its way: what all its blobs have in common.
#[derive(Debug)]
pub(super) struct BlobCopy<'a> {
    /// The copier, with its registry and what the run knows.
    pub(super) copier: &'a RegistryCopier,
    /// Where the blobs come from.
    pub(super) source: &'a Repository,
    /// Where they go.
    pub(super) destinations: &'a [&'a Destination],
    /// Blobs that the source doesn't hold, but that can be had elsewhere.
    elsewhere: Mutex<BTreeMap<Digest, Descriptor>>,
}

/// A destination whose turn it is.
struct Ours<'a> {
    destination: &'a Destination,
    claim: Claim,
    tries: Tries,
}

/// The beginning of a delivery.
enum Opened {
    Mounted,
    Upload(UploadSession),
}

impl<'a> BlobCopy<'a> {
    /// A copy that has not begun.
    pub(super) fn new(
        copier: &'a RegistryCopier,
        source: &'a Repository,
        destinations: &'a [&'a Destination],
    ) -> Self {
        Self {
            copier,
            source,
            destinations,
            elsewhere: Mutex::default(),
        }
    }

    /// Brings all blobs to all destinations. What goes wrong at a destination is recorded there; an error
    /// is the source's. Returns those that the source doesn't hold, but that can be had elsewhere.
    pub(super) async fn run(&self, blobs: &[Descriptor]) -> Result<Vec<Descriptor>, Failure> {
        let at_once = self.copier.settings.blobs.max(1);
        let bringing: Vec<_> = blobs.iter().map(|blob| self.bring(blob)).collect();
        let mut running = stream::iter(bringing).buffer_unordered(at_once);
        while let Some(done) = running.next().await {
            done?;
        }
        Ok(self.elsewhere().values().cloned().collect())
    }

    fn elsewhere(&self) -> MutexGuard<'_, BTreeMap<Digest, Descriptor>> {
        self.elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings one blob to all destinations that are still going.
    async fn bring(&self, blob: &Descriptor) -> Result<(), Failure> {
        let mut pending: Vec<&Destination> = self.destinations.to_vec();
        loop {
            pending.retain(|destination| destination.is_going());
            let (ours, waiting) = self.turns(blob, &mut pending);
            if !ours.is_empty() {
                self.deliver(blob, ours).await?;
            } else if waiting.is_empty() {
                return Ok(());
            } else {
                // Each of them may end the wait; one whose sender was dropped does, too.
                let _first = select_all(waiting).await;
            }
        }
    }

    /// Sorts destinations into those whose turn it is and those to ask again; who has the blob
    /// already is done.
    fn turns<'d>(
        &self,
        blob: &Descriptor,
        pending: &mut Vec<&'d Destination>,
    ) -> (Vec<Ours<'d>>, Vec<oneshot::Receiver<()>>) {
        let mut ours = Vec::new();
        let mut waiting = Vec::new();
        pending.retain(|destination| {
            let repository = destination.repository();
            let near = repository.host_str() == self.source.host_str();
            match self.copier.deliveries.turn(&blob.digest, repository, near) {
                Turn::There => destination.blob_arrived(Way::Mounted),
                Turn::Ours(claim) => ours.push(Ours {
                    destination,
                    claim,
                    tries: Tries::default(),
                }),
                Turn::Wait(signal) => {
                    waiting.push(signal);
                    return true;
                }
            }
            false
        });
        (ours, waiting)
    }

    /// Brings one blob to destinations that wait for nobody: mounted, or sent to all that lack it at
    /// once; those that fail midway are tried again together, and the source is read again for them.
    async fn deliver(&self, blob: &Descriptor, mut ours: Vec<Ours<'_>>) -> Result<(), Failure> {
        while !ours.is_empty() {
            ours = self.attempt(blob, ours).await?;
            let base = self.copier.settings.pause;
            let pauses = ours.iter().map(|ours| ours.tries.pause(base));
            let pause = pauses.max().unwrap_or_default();
            for ours in &ours {
                self.copier.observer.observe(&Event::Retry {
                    host: ours.claim.repository().host_str().to_owned(),
                    operation: Operation::BlobPut,
                    attempt: ours.tries.count(),
                    pause,
                });
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(())
    }

    /// One attempt; returns those that are worth another.
    async fn attempt<'d>(
        &self,
        blob: &Descriptor,
        ours: Vec<Ours<'d>>,
    ) -> Result<Vec<Ours<'d>>, Failure> {
        let opened = join_all(ours.iter().map(|ours| self.open(blob, &ours.claim))).await;
        let mut sending = Vec::new();
        let mut uploads = Vec::new();
        for (ours, opened) in ours.into_iter().zip(opened) {
            match opened {
                Ok(Opened::Mounted) => {
                    ours.claim.arrived();
                    ours.destination.blob_arrived(Way::Mounted);
                }
                Ok(Opened::Upload(session)) => {
                    uploads.push(Upload {
                        repository: ours.claim.repository().clone(),
                        session,
                    });
                    sending.push(ours);
                }
                Err(failure) => ours.destination.fail(failure),
            }
        }
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        let Some(sent) = self.send(blob, uploads).await? else {
            self.elsewhere().insert(blob.digest, blob.clone());
            return Ok(Vec::new());
        };
        Ok(settle(blob, sending, sent, self.copier.settings.attempts))
    }

    /// The one request that comes first.
    async fn open(&self, blob: &Descriptor, claim: &Claim) -> Result<Opened, Failure> {
        let destination = claim.repository();
        let near = self.source.host_str() == destination.host_str();
        let from = if near {
            Some(self.source)
        } else {
            claim.home()
        };
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

    /// Reads the blob once and sends it into all uploads; none if the source doesn't hold a blob that can be had
    /// elsewhere.
    async fn send(
        &self,
        blob: &Descriptor,
        uploads: Vec<Upload>,
    ) -> Result<Option<Vec<Result<(), Failure>>>, Failure> {
        let registry: &dyn Registry = &*self.copier.registry;
        let bytes = match registry.get_blob(self.source, blob).await {
            Ok(Some(bytes)) => bytes,
            other => {
                self.give_up(uploads).await;
                other?;
                if !blob.urls.is_empty() {
                    return Ok(None);
                }
                return Err(CopyError::BlobMissing {
                    repository: self.source.clone(),
                    digest: blob.digest,
                }
                .into());
            }
        };
        let transfer = Transfer {
            registry,
            source: self.source,
            blob,
            stall: self.copier.settings.stall,
        };
        transfer.run(bytes, uploads).await.map(Some)
    }

    /// Cancels uploads that will get no bytes. Where that fails the registry forgets them by itself in time.
    async fn give_up(&self, uploads: Vec<Upload>) {
        let registry = &self.copier.registry;
        let cancelling = uploads.into_iter().map(|upload| async move {
            let Upload {
                repository,
                session,
            } = upload;
            registry.cancel_upload(&repository, session).await
        });
        let _outcomes = join_all(cancelling).await;
    }
}

/// Records what became of the uploads, and returns those that are worth another attempt.
fn settle<'d>(
    blob: &Descriptor,
    sending: Vec<Ours<'d>>,
    sent: Vec<Result<(), Failure>>,
    attempts: u32,
) -> Vec<Ours<'d>> {
    let mut again = Vec::new();
    for (mut ours, sent) in sending.into_iter().zip(sent) {
        match sent {
            Ok(()) => {
                ours.claim.arrived();
                ours.destination.blob_arrived(Way::Uploaded(blob.size));
            }
            Err(failure) if ours.tries.allow_another(&failure, attempts) => again.push(ours),
            Err(failure) => ours.destination.fail(failure),
        }
    }
    again
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
