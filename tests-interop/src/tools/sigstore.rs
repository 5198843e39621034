//! The programs of a whole sigstore. Their pins are their own: the other programs stay when they change.
//!
//! One module pins them all, so that what they share is built once. Two of them are short programs of ours around
//! packages of theirs, for what their own programs can't do.

use std::path::PathBuf;

use super::{Cache, named_after};
use xtask::error::Result;

const MODULE: &str = include_str!("../pins/sigstore.go.mod");
const SUMS: &str = include_str!("../pins/sigstore.go.sum");
const TRILLIAN: &str = include_str!("../pins/sigstore/trillian.go");
const TIMESTAMP: &str = include_str!("../pins/sigstore/timestamp.go");

const FULCIO: &str = "github.com/sigstore/fulcio";
const TESSERACT: &str = "github.com/transparency-dev/tesseract/cmd/tesseract/posix";
const REKOR_1: &str = "github.com/sigstore/rekor/cmd/rekor-server";
const REKOR_2: &str = "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix";

/// Where they are.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The certificate authority.
    pub(crate) fulcio: PathBuf,
    /// The log of certificates.
    pub(crate) tesseract: PathBuf,
    /// The transparency log of the first generation, and the storage that it wants.
    pub(crate) rekor_1: PathBuf,
    pub(crate) trillian: PathBuf,
    /// The transparency log of the second generation.
    pub(crate) rekor_2: PathBuf,
    /// The timestamp authority.
    pub(crate) timestamp: PathBuf,
}

/// The programs, built when they are missing.
pub(crate) fn sigstore() -> Result<Programs> {
    let pins = [MODULE, SUMS, TRILLIAN, TIMESTAMP].concat();
    let cache = Cache::open(&format!("sigstore-{}", named_after(&pins)))?;
    let pins = (MODULE, SUMS);
    Ok(Programs {
        fulcio: cache.pinned("fulcio", pins, FULCIO)?,
        tesseract: cache.pinned("tesseract", pins, TESSERACT)?,
        rekor_1: cache.pinned("rekor-1", pins, REKOR_1)?,
        trillian: cache.pinned_source("trillian", pins, TRILLIAN)?,
        rekor_2: cache.pinned("rekor-2", pins, REKOR_2)?,
        timestamp: cache.pinned_source("timestamp", pins, TIMESTAMP)?,
    })
}
