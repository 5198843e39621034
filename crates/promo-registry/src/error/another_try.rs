//! What is worth another try: the one rule, for single requests (`http`), for lists that are put again (`wire`), and for
//! uploads that begin anew (`copy`).

use promo_core::Code;
use promo_core::ports::{Failure, FailureKind};

use super::Error;
use crate::codes::{
    CERTIFICATE, OTHER_PROTOCOL, OUT_OF_FILES, PAUSED_TOO_LONG, SILENT, UNKNOWN_HOST,
};

/// Connections that fail each time ([`super::ConnectionProblem::lasts`]).
const LASTING: [Code; 3] = [UNKNOWN_HOST, CERTIFICATE, OTHER_PROTOCOL];

/// Whether the same may succeed when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnotherTry {
    /// It may, when the host's budget lets it out, or a file is free for its connection: nothing is wrong, there were too
    /// many requests.
    Throttled,
    /// It may, a little later: the connection, the registry or a proxy before it is broken at the moment.
    Later,
    /// It would come out the same.
    Never,
}

impl AnotherTry {
    /// By a failure of a port.
    pub(crate) fn after(failure: &Failure) -> Self {
        Self::by(failure.kind(), failure.status(), failure.code())
    }

    fn by(kind: FailureKind, status: Option<u16>, code: Code) -> Self {
        match kind {
            // Both fail at once and without a request, for longer than the pauses between tries.
            _ if code == PAUSED_TOO_LONG || code == SILENT => Self::Never,
            // Somebody has to change something first.
            _ if LASTING.contains(&code) => Self::Never,
            _ if code == OUT_OF_FILES => Self::Throttled,
            FailureKind::RateLimited => Self::Throttled,
            FailureKind::Deadline => Self::Later,
            // Of the 5xx, some say that the registry can't do it at all (501, 505, 507).
            FailureKind::Unavailable if status.is_none_or(|it| it < 500 || is_broken(it)) => {
                Self::Later
            }
            _ => Self::Never,
        }
    }
}

impl Error {
    /// Whether the same is worth another try.
    pub(crate) fn another_try(&self) -> AnotherTry {
        AnotherTry::by(self.kind(), self.status(), self.code())
    }
}

/// Whether a status says that the registry, or a proxy before it, is broken at the moment: the same request may succeed
/// a little later. From 520 on they are those of a content network.
pub(crate) fn is_broken(status: u16) -> bool {
    matches!(status, 408 | 425 | 500 | 502 | 503 | 504 | 520..=527 | 530)
}
