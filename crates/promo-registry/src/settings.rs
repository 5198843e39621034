//! The settings of the transport, all as values: nothing here is read from the environment.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use promo_core::oci::RegistryHost;
use promo_core::ports::Operation;
use tokio::sync::Semaphore;

use crate::secret::Secret;

/// What is particular to one registry host.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct HostSettings {
    /// Whether it is spoken to over plain HTTP; by default only a loopback host is.
    pub plain_http: Option<bool>,
    /// Hosts whose token servers this registry may name, besides itself and those that are built in.
    pub token_realms: BTreeSet<RegistryHost>,
    /// How much is sent to it.
    pub budget: BudgetSettings,
    /// The certificate that we show to it.
    pub client_certificate: Option<ClientCertificate>,
    /// Which version of HTTP is spoken to it.
    pub http_version: HttpVersion,
}

/// Which version of HTTP is spoken to a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HttpVersion {
    /// The one that is agreed on in the handshake of TLS (ALPN), and HTTP/1.1 without TLS.
    #[default]
    Auto,
    /// HTTP/1.1: each request that is under way has a connection of its own.
    Http1,
    /// HTTP/2, also without TLS.
    Http2,
}

/// How much is sent to a host.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct BudgetSettings {
    /// How many requests are open at the same time. Transfers of blobs are not counted: a copy reads one while it
    /// writes others, so that it could wait for itself. None: [`BudgetSettings::NEAR`], and more, up to
    /// [`BudgetSettings::MOST`], at a host whose answers take long to come because it is far away, and at one that answers as
    /// quickly as before when it has more to do. Of what is beyond [`BudgetSettings::NEAR`] all hosts together have no more
    /// than two of them would.
    pub concurrency: Option<usize>,
    /// How many requests are sent in a second; unlimited until the host answers 429 if there is none.
    pub requests_per_second: Option<f64>,
}

impl BudgetSettings {
    /// How many requests are open at a host that is near, if nothing is set.
    pub const NEAR: usize = 64;
    /// How many are open at one that is far away, or that isn't made slower by them.
    pub const MOST: usize = 256;
}

/// How many connections are open at once, at all hosts together, those included that stay open for the next request.
///
/// Each is an open file, and a process may have only so many. Half can be in use: half of these for small requests, a
/// quarter each for blobs that are read and that are sent. HTTP/2 takes one for each host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionLimit(usize);

impl ConnectionLimit {
    /// The lowest one: with fewer nothing would get on.
    pub const LEAST: usize = 8;

    /// So many connections, and [`ConnectionLimit::LEAST`] if that is more.
    pub fn new(connections: usize) -> Self {
        Self(connections.clamp(Self::LEAST, Semaphore::MAX_PERMITS))
    }

    /// What suits a process that may have so many open files: half of them. A quarter is for connections that take a
    /// moment to be closed while others are opened in their place, and a quarter for everything else: files, the search for
    /// hosts' addresses, programs that are started.
    pub fn of_open_files(files: u64) -> Self {
        Self::new(usize::try_from(files).unwrap_or(usize::MAX) / 2)
    }

    /// How many connections may be open.
    pub fn all(self) -> usize {
        self.0
    }

    /// How many small requests may be under way, each on a connection of its own.
    pub(crate) fn small(self) -> usize {
        self.0 / 4
    }

    /// How many blobs may be read, and how many may be sent.
    pub(crate) fn of_blobs(self) -> usize {
        self.0 / 8
    }
}

impl Default for ConnectionLimit {
    /// What suits the usual limit of 1,024 open files.
    fn default() -> Self {
        Self::of_open_files(1024)
    }
}

/// A client certificate with its key, both PEM in one text.
#[derive(Clone)]
pub struct ClientCertificate(Secret);

impl ClientCertificate {
    /// Takes certificate chain and private key, in any order.
    pub fn from_pem(pem: impl Into<String>) -> Self {
        Self(Secret::new(pem))
    }

    pub(crate) fn pem(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate([secret])")
    }
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// For a connection.
    pub connect: Duration,
    /// For a small request as a whole, its body included.
    pub request: Duration,
    /// How long an upload may stand still, and take after its last piece to be answered (registries check the digest then).
    /// Bytes must be taken at the pace that [`Deadlines::floor`] and `read` make. Only time counts in which the host was
    /// offered bytes.
    pub idle: Duration,
    /// For the next [`Deadlines::floor`] bytes of a blob that is read. Shorter than `idle`, so that the reading can begin
    /// again before the uploads that it feeds are given up.
    pub read: Duration,
    /// How many bytes of a blob must come within `read`, and be taken in the same pace over `idle`.
    pub floor: u64,
    /// How long a host may say nothing at all to what it is asked until it counts as down, as one does that loses many
    /// requests in a row.
    pub silence: Duration,
    /// For how long requests to a host that is down wait for it, from its first silence on. Then they fail at once.
    pub give_up: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            idle: Duration::from_secs(120),
            read: Duration::from_secs(30),
            floor: 32 << 10,
            silence: Duration::from_secs(60),
            give_up: Duration::from_secs(60),
        }
    }
}

/// How many bytes are accepted of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caps {
    /// Of a manifest.
    pub manifest: u64,
    /// Of a page of tags or of a catalog. Google's lists carry all digests and can be large.
    pub list: u64,
    /// Of all pages of one list together.
    pub whole_list: u64,
    /// Of a page of referrers.
    pub referrers: u64,
    /// Of a token.
    pub token: u64,
    /// Of an error document; the rest is not read.
    pub error: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            manifest: 4 << 20,
            list: 32 << 20,
            whole_list: 64 << 20,
            referrers: 4 << 20,
            token: 64 << 10,
            error: 64 << 10,
        }
    }
}

impl Caps {
    /// The cap of an operation whose answer is read as a whole. None for blobs, which are streamed, and for operations
    /// whose answer has no body that is read.
    pub(crate) fn of(&self, operation: Operation) -> Option<u64> {
        match operation {
            Operation::ManifestGet => Some(self.manifest),
            Operation::TagList | Operation::Catalog => Some(self.list),
            Operation::Referrers => Some(self.referrers),
            Operation::Token => Some(self.token),
            _ => None,
        }
    }
}

/// How requests are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySettings {
    /// How often a request is sent at the most, the first time included.
    pub attempts: u32,
    /// The longest pause before the first repetition; it doubles with each.
    pub base: Duration,
    /// The longest pause of all.
    pub longest: Duration,
    /// The longest `Retry-After` that is waited for; a registry that asks for more gets no such
    /// requests until then, and they fail.
    pub longest_retry_after: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            longest_retry_after: Duration::from_secs(300),
        }
    }
}
