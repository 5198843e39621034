//! What the environment says about identity tokens: which build service this is, and where Google's credentials are.

use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::settings::{Environment, GooglePlaces};

/// The places where identity tokens may be had, as the environment names them. Its Debug shows no secret.
#[derive(Clone, Default)]
pub struct IdentityPlaces {
    variable: Option<Zeroizing<Vec<u8>>>,
    github: Option<Github>,
    is_buildkite: bool,
    is_circleci: bool,
    google: Option<GooglePlaces>,
    search_path: Vec<PathBuf>,
}

/// GitHub Actions, as a job sees it.
#[derive(Clone)]
pub(super) enum Github {
    /// The job may not have identity tokens.
    WithoutPermission,
    /// The service that gives them.
    At {
        url: String,
        bearer: Zeroizing<String>,
    },
}

impl IdentityPlaces {
    /// The places of an environment. Nothing is asked.
    pub fn find(environment: &Environment) -> Self {
        let is_true = |name| environment.text(name).as_deref() == Some("true");
        let variable = environment.variable("SIGSTORE_ID_TOKEN");
        let url = environment.text("ACTIONS_ID_TOKEN_REQUEST_URL");
        let bearer = environment.text("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
        let github = match (url, bearer.map(Zeroizing::new)) {
            (Some(url), Some(bearer)) => Some(Github::At { url, bearer }),
            (None, None) if !is_true("GITHUB_ACTIONS") => None,
            _ => Some(Github::WithoutPermission),
        };
        Self {
            variable: variable.map(|token| Zeroizing::new(token.as_encoded_bytes().to_vec())),
            github,
            is_buildkite: is_true("BUILDKITE"),
            is_circleci: is_true("CIRCLECI"),
            google: Some(GooglePlaces::find(false, environment)),
            search_path: environment.search_path(),
        }
    }

    pub(super) fn variable(&self) -> Option<&[u8]> {
        self.variable.as_ref().map(|token| token.as_slice())
    }

    pub(super) fn github(&self) -> Option<&Github> {
        self.github.as_ref()
    }

    pub(super) fn is_buildkite(&self) -> bool {
        self.is_buildkite
    }

    pub(super) fn is_circleci(&self) -> bool {
        self.is_circleci
    }

    /// Where Google's credentials are; none if nobody looked.
    pub(crate) fn google(&self) -> Option<&GooglePlaces> {
        self.google.as_ref()
    }

    /// The folders in which programs are looked for.
    pub(super) fn search_path(&self) -> &[PathBuf] {
        &self.search_path
    }
}

impl std::fmt::Debug for IdentityPlaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityPlaces")
            .field("variable", &self.variable.is_some())
            .field("github", &self.github.is_some())
            .field("is_buildkite", &self.is_buildkite)
            .field("is_circleci", &self.is_circleci)
            .field("google", &self.google)
            .finish_non_exhaustive()
    }
}
