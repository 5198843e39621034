//! Programs that print identity tokens: those of build services, and those that settings name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use promo_registry::auth::TokenProgram;
use zeroize::Zeroizing;

use crate::error::IdentityTokenError;

/// How long a program may take. It asks the network.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program that prints a token, with its arguments; no shell reads them. Its Debug shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenCommand {
    program: String,
    arguments: Vec<String>,
}

impl TokenCommand {
    /// The program comes first: by its name, which is looked for in the folders of `PATH`, or by an absolute path. A path that
    /// depends on the current folder may be that of a change which nobody has reviewed yet.
    ///
    /// # Errors
    ///
    /// `PROMO-X001`: there is no program, or it is named by a relative path.
    pub fn new(words: impl IntoIterator<Item = String>) -> Result<Self, IdentityTokenError> {
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or(IdentityTokenError::NoProgram)?;
        let path = Path::new(&program);
        let is_name = path.file_name() == Some(path.as_os_str());
        if !is_name && !path.is_absolute() {
            return Err(IdentityTokenError::RelativeProgram(program));
        }
        Ok(Self {
            program,
            arguments: words.collect(),
        })
    }

    /// The agent of Buildkite.
    pub(super) fn of_buildkite(audience: &str) -> Self {
        let arguments = ["oidc", "request-token", "--audience", audience];
        Self {
            program: "buildkite-agent".to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
        }
    }

    /// The command of CircleCI.
    pub(super) fn of_circleci(audience: &str) -> Self {
        let claims = serde_json::json!({ "aud": audience }).to_string();
        let arguments = ["run", "oidc", "get", "--root-issuer", "--claims", &claims];
        Self {
            program: "circleci".to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
        }
    }

    /// The program, as it was named.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What it prints.
    pub(super) async fn print(
        &self,
        search_path: &[PathBuf],
    ) -> Result<Zeroizing<Vec<u8>>, IdentityTokenError> {
        let failed = |did, advice| IdentityTokenError::Program {
            program: self.program.clone(),
            did,
            advice,
        };
        let path = self.find(search_path);
        let path = path.ok_or_else(|| failed("is in none of the folders of PATH", None))?;
        let program = TokenProgram::new(path, self.arguments.clone(), DEADLINE);
        let printed = program.print().await;
        printed.map_err(|error| failed(error.did, error.advice))
    }

    fn find(&self, search_path: &[PathBuf]) -> Option<PathBuf> {
        let path = Path::new(&self.program);
        if path.is_absolute() {
            return Some(path.to_owned());
        }
        let suffix = std::env::consts::EXE_SUFFIX;
        let has_suffix = self.program.ends_with(suffix);
        let name = format!("{}{}", self.program, if has_suffix { "" } else { suffix });
        let mut places = search_path
            .iter()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&name));
        places.find(|path| path.is_file())
    }
}

impl std::fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCommand")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}
