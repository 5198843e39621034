//! Which code an error has.

use promo_core::Code;

use super::{ConnectionProblem, Error};
use crate::codes;

impl Error {
    /// Its stable code.
    pub fn code(&self) -> Code {
        code_of(self)
    }
}

const fn code_of(error: &Error) -> Code {
    match error {
        Error::NotFound { .. } => codes::NOT_FOUND,
        Error::Unauthenticated { .. } => codes::UNAUTHENTICATED,
        Error::Forbidden { .. } => codes::FORBIDDEN,
        Error::RateLimited { .. } => codes::RATE_LIMITED,
        Error::Unavailable { .. } => codes::UNAVAILABLE,
        Error::Connection {
            problem: ConnectionProblem::UnknownHost,
            ..
        } => codes::UNKNOWN_HOST,
        Error::Connection {
            problem: ConnectionProblem::Certificate(_),
            ..
        } => codes::CERTIFICATE,
        Error::Connection {
            problem: ConnectionProblem::SpeaksPlainHttp | ConnectionProblem::NoCommonVersion,
            ..
        } => codes::OTHER_PROTOCOL,
        Error::Connection { .. } => codes::CONNECTION,
        Error::OutOfFiles(_) => codes::OUT_OF_FILES,
        Error::PlainService(_) => codes::PLAIN_SERVICE,
        Error::Deadline { .. } => codes::DEADLINE,
        Error::ImmutableTag { .. } => codes::IMMUTABLE_TAG,
        Error::Refused { .. } => codes::REFUSED,
        Error::BodyLimit(_) => codes::BODY_LIMIT,
        Error::TooLarge { .. } => codes::TOO_LARGE,
        Error::DigestMismatch { .. } => codes::DIGEST_MISMATCH,
        Error::SizeMismatch { .. } => codes::SIZE_MISMATCH,
        Error::MediaTypeMismatch { .. } => codes::MEDIA_TYPE_MISMATCH,
        Error::Malformed { .. } => codes::MALFORMED,
        Error::ContentEncoding { .. } => codes::CONTENT_ENCODING,
        Error::ForeignRealm { .. } => codes::FOREIGN_REALM,
        Error::ForeignLocation { .. } => codes::FOREIGN_LOCATION,
        Error::TokenRefused { .. } => codes::TOKEN_REFUSED,
        Error::CredentialFile { .. } => codes::CREDENTIAL_FILE,
        Error::CredentialHelper { .. } => codes::CREDENTIAL_HELPER,
        Error::Setting { .. } => codes::SETTING,
        Error::BlobSource { .. } => codes::BLOB_SOURCE,
        Error::FallbackTagLost { .. } => codes::FALLBACK_TAG_LOST,
        Error::MountAcrossHosts { .. } => codes::MOUNT_ACROSS_HOSTS,
        Error::TokenExpired { .. } => codes::TOKEN_EXPIRED,
        Error::GoogleFile { .. } => codes::GOOGLE_FILE,
        Error::GoogleFileKind { .. } => codes::GOOGLE_FILE_KIND,
        Error::BrokenList { .. } => codes::BROKEN_LIST,
        Error::FallbackTagTaken { .. } => codes::FALLBACK_TAG_TAKEN,
        Error::DigestNotKept { .. } => codes::DIGEST_NOT_KEPT,
        Error::FallbackTagRefused { .. } => codes::FALLBACK_TAG_REFUSED,
        Error::PausedTooLong { .. } => codes::PAUSED_TOO_LONG,
        Error::TooSlow(_) => codes::TOO_SLOW,
        Error::Silent { .. } => codes::SILENT,
        Error::BrokeOff { .. } => codes::BROKE_OFF,
        Error::CredentialSource { .. } => codes::CREDENTIAL_SOURCE,
    }
}
