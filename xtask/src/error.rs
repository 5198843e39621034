//! What can stop a developer's command.

use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and with what.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what each field is")]
pub enum Error {
    /// The command line asks for something that does not exist.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started at all.
    #[error("cannot start `{program}`")]
    Start { program: String, source: io::Error },
    /// A program ended with a failure, or did not end in time.
    #[error("`{command}` {ending}{output}")]
    Program {
        command: String,
        ending: String,
        output: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A connection on loopback failed.
    #[error("cannot talk to {address}")]
    Connection { address: String, source: io::Error },
    /// A document has not the shape it should have.
    #[error("cannot understand {document}: {reason}")]
    Document { document: String, reason: String },
    /// A tool that the command needs is not there, and how to get it.
    #[error("{0}")]
    Missing(String),
    /// Something is not as it must be.
    #[error("{0}")]
    Unmet(String),
    /// Some of the command's own checks failed; each was printed when it did.
    #[error("{failed} of {total} failed: {names}")]
    Checks {
        failed: usize,
        total: usize,
        names: String,
    },
}

impl Error {
    /// 2 for a wrong command line, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }

    /// What is wrong with a document.
    pub fn document(document: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Document {
            document: document.into(),
            reason: reason.to_string(),
        }
    }

    /// What is not as it must be.
    pub fn unmet(what: impl Into<String>) -> Self {
        Self::Unmet(what.into())
    }
}

/// The message and every cause below it, in one line each.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  caused by: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Turns an I/O result on `path` into ours.
pub trait OnPath<T> {
    /// Says what was to be done with which file.
    fn on(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> OnPath<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::File {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
