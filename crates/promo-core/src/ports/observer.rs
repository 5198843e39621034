//! The `Observer` port: every event of a run. Progress bars, logs, counters and Python callbacks
//! are observers; none of them changes what a run does.

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;

use crate::Code;

/// The phases of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Phase {
    /// Settings are checked, ports are ready.
    Setup,
    /// The inventory is read and the plan computed.
    Plan,
    /// Where images come from is verified.
    Provenance,
    /// Signatures of staging are verified.
    Validate,
    /// Content is copied.
    Promote,
    /// Signatures are made and attached.
    Sign,
    /// Attestations are made and attached.
    Attest,
    /// Manifests and tags are put.
    Publish,
}

impl Phase {
    /// All phases in their order.
    pub const ALL: [Self; 8] = [
        Self::Setup,
        Self::Plan,
        Self::Provenance,
        Self::Validate,
        Self::Promote,
        Self::Sign,
        Self::Attest,
        Self::Publish,
    ];

    /// Its name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Plan => "plan",
            Self::Provenance => "provenance",
            Self::Validate => "validate",
            Self::Promote => "promote",
            Self::Sign => "sign",
            Self::Attest => "attest",
            Self::Publish => "publish",
        }
    }
}

/// What a request to a registry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Operation {
    /// HEAD of a manifest.
    ManifestHead,
    /// GET of a manifest.
    ManifestGet,
    /// PUT of a manifest.
    ManifestPut,
    /// HEAD of a blob.
    BlobHead,
    /// GET of a blob.
    BlobGet,
    /// An upload is opened, or a blob mounted.
    UploadStart,
    /// Bytes of a blob are sent.
    BlobPut,
    /// An upload is given up.
    UploadCancel,
    /// A page of a tag list.
    TagList,
    /// A page of a catalog of repositories.
    Catalog,
    /// A page of a referrers list.
    Referrers,
    /// A token is fetched.
    Token,
    /// A registry is asked what it wants to see (`GET /v2/`).
    Ping,
    /// A service that is no registry is asked: an authority of certificates, a log, a timestamp authority.
    Service,
}

impl Operation {
    /// What kind of work it is for the registry.
    pub const fn class(self) -> RequestClass {
        match self {
            Self::ManifestHead
            | Self::ManifestGet
            | Self::BlobHead
            | Self::BlobGet
            | Self::Ping => RequestClass::Read,
            Self::TagList | Self::Catalog | Self::Referrers => RequestClass::List,
            Self::ManifestPut => RequestClass::Write,
            Self::UploadStart | Self::BlobPut | Self::UploadCancel => RequestClass::Upload,
            Self::Token => RequestClass::Token,
            Self::Service => RequestClass::Service,
        }
    }
}

/// Requests by what kind of work they are, as people count them. A registry's quotas may be cut otherwise.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RequestClass {
    /// Manifests and blobs are asked about or read.
    Read,
    /// Tags, repositories or referrers are listed.
    List,
    /// Manifests are put.
    Write,
    /// Blobs are mounted or sent.
    Upload,
    /// Tokens are fetched.
    Token,
    /// Certificates, entries of logs and timestamps are asked for.
    Service,
}

impl RequestClass {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::List,
        Self::Write,
        Self::Upload,
        Self::Token,
        Self::Service,
    ];

    /// Its name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Upload => "upload",
            Self::Token => "token",
            Self::Service => "service",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A phase begins with this many items (edges or images) before it.
    PhaseBegan {
        /// Which phase.
        phase: Phase,
        /// How many items it will work on.
        items: u64,
    },
    /// An item of the phase is done.
    ItemDone {
        /// Which phase.
        phase: Phase,
        /// What it was: an image, an edge, a repository.
        item: String,
        /// The code of what kept it from passing, if it didn't.
        blocked: Option<Code>,
    },
    /// A phase is over.
    PhaseEnded {
        /// Which phase.
        phase: Phase,
        /// Items that go on.
        passed: u64,
        /// Items that were blocked.
        blocked: u64,
    },
    /// A request was answered, or failed (no status). It is told when its answer is there: for a small one when the body
    /// was read, for one whose body is a stream when its head came.
    Request {
        /// Host asked.
        host: String,
        /// What for.
        operation: Operation,
        /// What it asked for, as errors call it. It names repositories, tags and digests, and never holds a URL.
        what: String,
        /// Which try it is, from 1. To be asked for credentials is no other try.
        attempt: u32,
        /// HTTP status.
        status: Option<u16>,
        /// How long it waited before it went out: for its host to be back, and for its host's budget.
        waited: Duration,
        /// How long it took from then until the head of the answer came, or until it failed.
        took: Duration,
        /// How long it took until a small body was read as well; none if the body wasn't read, or broke off.
        read: Option<Duration>,
        /// Bytes of the body that went out, as far as it is known.
        sent: u64,
        /// Bytes of a small body that came in. Of a stream [`Self::BodyRead`] tells.
        received: u64,
        /// Whether the answer came over HTTP/2.
        http2: bool,
    },
    /// The stream of a body is over: it ended, it broke off, or nobody wanted the rest.
    BodyRead {
        /// The host it came from.
        host: String,
        /// What it is the body of, as the request said.
        what: String,
        /// How many bytes came.
        bytes: u64,
        /// How long it took from the head of the answer on.
        took: Duration,
        /// Whether it came to its end.
        whole: bool,
    },
    /// A request is going to be repeated.
    Retry {
        /// Host asked.
        host: String,
        /// What for.
        operation: Operation,
        /// Which repetition this is, from 1.
        attempt: u32,
        /// How long is waited before it.
        pause: Duration,
    },
    /// A host asked for less; nothing is sent to it for a while.
    Throttled {
        /// The host.
        host: String,
        /// For how long.
        pause: Duration,
    },
    /// Requests wait for a host that has stopped answering. It is told once, until the host is back.
    HostAwaited {
        /// The host.
        host: String,
        /// How long it has said nothing.
        silent: Duration,
        /// After how long without a word it is given up.
        give_up: Duration,
    },
    /// A host that was waited for, or given up, answers again.
    HostBack {
        /// The host.
        host: String,
        /// How long it had said nothing.
        silent: Duration,
    },
    /// A host is given up: requests to it fail at once, until it answers again.
    HostGivenUp {
        /// The host.
        host: String,
        /// How long it has said nothing.
        silent: Duration,
    },
    /// A registry was asked to mount a blob.
    Mount {
        /// The host.
        host: String,
        /// Whether it did.
        granted: bool,
    },
    /// Bytes of blobs were sent to a destination.
    BytesSent {
        /// The host they went to.
        host: String,
        /// How many.
        bytes: u64,
    },
    /// Bytes of blobs came from a source.
    BytesReceived {
        /// The host they came from; where a registry leads elsewhere for blobs, that host.
        host: String,
        /// How many.
        bytes: u64,
    },
    /// Who signs is known; nothing is written anywhere yet.
    Signer {
        /// The identity of its certificates: an e-mail address, or a URI.
        subject: String,
        /// Who vouches for it.
        issuer: String,
    },
    /// Something a person should read; the run goes on.
    Warning {
        /// Its code.
        code: Code,
        /// What it is.
        message: String,
    },
}

/// Takes the events of a run.
pub trait Observer: Debug + Send + Sync {
    /// Takes one event. It must return soon: the run waits for it.
    fn observe(&self, event: &Event);
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _event: &Event) {}
}
