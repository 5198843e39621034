//! What limits a copier: how much at once, how much per image, how often again, who waits for whom.

use std::time::Duration;

use crate::ConnectionLimit;

/// Settings of a [`RegistryCopier`](super::RegistryCopier).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopySettings {
    /// Blobs of one image that are under way to one destination at once.
    pub blobs: usize,
    /// Manifests of one image and registry that are under way at once.
    pub manifests: usize,
    /// How deep manifests may be nested: an image alone is one level, an index of images two.
    pub levels: usize,
    /// Manifests that one image may be made of, its own counted.
    pub manifests_per_image: usize,
    /// Bytes that the manifests of one image may have together.
    pub manifest_bytes_per_image: u64,
    /// How often the bytes of a blob are sent to one destination at the most, the first time counted. Times that ended
    /// with a 429 are counted apart, and there may be thrice as many.
    pub attempts: u32,
    /// The pause before the bytes of a blob are sent again to a destination that broke; it doubles with each time.
    /// After a 429 it is the registry that says how long.
    pub pause: Duration,
    /// Bytes that wait for several destinations at the most, of all blobs that are under way together, and as many that
    /// wait for single ones. At least half a mebibyte.
    pub buffers: usize,
    /// Blobs that are sent at once, to all hosts that get the same content together: each takes a connection. Each host has
    /// its share, a sixteenth at the least.
    pub uploads: usize,
    /// Connections that blobs are sent on at once, to all hosts, whatever they get.
    pub connections: usize,
    /// How long the reading of a blob waits for destinations that will want it, too; longer where the first of them took
    /// long to get there.
    pub gathering: Duration,
    /// How long a destination may hold up others that get the same bytes, while 8 MiB of them wait for it; then it is
    /// left behind and gets them by a reading of its own. Who is at least half as quick as the others never is.
    pub holding_up: Duration,
}

impl CopySettings {
    /// The default with no more blobs under way than a registry can have connections for. A copy that had to wait for one
    /// would hold up others that get the same bytes.
    pub fn within(limit: ConnectionLimit) -> Self {
        let default = Self::default();
        Self {
            connections: default.connections.min(limit.of_blobs()),
            ..default
        }
    }
}

impl Default for CopySettings {
    fn default() -> Self {
        Self {
            blobs: 8,
            manifests: 8,
            levels: 8,
            manifests_per_image: 10_000,
            manifest_bytes_per_image: 1_000_000_000,
            attempts: 3,
            pause: Duration::from_millis(500),
            buffers: 32 << 20,
            uploads: 512,
            connections: 1024,
            gathering: Duration::from_secs(1),
            holding_up: Duration::from_secs(1),
        }
    }
}
