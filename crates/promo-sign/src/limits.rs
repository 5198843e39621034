//! How much of evidence is read at the most. The reference lists these values.

pub use crate::json::{MAX_DOCUMENT, MAX_VALUES};
pub use crate::keyless::{MAX_STATEMENT_VALUES, MAX_TRUSTED_ROOT, MAX_WITNESSES};
pub use crate::seal::{MAX_IDENTITY_TOKEN, MAX_SIGNING_CONFIG};

const MEBI: u64 = 1024 * 1024;

/// The largest blob of evidence that is read.
pub const MAX_BLOB: u64 = 16 * MEBI;
/// The most referrers of one digest, and layers under one tag, that are read.
pub const MAX_PIECES: usize = 1000;
/// The most layers of one referrer: a bundle has one, and so have cosign's other referrers.
pub const MAX_LAYERS: usize = 16;
/// The most bytes that are read about one digest where it is everything or nothing.
pub const MAX_WHOLE: u64 = 64 * MEBI;
/// The same where reading ends at a bound and what was found is judged: in staging.
pub const MAX_BOUNDED: u64 = 32 * MEBI;
/// The most pieces of one list (the referrers, or the layers under one tag) that are listed and not there; behind them
/// nothing more of it is read, where reading ends at a bound.
pub const MAX_MISSING: usize = 100;
/// How many manifests or blobs of evidence about one digest are read at a time: half of what goes to one host at once. A
/// manifest may have 4 MiB and is counted only when it is there, so more would take more memory than judging may.
pub const CONCURRENCY: usize = 8;
