//! [`WorldRegistry`]: the `Registry` port over a world, as one process holds it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, ManifestReference, RawManifest, Repository};
use promo_core::ports::{
    BlobStream, BulkList, Capabilities, Failure, ManifestHead, Mount, PutManifest, ReferrerList,
    Registry, SubjectHandling, TagPage, UploadSession,
};
use tokio::time::sleep;

use super::fallback_tag::FallbackTags;
use super::host::Host;
use super::line::{Arrived, Line, Sent};
use super::witness::Asked;
use super::{World, failures};

/// Blobs come in pieces of this size.
const PIECE: usize = 1024;

/// A registry client in a world.
#[derive(Debug)]
pub struct WorldRegistry {
    world: World,
    /// None: it sees all at once.
    line: Option<Line>,
    pub(super) fallback_tags: FallbackTags,
}

impl WorldRegistry {
    pub(super) fn on_the_line(world: World) -> Self {
        Self {
            world,
            line: Some(Line::default()),
            fallback_tags: FallbackTags::default(),
        }
    }

    pub(super) fn direct(world: World) -> Self {
        Self {
            line: None,
            ..Self::on_the_line(world)
        }
    }

    /// Ends the process in the middle of what it does: nothing of it is answered any more, and it sends nothing. What is
    /// still waiting for it waits for ever.
    pub fn kill(&self) {
        if let Some(line) = &self.line {
            line.kill();
        }
    }

    fn host(&self, repository: &Repository) -> Result<Arc<Host>, Failure> {
        let host = self.world.host(repository.host_str());
        host.ok_or_else(|| failures::unreachable(repository.host_str()))
    }

    async fn send<T>(
        &self,
        host: &Host,
        sent: Sent,
        mut serve: impl FnMut(bool) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match &self.line {
            Some(line) => line.send(&self.world, host, sent, serve).await,
            None => serve(false),
        }
    }

    /// Who sees all at once asks nobody.
    fn asked(&self, repository: &Repository, about: &str, referrers: bool) {
        if self.line.is_some() {
            self.world.witness().asked(&Asked {
                host: repository.host_str(),
                repository: repository.name(),
                about,
                referrers,
            });
        }
    }

    /// Puts a manifest and nothing else.
    pub(super) async fn put_alone(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<SubjectHandling, Failure> {
        let host = self.host(repository)?;
        let sent = match reference {
            ManifestReference::Digest(_) => Sent::WRITE,
            ManifestReference::Tag(_) => Sent::WRITE.once(),
        };
        self.send(&host, sent.with_body(manifest.bytes().len() as u64), |_| {
            host.put(&self.world, repository.name(), reference, manifest)
        })
        .await
    }

    /// Reads a body to its end, or to its middle.
    async fn receive(
        &self,
        host: &Host,
        blob: &Descriptor,
        mut body: BlobStream,
        breaks: bool,
    ) -> Result<Bytes, Failure> {
        let mut received = BytesMut::new();
        while let Some(piece) = body.next().await {
            let piece = piece?;
            if self.line.is_some() {
                sleep(host.settings.travel(piece.len() as u64)).await;
            }
            received.extend_from_slice(&piece);
            if breaks && received.len() as u64 * 2 >= blob.size {
                return Err(failures::reset(host.name()));
            }
        }
        Ok(received.freeze())
    }
}

#[async_trait]
impl Registry for WorldRegistry {
    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn head_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::READ, |_| {
            self.asked(repository, &reference.to_string(), false);
            host.head(repository.name(), reference)
        })
        .await
    }

    async fn get_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::READ, |_| {
            self.asked(repository, &reference.to_string(), false);
            host.get(repository.name(), reference)
        })
        .await
    }

    async fn put_manifest(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<PutManifest, Failure> {
        let subject = self.put_alone(repository, reference, manifest).await?;
        if subject == SubjectHandling::FallbackTag {
            self.update_fallback_tag(repository, manifest).await?;
        }
        Ok(PutManifest {
            digest_confirmed: true,
            subject,
        })
    }

    async fn blob_size(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::READ, |_| {
            let blob = host.blob(repository.name(), digest);
            Ok(blob.map(|bytes| bytes.len() as u64))
        })
        .await
    }

    async fn get_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Failure> {
        let host = self.host(repository)?;
        let found = self
            .send(&host, Sent::READ, |breaks| {
                let found = host.blob(repository.name(), &blob.digest);
                Ok(found.map(|bytes| (bytes, breaks)))
            })
            .await?;
        Ok(found.map(|(bytes, breaks)| {
            let pieces = pieces(&host, blob, &bytes, breaks);
            if self.line.is_none() {
                return stream::iter(pieces).boxed();
            }
            let travelling = stream::iter(pieces).then(move |piece| {
                let host = Arc::clone(&host);
                async move {
                    let bytes = piece.as_ref().map_or(0, Bytes::len);
                    sleep(host.settings.travel(bytes as u64)).await;
                    piece
                }
            });
            travelling.boxed()
        }))
    }

    async fn start_upload(&self, repository: &Repository) -> Result<UploadSession, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::WRITE, |_| Ok(session(&host, repository)))
            .await
    }

    async fn put_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        opened: UploadSession,
        body: BlobStream,
    ) -> Result<(), Failure> {
        let host = self.host(repository)?;
        let arrived = match &self.line {
            Some(line) => line.go(&self.world, &host, Sent::WRITE).await?,
            None => Arrived::Served,
        };
        // One that broke off can't be gone on with: the next try opens another.
        let closed = host.close_upload(repository.name(), number(&opened));
        let breaks = matches!(arrived, Arrived::BreaksBody);
        let answer = match closed {
            Ok(()) => {
                let received = self.receive(&host, blob, body, breaks).await;
                received.and_then(|bytes| host.keep(&self.world, repository.name(), blob, bytes))
            }
            refused => refused,
        };
        if let Some(line) = &self.line {
            line.come_back(&host, arrived).await?;
        }
        answer
    }

    async fn cancel_upload(
        &self,
        repository: &Repository,
        opened: UploadSession,
    ) -> Result<(), Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::WRITE, |_| {
            // Gone is gone, whoever closed it.
            let _was_open = host.close_upload(repository.name(), number(&opened));
            Ok(())
        })
        .await
    }

    async fn mount_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: &Repository,
    ) -> Result<Mount, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::WRITE, |_| {
            let mounted = host.mount(&self.world, repository.name(), digest, from.name());
            Ok(if mounted {
                Mount::Mounted
            } else {
                Mount::Refused(Some(session(&host, repository)))
            })
        })
        .await
    }

    async fn tags(
        &self,
        repository: &Repository,
        _next: Option<&str>,
    ) -> Result<Option<TagPage>, Failure> {
        let host = self.host(repository)?;
        let tags = self
            .send(&host, Sent::READ, |_| Ok(host.tags(repository.name())))
            .await?;
        Ok(tags.map(|tags| TagPage { tags, next: None }))
    }

    async fn bulk_list(&self, repository: &Repository) -> Result<BulkList, Failure> {
        let host = self.host(repository)?;
        self.send(&host, Sent::READ, |_| host.bulk_list(repository))
            .await
    }

    async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<ReferrerList, Failure> {
        let host = self.host(repository)?;
        let listed = self
            .send(&host, Sent::READ, |_| {
                self.asked(repository, &digest.to_string(), true);
                host.referrers(repository.name(), digest)
            })
            .await?;
        let fallback = listed.is_none();
        let descriptors = match listed {
            Some(descriptors) => descriptors,
            None => self.read_fallback_tag(repository, digest).await?,
        };
        Ok(ReferrerList {
            descriptors,
            fallback,
            untold: false,
        })
    }
}

fn session(host: &Host, repository: &Repository) -> UploadSession {
    let number = host.open_upload(repository.name());
    UploadSession::new(format!("https://{}/uploads/{number}", host.name()))
}

/// The number in the location of an upload; that of none, if it isn't one of ours.
fn number(session: &UploadSession) -> u64 {
    let number = session.location().rsplit('/').next();
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A blob as it arrives: whole, to its middle, or with an error at its end because it isn't what was asked for.
fn pieces(
    host: &Host,
    blob: &Descriptor,
    bytes: &Bytes,
    breaks: bool,
) -> Vec<Result<Bytes, Failure>> {
    let is_right = bytes.len() as u64 == blob.size && blob.digest.matches(bytes);
    let whole = if breaks { bytes.len() / 2 } else { bytes.len() };
    let mut pieces: Vec<_> = bytes
        .slice(..whole)
        .chunks(PIECE)
        .map(|piece| Ok(bytes.slice_ref(piece)))
        .collect();
    if breaks {
        pieces.push(Err(failures::reset(host.name())));
    } else if !is_right {
        pieces.push(Err(failures::mismatch("the blob has other bytes")));
    }
    pieces
}
