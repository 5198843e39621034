//! What the environment says of the job that we run in. Settings fill it in; here it is only held.

use std::path::PathBuf;

use zeroize::Zeroizing;

/// The job, as its environment names it. Its Debug shows no secret.
#[derive(Clone, Default)]
pub(crate) struct Job {
    /// A token.
    pub(crate) variable: Option<Zeroizing<Vec<u8>>>,
    /// GitHub Actions, if it is a job of it.
    pub(crate) github: Option<Github>,
    pub(crate) is_buildkite: bool,
    pub(crate) is_circleci: bool,
    /// The folders in which programs are looked for.
    pub(crate) search_path: Vec<PathBuf>,
}

/// GitHub Actions, as a job sees it.
#[derive(Clone)]
pub(crate) enum Github {
    /// The job may not have identity tokens.
    WithoutPermission,
    /// The service that gives them.
    At {
        url: String,
        bearer: Zeroizing<String>,
    },
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("variable", &self.variable.is_some())
            .field("github", &self.github.is_some())
            .field("is_buildkite", &self.is_buildkite)
            .field("is_circleci", &self.is_circleci)
            .finish_non_exhaustive()
    }
}
