//! A program that prints a token and nothing else, such as the agent of a build service. It is run without a shell, within a
//! deadline; what is kept from its output is decided in `process` and `advice`, as for credential helpers.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::advice::advice;
use super::process::{Ended, Program, run};

/// A program, and what it is called with. Its Debug shows no argument.
#[derive(Clone)]
pub struct TokenProgram {
    path: PathBuf,
    arguments: Vec<String>,
    deadline: Duration,
}

/// Why a program printed no token. Nothing of its output is in it but what it advises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it {did}")]
#[non_exhaustive]
pub struct TokenProgramError {
    /// What it did instead, to be put behind its name.
    pub did: &'static str,
    /// What it advises, as far as it can't be a secret.
    pub advice: Option<String>,
}

impl TokenProgram {
    /// The program at a path, with arguments, which may take so long.
    pub fn new(path: PathBuf, arguments: Vec<String>, deadline: Duration) -> Self {
        Self {
            path,
            arguments,
            deadline,
        }
    }

    /// What it prints. It and all that it started are ended if the deadline passes, or if nobody waits any longer.
    pub async fn print(&self) -> Result<Zeroizing<Vec<u8>>, TokenProgramError> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let program = Program {
            path: &self.path,
            arguments: &arguments,
            input: "",
            deadline: self.deadline,
        };
        let (ended, printed) = run(program).await;
        let did = match ended {
            Ended::Well => return Ok(printed.output),
            Ended::Badly => "failed",
            Ended::Not(did) => did,
        };
        let advice = advice(&printed.output, &printed.complaint);
        Err(TokenProgramError { did, advice })
    }
}

impl std::fmt::Debug for TokenProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenProgram")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
