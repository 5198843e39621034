//! The failures that requests in a world end with, as a client over HTTP would tell them.

use std::time::Duration;

use promo_core::Code;
use promo_core::ports::{Failure, FailureKind};

const CODE: Code = Code::new("PROMO-T001");

fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure::new(kind, CODE, message)
}

pub(super) fn unreachable(host: &str) -> Failure {
    failure(
        FailureKind::Unavailable,
        format!("{host} can't be connected to"),
    )
}

pub(super) fn reset(host: &str) -> Failure {
    failure(
        FailureKind::Unavailable,
        format!("the connection to {host} was reset"),
    )
}

pub(super) fn deadline(host: &str) -> Failure {
    failure(FailureKind::Deadline, format!("{host} didn't answer"))
}

pub(super) fn too_many(host: &str, pause: Duration) -> Failure {
    failure(
        FailureKind::RateLimited,
        format!("{host} got too many requests"),
    )
    .with_status(429)
    .with_retry_after(pause)
}

/// An answer with a status that isn't asked for by what was sent.
pub(super) fn status(host: &str, status: u16) -> Failure {
    let kind = match status {
        401 => FailureKind::Unauthenticated,
        403 => FailureKind::Forbidden,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    };
    failure(kind, format!("{host} answered {status}")).with_status(status)
}

/// A manifest that names what isn't there.
pub(super) fn missing(status: u16, said: impl Into<String>) -> Failure {
    let kind = if status == 404 {
        FailureKind::NotFound
    } else {
        FailureKind::Refused
    };
    let said = said.into();
    failure(kind, "the manifest was refused")
        .with_status(status)
        .with_said("MANIFEST_BLOB_UNKNOWN", said)
}

pub(super) fn immutable(tag: &str) -> Failure {
    failure(
        FailureKind::ImmutableTag,
        format!("the tag {tag} can't be changed"),
    )
    .with_status(409)
}

pub(super) fn no_session() -> Failure {
    failure(FailureKind::NotFound, "there is no such upload")
        .with_status(404)
        .with_said("BLOB_UPLOAD_UNKNOWN", "no such upload session")
}

pub(super) fn mismatch(message: &str) -> Failure {
    failure(FailureKind::DigestMismatch, message)
}

pub(super) fn malformed(message: impl Into<String>) -> Failure {
    failure(FailureKind::Refused, message)
        .with_status(400)
        .with_said("MANIFEST_INVALID", "no manifest")
}

pub(super) fn taken(tag: &str) -> Failure {
    failure(
        FailureKind::Refused,
        format!("{tag} is no list of referrers"),
    )
}

pub(super) fn list_refused(cause: &Failure) -> Failure {
    failure(
        FailureKind::Refused,
        format!("the list of referrers was refused: {}", cause.chain()),
    )
}
