//! Programs that copy images, which the measurements of the transport compare with. Their pins are their own: the other
//! programs stay when they change.

use std::path::PathBuf;

use super::{Cache, named_after};
use xtask::error::Result;

/// Their commands, and a module that pins them.
const CRANE: &str = "github.com/google/go-containerregistry/cmd/crane";
const REGSYNC: &str = "github.com/regclient/regclient/cmd/regsync";
const MODULE: &str = include_str!("../pins/peers.go.mod");
const SUMS: &str = include_str!("../pins/peers.go.sum");

/// Where they are.
#[derive(Debug)]
pub(crate) struct Peers {
    pub(crate) crane: PathBuf,
    pub(crate) regsync: PathBuf,
}

/// crane and regsync, built when they are missing.
pub(crate) fn peers() -> Result<Peers> {
    let cache = Cache::open(&format!("peers-{}", named_after(SUMS)))?;
    Ok(Peers {
        crane: cache.pinned("crane", (MODULE, SUMS), CRANE)?,
        regsync: cache.pinned("regsync", (MODULE, SUMS), REGSYNC)?,
    })
}
