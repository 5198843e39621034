//! Identity tokens of GitHub Actions: the job has the URL of a service, and a token to ask it with.

use promo_core::ports::{ServiceRequest, ServiceUrl, ServiceUrlError, Services};
use promo_registry::auth::Secret;
use serde::Deserialize;

use super::{Github, NamedSource, RawToken};
use crate::error::IdentityTokenError;

/// The most bytes that its answer may have.
const MAX: u64 = 128 << 10;

#[derive(Deserialize)]
struct Answer {
    value: Secret,
}

/// A token for an audience.
pub(super) async fn token(
    github: &Github,
    services: &dyn Services,
    audience: &str,
) -> Result<RawToken, IdentityTokenError> {
    let place = NamedSource::GithubActions.spoken();
    let (url, bearer) = match github {
        Github::WithoutPermission => return Err(IdentityTokenError::NotPermitted),
        Github::At { url, bearer } => (url, bearer),
    };
    let url = ServiceUrl::parse(url).and_then(|url| {
        let keeps = url.keeps_secrets();
        keeps.then_some(url).ok_or(ServiceUrlError::Plain)
    });
    let url = url.map_err(IdentityTokenError::GithubUrl)?;
    let url = url.with_parameter("audience", audience);
    let request = ServiceRequest::get(url, "an identity token", MAX)
        .with_header("accept", "application/json")
        .with_bearer(bearer.as_str());
    let answer = services.ask(&request).await;
    let answer = answer.map_err(|failure| IdentityTokenError::failed(place, failure))?;
    if !answer.is_success() {
        return Err(IdentityTokenError::Answered {
            place,
            status: answer.status,
        });
    }
    let read: Result<Answer, _> = serde_json::from_slice(&answer.body);
    let Answer { value } = read.map_err(|_| IdentityTokenError::NoToken {
        origin: place.to_owned(),
        problem: "its answer has none",
    })?;
    RawToken::read(value.expose().as_bytes(), place)
}
