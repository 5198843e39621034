//! Small blobs with the POST that would open an upload: one request instead of two, where a registry takes that. What
//! it answers is learned for its host; how an upload goes, and what is no small blob, stands in `uploads`.

use ::http::header::CONTENT_TYPE;
use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{Event, Operation, UploadSession};

use super::WireRegistry;
use super::paths::to_push;
use super::uploads::confirm;
use crate::Error;
use crate::dialect::answers::answers_no_single_post;
use crate::http::Body;

/// The largest blob that is sent so: a registry that doesn't take it gets the bytes twice.
const SMALL: usize = 16 * 1024;

/// What became of a blob that was sent with the POST.
enum Posted {
    Stored,
    /// The registry opened an upload and left the bytes.
    Session(UploadSession),
    /// It refused that, or broke on it.
    NotTaken,
}

impl WireRegistry {
    pub(super) async fn send_whole_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let host = repository.host();
        let is_posted = bytes.len() <= SMALL && self.learned.takes_single_posts(&host);
        if is_posted {
            match self.post_blob(repository, blob, bytes.clone()).await? {
                Posted::Stored => return Ok(()),
                Posted::Session(session) => {
                    self.learned.refuses_single_posts(&host);
                    let filled = self.fill(repository, blob, &session, bytes.clone()).await;
                    // A registry may have begun the upload with the bytes of the POST.
                    if !matches!(filled, Err(Error::Refused { .. })) {
                        return filled;
                    }
                }
                Posted::NotTaken => {}
            }
        }
        let session = self.open_upload(repository).await?;
        let filled = self.fill(repository, blob, &session, bytes.clone()).await;
        if matches!(filled, Err(Error::Refused { status: 413, .. })) {
            // From here on it is known what the host takes.
            let session = self.open_upload(repository).await?;
            self.fill(repository, blob, &session, bytes).await?;
        } else {
            filled?;
        }
        if is_posted {
            // The upload did what the POST didn't.
            self.learned.refuses_single_posts(&host);
        }
        Ok(())
    }

    async fn fill(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        session: &UploadSession,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let body = stream::once(std::future::ready(Ok(bytes))).boxed();
        self.send_blob(repository, blob, session, body).await
    }

    async fn post_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<Posted, Error> {
        let what = format!("the blob {repository}@{}", blob.digest);
        let sent = bytes.len() as u64;
        if sent != blob.size {
            return Err(Error::SizeMismatch {
                what,
                expected: blob.size,
                found: sent,
            });
        }
        let mut request = self.request(
            Operation::BlobPut,
            Method::POST,
            repository,
            "blobs/uploads/",
            what,
        )?;
        request
            .url
            .query_pairs_mut()
            .append_pair("digest", &blob.digest.to_string());
        let request = request
            .with_header(CONTENT_TYPE, "application/octet-stream")
            .with_body(Body::Bytes(bytes))
            .unless_broken();
        let answer = match self.exchange.send(&to_push(repository), request).await {
            // The upload will tell whether anything is wrong with the host.
            Err(
                Error::Connection { .. } | Error::Deadline { .. } | Error::ForeignLocation { .. },
            ) => return Ok(Posted::NotTaken),
            answer => answer?,
        };
        match answer.status() {
            StatusCode::CREATED => {
                confirm(&answer, &blob.digest)?;
                let host = repository.host_str().to_owned();
                let observer = &self.exchange.sender.hosts.observer;
                observer.observe(&Event::BytesSent { host, bytes: sent });
                Ok(Posted::Stored)
            }
            StatusCode::ACCEPTED => Ok(self
                .session_of(repository, &answer)
                .map_or(Posted::NotTaken, Posted::Session)),
            status if answers_no_single_post(status) => Ok(Posted::NotTaken),
            _ => Err(self.exchange.refusal(answer).await),
        }
    }
}
