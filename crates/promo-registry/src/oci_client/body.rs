//! The bytes of blobs on their way through `oci_client`.

use std::io;
use std::time::Duration;

use ::oci_client::errors::OciDistributionError;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use promo_core::oci::Repository;
use promo_core::ports::{BlobStream, Failure};

use super::failure::{altered, io as io_failure, late};

/// A client that doesn't push in one piece sends a request for each item of the stream, so small items are
/// collected up to this size.
const CHUNK: usize = 4 << 20;

/// What arrives, with the length checked as well; the digest is checked by `oci_client`.
pub(super) fn arriving(
    bytes: BoxStream<'static, io::Result<Bytes>>,
    repository: Repository,
    size: u64,
    idle: Duration,
) -> BlobStream {
    let start = Some((bytes, repository, size));
    Box::pin(stream::unfold(start, move |state| async move {
        let (mut bytes, repository, left) = state?;
        let Ok(next) = tokio::time::timeout(idle, bytes.next()).await else {
            return Some((Err(late(&repository, idle)), None));
        };
        match next {
            None if left == 0 => None,
            None => Some((Err(wrong_length(&repository)), None)),
            Some(Err(error)) => Some((Err(io_failure(error, &repository)), None)),
            Some(Ok(piece)) => match left.checked_sub(piece.len() as u64) {
                Some(left) => Some((Ok(piece), Some((bytes, repository, left)))),
                None => Some((Err(wrong_length(&repository)), None)),
            },
        }
    }))
}

fn wrong_length(repository: &Repository) -> Failure {
    altered(
        repository,
        "the blob doesn't have the size of its descriptor",
    )
}

/// What is sent, in pieces of some size. A failure ends it with an error, never as if it were whole.
pub(super) fn leaving(
    body: BlobStream,
) -> impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static {
    stream::unfold(Some(body), |state| async move {
        let mut body = state?;
        let mut chunk = BytesMut::new();
        while chunk.len() < CHUNK {
            match body.next().await {
                Some(Ok(piece)) => chunk.extend_from_slice(&piece),
                Some(Err(failure)) => {
                    let error = OciDistributionError::IoError(io::Error::other(failure));
                    return Some((Err(error), None));
                }
                None if chunk.is_empty() => return None,
                None => return Some((Ok(chunk.freeze()), None)),
            }
        }
        Some((Ok(chunk.freeze()), Some(body)))
    })
}
