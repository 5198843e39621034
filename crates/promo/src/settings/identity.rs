//! Where identity tokens are looked for: what the environment says of the job that we run in, and where Google's credentials are.

use zeroize::Zeroizing;

use super::{Environment, GooglePlaces};
use crate::identity_token::{Github, Job};

/// The places where identity tokens may be had, as the environment names them. Its Debug shows no secret.
#[derive(Debug, Clone, Default)]
pub struct IdentityPlaces {
    pub(crate) job: Job,
    /// None if nobody looked.
    pub(crate) google: Option<GooglePlaces>,
}

impl IdentityPlaces {
    /// The places of an environment. Nothing is asked.
    pub fn find(environment: &Environment) -> Self {
        let is_true = |name| environment.text(name).as_deref() == Some("true");
        let variable = environment.variable("SIGSTORE_ID_TOKEN");
        let job = Job {
            variable: variable.map(|token| Zeroizing::new(token.as_encoded_bytes().to_vec())),
            github: github(environment),
            is_buildkite: is_true("BUILDKITE"),
            is_circleci: is_true("CIRCLECI"),
            search_path: environment.search_path(),
        };
        Self {
            job,
            google: Some(GooglePlaces::find(false, environment)),
        }
    }
}

fn github(environment: &Environment) -> Option<Github> {
    let url = environment.text("ACTIONS_ID_TOKEN_REQUEST_URL");
    let bearer = environment.text("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    match (url, bearer.map(Zeroizing::new)) {
        (Some(url), Some(bearer)) => Some(Github::At { url, bearer }),
        (None, None) if environment.text("GITHUB_ACTIONS").as_deref() != Some("true") => None,
        _ => Some(Github::WithoutPermission),
    }
}
