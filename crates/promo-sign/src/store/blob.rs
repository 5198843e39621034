//! Blobs of evidence: read whole under a cap, and sent whole.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use promo_core::oci::{Descriptor, Repository};
use promo_core::ports::{EvidenceBlob, Failure, Repetition};

use super::OciEvidenceStore;
use crate::Error;
use crate::limits::MAX_BLOB;
use crate::manifest::EMPTY_CONFIG;

/// Why a blob was not read, as a reason to pass its evidence over.
pub(super) const TOO_LARGE: &str = "a blob of it is larger than 16 MiB";
pub(super) const MISSING: &str = "a blob of it is missing";

impl OciEvidenceStore {
    /// Reads a blob, or says why its evidence is to be passed over.
    pub(super) async fn read_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Result<EvidenceBlob, &'static str>, Failure> {
        let blob = |bytes| EvidenceBlob {
            descriptor: descriptor.clone(),
            bytes,
        };
        if is_empty_config(descriptor) {
            return Ok(Ok(blob(Bytes::from_static(EMPTY_CONFIG))));
        }
        if descriptor.size > MAX_BLOB {
            return Ok(Err(TOO_LARGE));
        }
        let Some(mut stream) = self.registry.get_blob(repository, descriptor).await? else {
            return Ok(Err(MISSING));
        };
        let size = usize::try_from(descriptor.size).unwrap_or_default();
        let mut bytes = BytesMut::with_capacity(size);
        while let Some(part) = stream.next().await {
            bytes.extend_from_slice(&part?);
            if bytes.len() as u64 > descriptor.size {
                return Ok(Err("a blob of it is longer than its manifest says"));
            }
        }
        let bytes = bytes.freeze();
        if bytes.len() as u64 != descriptor.size || !descriptor.digest.matches(&bytes) {
            return Ok(Err(
                "a blob of it does not have the digest or size that its manifest says",
            ));
        }
        Ok(Ok(blob(bytes)))
    }

    /// Sends a blob without asking first: what is new is not there.
    pub(super) async fn write_blob(
        &self,
        repository: &Repository,
        blob: &EvidenceBlob,
    ) -> Result<(), Failure> {
        check(blob)?;
        let mut repetition = Repetition::default();
        loop {
            match self.send_blob(repository, blob).await {
                // A new session may succeed where an upload broke or came at a bad time: registries don't repeat it, since
                // its bytes went away with it.
                Err(failure) if repetition.again(&failure, self.sleep.as_deref()).await => {}
                ended => return ended,
            }
        }
    }

    async fn send_blob(&self, repository: &Repository, blob: &EvidenceBlob) -> Result<(), Failure> {
        let bytes = blob.bytes.clone();
        self.registry
            .put_whole_blob(repository, &blob.descriptor, bytes)
            .await
    }
}

/// Whether it is the empty JSON object, whose bytes need not be fetched.
pub(super) fn is_empty_config(descriptor: &Descriptor) -> bool {
    descriptor.size == EMPTY_CONFIG.len() as u64 && descriptor.digest.matches(EMPTY_CONFIG)
}

/// Whether the bytes of a blob are those of its descriptor.
pub(super) fn check(blob: &EvidenceBlob) -> Result<(), Error> {
    let fits = blob.descriptor.size == blob.bytes.len() as u64
        && blob.descriptor.digest.matches(&blob.bytes);
    fits.then_some(()).ok_or(Error::Inconsistent {
        reason: "a blob does not have the digest or size of its descriptor",
    })
}
