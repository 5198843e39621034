//! The last piece of a blob, held back until the blob is known to be whole and right.
//!
//! Whoever passes bytes on while they arrive learns only at the end whether they were the right ones. A registry takes a
//! blob when it has all of its bytes, so a wrong one must never go out whole: each piece follows the one behind it, and the
//! last one goes out when the source has ended well, with the length of the descriptor and, where that isn't checked
//! elsewhere, its digest. Reading (`wire/blobs`), sending (`wire/uploads`) and fanning out (`copy/fan_out`) all do it by
//! this.

use bytes::Bytes;
use promo_core::oci::{Descriptor, Digest, Digester};

/// What has come of a blob, and the piece that isn't given out yet.
pub(crate) struct HeldBack {
    size: u64,
    received: u64,
    held: Option<Bytes>,
    digest: Option<(Digest, Digester)>,
}

/// What is wrong with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is longer than its descriptor says, or ended before that. So many bytes came.
    Size(u64),
    /// Its bytes have this digest.
    Digest(Digest),
}

impl HeldBack {
    /// For bytes whose digest is checked by whoever gives them: only their number counts.
    pub(crate) fn by_size(blob: &Descriptor) -> Self {
        Self {
            size: blob.size,
            received: 0,
            held: None,
            digest: None,
        }
    }

    /// For bytes that nobody has checked.
    pub(crate) fn by_digest(blob: &Descriptor) -> Self {
        let digester = Digester::new(blob.digest.algorithm());
        Self {
            digest: Some((blob.digest, digester)),
            ..Self::by_size(blob)
        }
    }

    /// A piece came. Returns the one before it, which may go out now.
    pub(crate) fn follow(&mut self, piece: Bytes) -> Result<Option<Bytes>, Wrong> {
        // An empty piece shows nothing about what comes behind the one that is held.
        if piece.is_empty() {
            return Ok(None);
        }
        self.received = self.received.saturating_add(piece.len() as u64);
        if self.received > self.size {
            return Err(Wrong::Size(self.received));
        }
        if let Some((_, digester)) = &mut self.digest {
            digester.update(&piece);
        }
        Ok(self.held.replace(piece))
    }

    /// The source ended, and not with an error. Returns the last piece; none of a blob without bytes.
    pub(crate) fn end(&mut self) -> Result<Option<Bytes>, Wrong> {
        if self.received < self.size {
            return Err(Wrong::Size(self.received));
        }
        if let Some((expected, digester)) = self.digest.take() {
            let found = digester.finish();
            if found != expected {
                return Err(Wrong::Digest(found));
            }
        }
        Ok(self.held.take())
    }
}

#[cfg(test)]
mod tests;
