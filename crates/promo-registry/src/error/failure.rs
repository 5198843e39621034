//! From this crate's error to the failure of a port.

use promo_core::ports::Failure;

use super::Error;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::new(error.kind(), error.code(), error.to_string());
        for hint in error.hints() {
            failure = failure.with_hint(hint);
        }
        if let Some(status) = error.status() {
            failure = failure.with_status(status);
        }
        if let Some(pause) = error.retry_after() {
            failure = failure.with_retry_after(pause);
        }
        if let Some(said) = error.registry_answer() {
            failure = failure.with_said(said.code(), said.message());
        }
        failure.with_error(error)
    }
}
