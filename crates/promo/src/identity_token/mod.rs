//! Identity tokens: what shows to an authority of certificates who signs, where no key does. Each source is a module; the token
//! itself is read by promo-sign.
//!
//! Where nothing is said, the first source that is there is asked, and no other: whoever signs must not be somebody else than
//! was meant because a service failed.

mod github;
mod job;
mod program;
mod raw_token;

use std::path::{Path, PathBuf};

use promo_core::ports::Services;
use promo_registry::auth::{GoogleIdentity, ServiceAccount};

pub(crate) use job::{Github, Job};
pub use program::TokenCommand;
pub use raw_token::RawToken;

use crate::error::{Error, IdentityTokenError, Result};
use crate::files::secret;

/// Where an identity token is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IdentityTokenSource {
    /// The first place of [`NamedSource::ALL`] that is there.
    #[default]
    Auto,
    /// This place, and no other.
    Named(NamedSource),
    /// Google, as this service account, for which the credentials that are there may create tokens.
    GoogleAccount(ServiceAccount),
    /// A file that holds the token and nothing else.
    File(PathBuf),
    /// A program that prints the token and nothing else.
    Command(TokenCommand),
}

/// A place that gives identity tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NamedSource {
    /// The variable `SIGSTORE_ID_TOKEN`, which GitLab sets where a job asks for it (`id_tokens`).
    Variable,
    /// The service of GitHub Actions.
    GithubActions,
    /// The agent of Buildkite.
    Buildkite,
    /// The command of CircleCI.
    CircleCi,
    /// Google's credentials file, or the metadata server of a machine of Google's.
    Google,
}

impl NamedSource {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Self; 5] = [
        Self::Variable,
        Self::GithubActions,
        Self::Buildkite,
        Self::CircleCi,
        Self::Google,
    ];

    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::GithubActions => "github-actions",
            Self::Buildkite => "buildkite",
            Self::CircleCi => "circleci",
            Self::Google => "google",
        }
    }

    /// What it is called in errors.
    pub(crate) const fn spoken(self) -> &'static str {
        match self {
            Self::Variable => "SIGSTORE_ID_TOKEN",
            Self::GithubActions => "GitHub Actions",
            Self::Buildkite => "Buildkite",
            Self::CircleCi => "CircleCI",
            Self::Google => "Google",
        }
    }
}

/// What it takes to ask for a token.
pub(crate) struct Asking<'a> {
    /// For whom the token is to be.
    pub(crate) audience: &'a str,
    /// What the environment says of the job.
    pub(crate) job: &'a Job,
    pub(crate) services: &'a dyn Services,
    /// Makes what asks Google.
    pub(crate) google: &'a MakeGoogle<'a>,
}

/// Makes what asks Google for identity tokens, as an account or as whom the credentials are.
pub(crate) type MakeGoogle<'a> =
    dyn Fn(Option<&ServiceAccount>) -> Result<GoogleIdentity> + Send + Sync + 'a;

impl IdentityTokenSource {
    /// A token from there.
    pub(crate) async fn token(&self, asking: &Asking<'_>) -> Result<RawToken> {
        match self {
            Self::Auto => first(asking).await,
            Self::Named(named) => match named.token(asking).await? {
                Some(token) => Ok(token),
                None => Err(named.absent().into()),
            },
            Self::GoogleAccount(account) => match google(asking, Some(account)).await? {
                Some(token) => Ok(token),
                None => Err(NamedSource::Google.absent_as(Some(account)).into()),
            },
            Self::File(path) => of_file(path).await,
            Self::Command(command) => {
                let printed = command.print(&asking.job.search_path).await?;
                Ok(RawToken::read(&printed, command.program())?)
            }
        }
    }
}

impl NamedSource {
    /// The error where it isn't there.
    fn absent(self) -> IdentityTokenError {
        self.absent_as(None)
    }

    /// What it is called in errors where a token of this account is wanted.
    fn spoken_as(self, account: Option<&ServiceAccount>) -> String {
        match account {
            Some(account) => format!("{}, as {}", self.spoken(), account.as_str()),
            None => self.spoken().to_owned(),
        }
    }

    /// The same where a token of this account was wanted.
    fn absent_as(self, account: Option<&ServiceAccount>) -> IdentityTokenError {
        let remedy = match self {
            Self::Variable => {
                "set SIGSTORE_ID_TOKEN; a job of GitLab does so by `id_tokens:` with `SIGSTORE_ID_TOKEN:` and its `aud:`"
            }
            Self::GithubActions => "this is no job of GitHub Actions",
            Self::Buildkite => "this is no job of Buildkite",
            Self::CircleCi => "this is no job of CircleCI",
            Self::Google => {
                "name a credentials file of Google's in GOOGLE_APPLICATION_CREDENTIALS, or run on a machine of Google's that has an account"
            }
        };
        IdentityTokenError::NotThere {
            place: self.spoken_as(account),
            remedy,
        }
    }

    /// A token from there; none if there is no such place.
    async fn token(self, asking: &Asking<'_>) -> Result<Option<RawToken>> {
        let job = asking.job;
        match self {
            Self::Variable => {
                let variable = job.variable.as_deref();
                let token = variable.map(|token| RawToken::read(token, self.spoken()));
                Ok(token.transpose()?)
            }
            Self::GithubActions => match &job.github {
                None => Ok(None),
                Some(github) => {
                    let token = github::token(github, asking.services, asking.audience);
                    Ok(Some(token.await?))
                }
            },
            Self::Buildkite if job.is_buildkite => Ok(Some(
                printed(TokenCommand::of_buildkite(asking.audience), asking).await?,
            )),
            Self::CircleCi if job.is_circleci => Ok(Some(
                printed(TokenCommand::of_circleci(asking.audience), asking).await?,
            )),
            Self::Buildkite | Self::CircleCi => Ok(None),
            Self::Google => google(asking, None).await,
        }
    }
}

async fn first(asking: &Asking<'_>) -> Result<RawToken> {
    for named in NamedSource::ALL {
        if let Some(token) = named.token(asking).await? {
            return Ok(token);
        }
    }
    Err(IdentityTokenError::Nowhere.into())
}

async fn printed(command: TokenCommand, asking: &Asking<'_>) -> Result<RawToken> {
    let printed = command.print(&asking.job.search_path).await?;
    Ok(RawToken::read(&printed, command.program())?)
}

async fn google(asking: &Asking<'_>, account: Option<&ServiceAccount>) -> Result<Option<RawToken>> {
    let name = NamedSource::Google.spoken();
    let given = (asking.google)(account)?.token(asking.audience).await;
    let called = NamedSource::Google.spoken_as(account);
    let given = given.map_err(|failure| IdentityTokenError::failed(called, failure))?;
    let token = given.map(|token| RawToken::read(token.expose().as_bytes(), name));
    Ok(token.transpose()?)
}

async fn of_file(path: &Path) -> Result<RawToken> {
    let named = path.to_owned();
    // It may be a pipe that gives something only after a while.
    let read = tokio::task::spawn_blocking(move || secret::read(&named)).await;
    let content = match read {
        Ok(Ok(content)) => content,
        Ok(Err(error)) => return Err(secret::error(path, error)),
        Err(error) => return Err(Error::input(path, std::io::Error::other(error))),
    };
    Ok(RawToken::read(&content, &path.display().to_string())?)
}

#[cfg(test)]
mod tests;
