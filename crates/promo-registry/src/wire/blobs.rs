//! Blobs as they are read: their size, and their bytes, hashed and counted on the way.

use std::sync::Arc;

use ::http::Method;
use ::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use promo_core::oci::{Descriptor, Digest, Repository};
use promo_core::ports::{BlobStream, Failure, Operation};

use super::WireRegistry;
use super::download::Download;
use super::manifests::{named_digest, refuse_html};
use super::paths::to_pull;
use crate::Error;
use crate::dialect::answers::refuses_head;
use crate::held_back::{HeldBack, Wrong};

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

/// The pieces of a blob, up to the first thing that is wrong with it. The last one only comes when the digest is right:
/// whoever passes the pieces on never passes on a whole wrong blob.
fn checked(
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    what: String,
    blob: &Descriptor,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send + 'static {
    let arriving = Arriving {
        pieces: Box::pin(pieces),
        held: HeldBack::by_digest(blob),
        what,
        expected: blob.digest,
        size: blob.size,
    };
    stream::unfold(Some(arriving), |arriving| async move {
        let mut arriving = arriving?;
        match arriving.next().await {
            Ok(Next::Piece(piece)) => Some((Ok(piece), Some(arriving))),
            Ok(Next::Last(piece)) => piece.map(|piece| (Ok(piece), None)),
            Err(error) => Some((Err(error.into()), None)),
        }
    })
}

/// A blob on its way in.
struct Arriving<S> {
    pieces: S,
    held: HeldBack,
    what: String,
    expected: Digest,
    size: u64,
}

/// What goes out next.
enum Next {
    /// A piece, and more will come.
    Piece(Bytes),
    /// The last one, if there is any.
    Last(Option<Bytes>),
}

impl<S: Stream<Item = Result<Bytes, Error>> + Unpin> Arriving<S> {
    async fn next(&mut self) -> Result<Next, Error> {
        while let Some(piece) = self.pieces.next().await {
            let before = self.held.follow(piece?);
            if let Some(piece) = before.map_err(|wrong| self.error(wrong))? {
                return Ok(Next::Piece(piece));
            }
        }
        let last = self.held.end();
        last.map(Next::Last).map_err(|wrong| self.error(wrong))
    }

    fn error(&self, wrong: Wrong) -> Error {
        let what = self.what.clone();
        match wrong {
            Wrong::Size(found) => Error::SizeMismatch {
                what,
                expected: self.size,
                found,
            },
            Wrong::Digest(found) => Error::DigestMismatch {
                what,
                expected: self.expected,
                found,
            },
        }
    }
}
