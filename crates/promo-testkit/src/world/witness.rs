//! Who watches a world: told of what happens at the moment in which it takes effect, before anything else can happen.

use std::fmt::Debug;

use super::World;
use crate::registry::StoredManifest;

/// Watches what is written. A witness may look at the world as it stands ([`World::state`], [`World::direct`]).
pub trait Witness: Debug + Send + Sync {
    /// This was written a moment ago.
    fn wrote(&self, world: &World, written: &Written<'_>);

    /// A manifest or a list of referrers is read.
    fn asked(&self, asked: &Asked<'_>) {
        let _ = asked;
    }

    /// A collector has run at this host.
    fn collected(&self, host: &str) {
        let _ = host;
    }
}

/// Sees nothing.
#[derive(Debug, Clone, Copy)]
pub struct NobodyWatches;

impl Witness for NobodyWatches {
    fn wrote(&self, _: &World, _: &Written<'_>) {}
}

/// A read that is served.
#[derive(Debug)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// The host.
    pub host: &'a str,
    /// The name of the repository there.
    pub repository: &'a str,
    /// A tag or a digest, as text.
    pub about: &'a str,
    /// Whether it is asked who refers to that; else it is asked for itself.
    pub referrers: bool,
}

/// A write that took effect.
#[derive(Debug)]
#[non_exhaustive]
pub struct Written<'a> {
    /// The host.
    pub host: &'a str,
    /// The name of the repository there.
    pub repository: &'a str,
    /// What was put.
    pub put: Put<'a>,
}

/// What a write puts.
#[derive(Debug)]
#[non_exhaustive]
pub enum Put<'a> {
    /// A blob, sent or mounted.
    Blob {
        /// Its digest.
        digest: &'a str,
    },
    /// A manifest, by digest or by tag.
    Manifest {
        /// Its digest.
        digest: &'a str,
        /// Its bytes.
        bytes: &'a [u8],
        /// The tag, and what that pointed to before.
        tag: Option<(&'a str, Option<StoredManifest>)>,
    },
}
