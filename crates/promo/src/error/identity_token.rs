//! Why there is no identity token. No variant holds anything of a token.

use promo_core::Code;
use promo_core::ports::{Failure, ServiceUrlError};

use super::{Error, codes};
use crate::ending::Ending;

/// Why there is no identity token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityTokenError {
    /// `PROMO-X053`: no source is there.
    #[error("there is no identity token to sign with")]
    Nowhere,
    /// `PROMO-X053`: the source that was named isn't there.
    #[error("there is no identity token to sign with from {place}")]
    NotThere {
        /// The source.
        place: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// `PROMO-X053`: the job of GitHub Actions may have none.
    #[error("GitHub Actions gives this job no identity token")]
    NotPermitted,
    /// `PROMO-X001`: a command without a program.
    #[error("the command that prints an identity token names no program")]
    NoProgram,
    /// `PROMO-X001`: the program is named by a path that depends on the current folder.
    #[error(
        "`{0}`, which is to print an identity token, is a path that depends on the current folder"
    )]
    RelativeProgram(String),
    /// `PROMO-X055`: a program printed no token.
    #[error("`{program}`, which is to print an identity token, {did}")]
    Program {
        /// The program.
        program: String,
        /// What it did instead.
        did: &'static str,
        /// What it advises, as far as it can't be a secret.
        advice: Option<String>,
    },
    /// `PROMO-X055`: the URL of GitHub's service can't be used.
    #[error("ACTIONS_ID_TOKEN_REQUEST_URL can't be used: {0}")]
    GithubUrl(ServiceUrlError),
    /// `PROMO-X055`: a service refuses.
    #[error("{place} refuses an identity token with status {status}")]
    Answered {
        /// The service.
        place: &'static str,
        /// The status of HTTP.
        status: u16,
    },
    /// `PROMO-X056`: what a source gave is no token.
    #[error("there is no identity token in what `{origin}` gave: {problem}")]
    NoToken {
        /// The source.
        origin: String,
        /// What is wrong, without any of it.
        problem: &'static str,
    },
    /// A service couldn't be asked; the code is the failure's.
    #[error("no identity token could be had from {from}")]
    Failed {
        /// Whom.
        from: String,
        /// Why.
        source: Box<Failure>,
    },
}

impl IdentityTokenError {
    pub(crate) fn failed(from: impl Into<String>, failure: Failure) -> Self {
        Self::Failed {
            from: from.into(),
            source: Box::new(failure),
        }
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Nowhere | Self::NotThere { .. } | Self::NotPermitted => codes::NO_IDENTITY_TOKEN,
            Self::NoProgram | Self::RelativeProgram(_) => codes::USAGE,
            Self::Program { .. } | Self::GithubUrl(_) | Self::Answered { .. } => {
                codes::IDENTITY_SOURCE
            }
            Self::NoToken { .. } => codes::IDENTITY_TOKEN,
            Self::Failed { source, .. } => source.code(),
        }
    }

    /// What it means for the whole.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Answered {
                status: 401 | 403, ..
            } => Ending::Authentication,
            Self::Program { .. } | Self::NoToken { .. } | Self::Answered { .. } => Ending::Failed,
            Self::Failed { source, .. } => Ending::of_failure(source.kind()),
            _ => Ending::Usage,
        }
    }

    /// What to do about it, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Nowhere => {
                "a job of GitHub Actions, GitLab, Buildkite, CircleCI or Google has one; elsewhere name a file, or a \
                 command that prints it"
            }
            Self::NotThere { remedy, .. } => remedy,
            Self::NotPermitted | Self::Answered { .. } => {
                "the job of the workflow needs `permissions:` with `id-token: write`; pull requests from forks don't get it"
            }
            Self::NoProgram | Self::RelativeProgram(_) => {
                "name the program by its name or its absolute path, and each argument by itself"
            }
            Self::Program {
                program, advice, ..
            } => {
                let advice = advice.iter();
                return advice.map(|said| format!("`{program}`: {said}")).collect();
            }
            Self::Failed { source, .. } => return source.hints().to_vec(),
            Self::GithubUrl(_) | Self::NoToken { .. } => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

impl From<IdentityTokenError> for Error {
    fn from(error: IdentityTokenError) -> Self {
        Self::IdentityToken(Box::new(error))
    }
}
