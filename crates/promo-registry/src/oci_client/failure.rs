//! What an `oci_client` error means at the port.
//!
//! Its texts hold whole URLs, which may carry upload secrets, and whole bodies, which have no limit; so
//! none of them is passed on. The codes are those that the crate's own client uses for the same
//! things; `PROMO-R080` is for what `oci_client` can't do.

use std::time::Duration;

use ::oci_client::errors::{DigestError, OciDistributionError, OciEnvelope, OciErrorCode};
use promo_core::Code;
use promo_core::oci::Repository;
use promo_core::ports::{Failure, FailureKind};

use crate::codes;

/// An operation that `oci_client` can't do, or that can't be done rightly with it.
pub(super) fn unsupported(what: &str) -> Failure {
    Failure::new(
        FailureKind::Unsupported,
        promo_core::codes::NOT_OFFERED,
        format!("{what} can't be done through oci-client"),
    )
    .with_hint("use promo's own registry client")
}

/// An answer that makes no sense.
pub(super) fn malformed(repository: &Repository, what: &str) -> Failure {
    failure(repository, FailureKind::Malformed, what)
}

/// Bytes that are not those asked for.
pub(super) fn altered(repository: &Repository, what: &str) -> Failure {
    failure(repository, FailureKind::DigestMismatch, what)
}

/// The deadline passed.
pub(super) fn late(repository: &Repository, deadline: Duration) -> Failure {
    let seconds = deadline.as_secs_f64();
    let what = format!("did not answer within {seconds} seconds");
    failure(repository, FailureKind::Deadline, &what)
}

fn failure(repository: &Repository, kind: FailureKind, what: &str) -> Failure {
    Failure::new(kind, code(kind), format!("{repository}: {what}"))
}

fn code(kind: FailureKind) -> Code {
    match kind {
        FailureKind::NotFound => codes::NOT_FOUND,
        FailureKind::Unauthenticated => codes::UNAUTHENTICATED,
        FailureKind::Forbidden => codes::FORBIDDEN,
        FailureKind::RateLimited => codes::RATE_LIMITED,
        FailureKind::Unavailable => codes::UNAVAILABLE,
        FailureKind::Deadline => codes::DEADLINE,
        FailureKind::TooLarge => codes::TOO_LARGE,
        FailureKind::DigestMismatch => codes::DIGEST_MISMATCH,
        FailureKind::Malformed => codes::MALFORMED,
        FailureKind::Unsupported => promo_core::codes::NOT_OFFERED,
        _ => codes::REFUSED,
    }
}

/// Nothing instead of an error that says that something isn't there.
pub(super) fn optional<T>(
    result: Result<T, OciDistributionError>,
    repository: &Repository,
) -> Result<Option<T>, Failure> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) => match translate(error, repository) {
            failure if failure.kind() == FailureKind::NotFound => Ok(None),
            failure => Err(failure),
        },
    }
}

/// What an error means.
pub(super) fn translate(error: OciDistributionError, repository: &Repository) -> Failure {
    let (kind, what) = match error {
        OciDistributionError::ServerError { code, .. } => {
            let answered = format!("the registry answered {code}");
            return failure(repository, kind_of_status(code), &answered).with_status(code);
        }
        OciDistributionError::RegistryError { envelope, .. } => kind_of_envelope(&envelope),
        OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::AuthenticationFailure(_) => (
            FailureKind::Unauthenticated,
            "the registry doesn't accept the credentials",
        ),
        OciDistributionError::ImageManifestNotFoundError(_) => {
            (FailureKind::NotFound, "the manifest is not there")
        }
        OciDistributionError::RequestError(error) => {
            let timeout = error.is_timeout();
            let kind = if timeout {
                FailureKind::Deadline
            } else {
                FailureKind::Unavailable
            };
            return failure(repository, kind, "the request failed")
                .with_source(error.without_url());
        }
        OciDistributionError::DigestError(DigestError::VerificationError { .. }) => (
            FailureKind::DigestMismatch,
            "the content doesn't have the digest it was asked by",
        ),
        OciDistributionError::IoError(error) => return io(error, repository),
        _ => (FailureKind::Malformed, "the answer can't be understood"),
    };
    failure(repository, kind, what)
}

/// What an error of a blob's stream means: `oci_client` wraps a digest that doesn't match in it.
pub(super) fn io(error: std::io::Error, repository: &Repository) -> Failure {
    if let Some(inner) = error.get_ref()
        && inner.is::<DigestError>()
    {
        return altered(repository, "the blob doesn't have its digest");
    }
    // A body that failed on its way to the registry brings the failure of its source along.
    match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => failure(
            repository,
            FailureKind::Unavailable,
            &format!("the transfer broke off ({})", error.kind()),
        ),
    }
}

fn kind_of_status(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Unauthenticated,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        413 => FailureKind::TooLarge,
        429 => FailureKind::RateLimited,
        500.. => FailureKind::Unavailable,
        _ => FailureKind::Refused,
    }
}

fn kind_of_envelope(envelope: &OciEnvelope) -> (FailureKind, &'static str) {
    match envelope.errors.first().map(|error| &error.code) {
        Some(OciErrorCode::Unauthorized) => (
            FailureKind::Unauthenticated,
            "the registry doesn't accept the credentials",
        ),
        Some(OciErrorCode::Denied) => (FailureKind::Forbidden, "the registry denies it"),
        Some(OciErrorCode::Toomanyrequests) => {
            (FailureKind::RateLimited, "the registry asks to send less")
        }
        Some(
            OciErrorCode::NameUnknown
            | OciErrorCode::ManifestUnknown
            | OciErrorCode::BlobUnknown
            | OciErrorCode::NotFound,
        ) => (FailureKind::NotFound, "it is not there"),
        _ => (FailureKind::Refused, "the registry refuses it"),
    }
}
