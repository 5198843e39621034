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
    /// A request was answered, or failed (no status).
    Request {
        /// Host asked.
        host: String,
        /// What for.
        operation: Operation,
        /// HTTP status.
        status: Option<u16>,
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
    /// Bytes of blobs were sent to a destination.
    BytesSent {
        /// The host they went to.
        host: String,
        /// How many.
        bytes: u64,
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
