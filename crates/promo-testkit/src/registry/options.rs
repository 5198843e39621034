//! What a registry is started with, and the switches that can be changed while it runs.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::auth::{Auth, Tokens};

/// What a registry is started with. The default is open to all, on a free port of 127.0.0.1, without TLS.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    pub(super) address: SocketAddr,
    pub(super) auth: Auth,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) switches: Switches,
    pub(super) tokens: Tokens,
    pub(super) log_capacity: Option<usize>,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            auth: Auth::none(),
            tls: None,
            switches: Switches::default(),
            tokens: Tokens::default(),
            log_capacity: None,
        }
    }
}

impl RegistryOptions {
    /// Listens on this port of 127.0.0.1 (0: a free one).
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// Listens on this address.
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Who may do what.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Speaks TLS with this configuration, which also decides about client certificates and ALPN.
    #[must_use]
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Shares the tokens of another registry: what its `/token` issues is good here as well.
    #[must_use]
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = tokens;
        self
    }

    /// Keeps only this many of the latest log entries, for a registry that runs long. Without it: all.
    #[must_use]
    pub fn log_capacity(mut self, entries: usize) -> Self {
        self.log_capacity = Some(entries);
        self
    }

    /// Changes the switches that the registry starts with.
    #[must_use]
    pub fn switch(mut self, change: impl FnOnce(&mut Switches)) -> Self {
        change(&mut self.switches);
        self
    }
}

/// How this registry differs from an obliging one. The default is a registry that keeps to OCI Distribution 1.1.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent switch of a test registry"
)]
#[non_exhaustive]
pub struct Switches {
    /// Answers the referrers API and echoes `OCI-Subject`. Off: 404, and no echo (clients must keep the fallback tag).
    pub referrers_api: bool,
    /// Answers who refers to a manifest that isn't there. Off: 400 `MANIFEST_INVALID`, as Quay does.
    pub referrers_of_missing: bool,
    /// Refuses a manifest whose subject is not there, with this status. `None`: accepts it, as OCI 1.1 asks.
    pub missing_subject: Option<u16>,
    /// Refuses to point an existing tag to another digest, with this status (400, 403, 409 are seen in the field).
    pub immutable_tags: Option<u16>,
    /// What happens to cross-repository mounts.
    pub mounts: Mounts,
    /// Stores a blob that comes with the POST (201). Off: opens an upload and leaves the bytes (202), as distribution does.
    pub single_posts: bool,
    /// The largest body of any request, in bytes; a larger one is answered 413 by what it announces, as proxies do that stand
    /// before a registry.
    pub body_limit: Option<u64>,
    /// The least length of chunks that aren't the last, in bytes: told by `OCI-Chunk-Min-Length`, and nothing may follow a
    /// shorter one.
    pub chunk_minimum: Option<u64>,
    /// Answers 401 instead of opening an upload session when a mount lacks pull on the source repository.
    pub challenge_mount_source: bool,
    /// Answers tag lists as Google's registries do: all manifests and child repositories in one answer, unpaged.
    pub google_listing: bool,
    /// Lets a tag point to the digest that its PUT names (`?digest=`); off: to the SHA-256 one, as most registries do.
    pub tag_digests: bool,
    /// Sends `Docker-Content-Digest`.
    pub digest_header: bool,
    /// Entries per page of a tag list or catalog, also when the client asks for more.
    pub tag_page_size: Option<usize>,
    /// Entries per page of a referrers answer.
    pub referrers_page_size: Option<usize>,
    /// Answers `_catalog`; off: 404.
    pub catalog: bool,
    /// Allows DELETE of tags, manifests and blobs; off: 405.
    pub deletes: bool,
    /// Checks that the blobs and children of a manifest are there when it is put.
    pub check_references: bool,
    /// The largest manifest that is accepted, in bytes; a larger one is answered 413.
    pub manifest_limit: usize,
    /// How `Location` headers are written.
    pub locations: Locations,
    /// Repositories that answer 403 to everybody.
    pub forbidden: BTreeSet<String>,
    /// Requests per second that are served; others are answered 429.
    pub quota: Option<Quota>,
    /// Added before each request is handled.
    pub latency: Duration,
    /// Bytes per second that bodies pass with, in both directions and on all connections together; without it as fast as
    /// they can.
    pub bandwidth: Option<NonZeroU64>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            referrers_api: true,
            referrers_of_missing: true,
            missing_subject: None,
            immutable_tags: None,
            mounts: Mounts::Allowed,
            single_posts: false,
            body_limit: None,
            chunk_minimum: None,
            challenge_mount_source: false,
            google_listing: false,
            tag_digests: true,
            digest_header: true,
            tag_page_size: None,
            referrers_page_size: None,
            catalog: true,
            deletes: true,
            check_references: true,
            manifest_limit: 4 * 1024 * 1024,
            locations: Locations::Relative,
            forbidden: BTreeSet::new(),
            quota: None,
            latency: Duration::ZERO,
            bandwidth: None,
        }
    }
}

/// What happens to cross-repository mounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mounts {
    /// 201 when the blob is in the source repository and the caller may pull there, else 202 with a session.
    #[default]
    Allowed,
    /// Always 202 with a session, as registries do that know no mounts.
    Refused,
    /// 405 `UNSUPPORTED`, which the specification does not foresee.
    Unsupported,
}

/// How `Location` headers are written; clients must take both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locations {
    /// A path.
    #[default]
    Relative,
    /// A full URL.
    Absolute,
}

/// A token bucket over all requests of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests per second, in the long run.
    pub per_second: u32,
    /// Requests that may come at once.
    pub burst: u32,
    /// The `Retry-After` of a refusal, in seconds.
    pub retry_after: u64,
}
