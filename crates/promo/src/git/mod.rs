//! git, asked about promoter manifests: which commit they are of, and what they were at another revision.
//!
//! It is asked, never told: nothing is fetched or checked out, and no hook or filter runs. The program is one of an
//! absolute folder, as credential helpers are: a relative one may be that of a change which nobody has reviewed yet.

mod recorded;
mod revisions;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use revisions::Since;

/// The program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    program: Option<PathBuf>,
}

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// There is no such program.
    #[error("git can't be run: it is in none of the folders of PATH")]
    NotFound,
    /// It could not be started, or broke off.
    #[error("git can't be run: {0}")]
    NotRun(std::io::Error),
    /// It said no; its first line.
    #[error("{0}")]
    Refused(String),
}

impl Git {
    /// The first git in these folders; relative ones are passed over.
    pub fn find(folders: &[PathBuf]) -> Self {
        let name = format!("git{}", std::env::consts::EXE_SUFFIX);
        let mut places = folders
            .iter()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&name));
        Self {
            program: places.find(|path| path.is_file()),
        }
    }

    /// What git answers, without the line end.
    pub(crate) fn text(&self, folder: &Path, arguments: &[&str]) -> Result<String, NoAnswer> {
        let output = self.bytes(folder, arguments, None)?;
        Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    /// What git answers to these arguments and this input.
    pub(crate) fn bytes(
        &self,
        folder: &Path,
        arguments: &[&str],
        input: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let mut child = self
            .command(folder, arguments, input.is_some())?
            .spawn()
            .map_err(NoAnswer::NotRun)?;
        // The input is written while the output is read: both pipes may be full.
        let writer = child.stdin.take().zip(input);
        let writer = writer.map(|(mut stdin, input)| {
            std::thread::spawn(move || {
                // If git doesn't read it, what git says is the error.
                let _unread = stdin.write_all(&input);
            })
        });
        let output = child.wait_with_output().map_err(NoAnswer::NotRun)?;
        if let Some(writer) = writer {
            let _ended = writer.join();
        }
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.trim().lines().next().unwrap_or("git failed");
        Err(NoAnswer::Refused(line.to_owned()))
    }

    fn command(
        &self,
        folder: &Path,
        arguments: &[&str],
        has_input: bool,
    ) -> Result<Command, NoAnswer> {
        let program = self.program.as_ref().ok_or(NoAnswer::NotFound)?;
        let mut command = Command::new(program);
        command
            .arg("-C")
            .arg(folder)
            // A tree from elsewhere must not have its own program run by asking it for its state.
            .args(["-c", "core.fsmonitor=false"])
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .stdin(if has_input {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }
}

#[cfg(test)]
mod tests;
