//! Blobs as they are read: their size, and their bytes, hashed and counted on the way.

use std::sync::Arc;

use ::http::Method;
use ::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use promo_core::oci::{Descriptor, Digest, Digester, Repository};
use promo_core::ports::{BlobStream, Failure, Operation};

use super::WireRegistry;
use super::download::Download;
use super::manifests::{named_digest, refuse_html};
use super::paths::to_pull;
use crate::Error;
use crate::dialect::answers::refuses_head;

impl WireRegistry {
    pub(super) async fn size_of_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<u64>, Error> {
        let request = |operation, method| {
            let what = format!("the blob {repository}@{digest}");
            self.request(
                operation,
                method,
                repository,
                &format!("blobs/{digest}"),
                what,
            )
        };
        let access = to_pull(repository);
        let head = request(Operation::BlobHead, Method::HEAD)?;
        let mut answer = self.exchange.send(&access, head).await?;
        if refuses_head(answer.status()) {
            // The beginning of a GET tells the size as well; its body isn't read.
            let get = request(Operation::BlobGet, Method::GET)?;
            answer = self.exchange.send(&access, get).await?;
        }
        let Some(answer) = self.found_in(answer).await? else {
            return Ok(None);
        };
        if let Some(found) = named_digest(&answer)?
            && found.algorithm() == digest.algorithm()
            && found != *digest
        {
            return Err(Error::DigestMismatch {
                what: answer.what,
                expected: *digest,
                found,
            });
        }
        let size = answer
            .header(CONTENT_LENGTH)
            .and_then(|length| length.parse().ok());
        size.map(Some)
            .ok_or_else(|| Error::malformed(&answer.host, &answer.what, "it has no Content-Length"))
    }

    pub(super) async fn open_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
    ) -> Result<Option<BlobStream>, Error> {
        let what = format!("the blob {repository}@{}", blob.digest);
        let resource = format!("blobs/{}", blob.digest);
        let request = self.request(
            Operation::BlobGet,
            Method::GET,
            repository,
            &resource,
            what.clone(),
        )?;
        let download = Download::new(Arc::clone(&self.exchange), repository, blob, &request);
        let Some(answer) = self.found(&to_pull(repository), request).await? else {
            return Ok(None);
        };
        let declared = answer
            .header(CONTENT_LENGTH)
            .and_then(|length| length.parse::<u64>().ok());
        if let Some(found) = declared
            && found != blob.size
        {
            refuse_html(&answer)?;
            return Err(Error::SizeMismatch {
                what,
                expected: blob.size,
                found,
            });
        }
        let pieces = download.begun_with(answer)?;
        Ok(Some(checked(pieces, what, blob).boxed()))
    }
}

/// What has been seen of a blob.
struct Seen<S> {
    pieces: S,
    what: String,
    expected: Digest,
    size: u64,
    received: u64,
    digester: Option<Digester>,
}

/// The pieces of a blob, up to the first thing that is wrong with it. The last piece is only given out when the
/// digest is right: whoever passes the pieces on never passes on a whole wrong blob.
fn checked(
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    what: String,
    blob: &Descriptor,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send + 'static {
    let seen = Seen {
        pieces: Box::pin(pieces),
        what,
        expected: blob.digest,
        size: blob.size,
        received: 0,
        digester: Some(Digester::new(blob.digest.algorithm())),
    };
    stream::unfold(Some(seen), |seen| async move {
        let mut seen = seen?;
        let piece = match seen.pieces.next().await {
            Some(Ok(piece)) => seen.take(piece).map(Some),
            Some(Err(error)) => Err(error),
            None => seen.end().map(|()| None),
        };
        match piece {
            Ok(Some(piece)) => Some((Ok(piece), Some(seen))),
            Ok(None) => None,
            Err(error) => Some((Err(error.into()), None)),
        }
    })
}

impl<S> Seen<S> {
    fn take(&mut self, piece: Bytes) -> Result<Bytes, Error> {
        self.received = self.received.saturating_add(piece.len() as u64);
        if self.received > self.size {
            return Err(self.wrong_size());
        }
        if let Some(digester) = &mut self.digester {
            digester.update(&piece);
        }
        if self.received == self.size {
            self.check_digest()?;
        }
        Ok(piece)
    }

    fn end(&mut self) -> Result<(), Error> {
        if self.received < self.size {
            return Err(self.wrong_size());
        }
        self.check_digest()
    }

    /// Once: when all bytes have been seen.
    fn check_digest(&mut self) -> Result<(), Error> {
        let Some(digester) = self.digester.take() else {
            return Ok(());
        };
        let found = digester.finish();
        if found == self.expected {
            return Ok(());
        }
        Err(Error::DigestMismatch {
            what: self.what.clone(),
            expected: self.expected,
            found,
        })
    }

    fn wrong_size(&self) -> Error {
        Error::SizeMismatch {
            what: self.what.clone(),
            expected: self.size,
            found: self.received,
        }
    }
}
