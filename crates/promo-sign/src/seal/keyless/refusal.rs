//! What it means when a service doesn't do what it was asked, or answers what can't be used.

use promo_core::ports::{ServiceAnswer, ServiceRequest};
use promo_core::quoted;
use serde::Deserialize;

use crate::{Error, json};

/// The error document of these services (that of gRPC over HTTP, and Rekor's own).
#[derive(Deserialize)]
struct Said {
    message: String,
}

/// The error that an answer without success means. It repeats what the service says about it, as far as that is to be understood.
pub(crate) fn refused(request: &ServiceRequest, answer: &ServiceAnswer) -> Error {
    let said: Option<Said> = json::parse(&answer.body);
    let mut said = said.map(|said| said.message).unwrap_or_default();
    for secret in request.secrets() {
        said = said.replace(secret, "[secret]");
    }
    Error::ServiceRefused {
        what: request.what(),
        url: request.url().clone(),
        status: answer.status,
        said: Some(said)
            .filter(|said| !said.trim().is_empty())
            .map(|said| quoted(&said)),
    }
}

/// The error that an answer with success means, where it can't be used.
pub(super) fn unusable(request: &ServiceRequest, reason: &str) -> Error {
    Error::ServiceAnswer {
        what: request.what(),
        url: request.url().clone(),
        reason: reason.to_owned(),
    }
}
