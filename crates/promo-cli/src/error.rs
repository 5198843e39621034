//! What keeps a command from its work: what the library says, or what only a command can meet. A message, its causes, a
//! code, hints, and how the command ends.
//!
//! What befalls single images is no error but part of the report.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use promo_core::Code;
use promo_core::manifest::LoadError;
use promo_core::pipeline::RunError;
use promo_core::ports::Failure;

use crate::exit::Exit;
use crate::hints;

/// The result of most functions of the command.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The library could not do what it was asked.
    #[error("{0}")]
    Library(Box<promo::Error>),
    /// The command line is understood but asks for something that can't be.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file was to be created but stands there already.
    #[error("`{}` exists, and promo never overwrites it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do.
        hint: String,
    },
    /// The result could not be written to standard output.
    #[error("can't write the result to standard output")]
    Output {
        /// Why not.
        source: std::io::Error,
    },
    /// The report could not be written; the run itself is over.
    #[error("can't write the report to `{}`; the run is over and its report follows", path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
        /// How the run itself ended.
        run: Exit,
        /// The report.
        text: String,
    },
    /// Another error, with a code and hints of its own.
    #[error("{message}")]
    Other {
        /// What failed.
        message: String,
        /// Its code.
        code: Code,
        /// What to do.
        hints: Vec<String>,
        /// How the command ends.
        exit: Exit,
        /// Why.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
}

/// The codes of the command itself; those that it shares with the library are there.
pub(crate) mod codes {
    promo_core::codes! {
        EXISTS "PROMO-X005" "a file was to be created but exists"
            "It is never overwritten."
        REPORT "PROMO-X007" "the report could not be written"
            "It is printed on standard error instead."
        DEMO "PROMO-X013" "the demo did not go as told"
        NO_MEANING "PROMO-X016" "something that kpromo takes was given to `promo cip` and means nothing"
        NOT_THERE "PROMO-X017" "`promo cip` was asked for something that this version doesn't have"
        ALL_OR_NOTHING "PROMO-X018" "`promo cip` promoted nothing, because something can't be promoted"
    }
}

impl Error {
    /// An error about a file.
    pub(crate) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        promo::Error::file(action, path, source).into()
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Library(error) => error.code(),
            Self::Usage { .. } => promo::codes::USAGE,
            Self::Exists { .. } => codes::EXISTS,
            Self::Output { .. } => promo::codes::OUTPUT,
            Self::Report { .. } => codes::REPORT,
            Self::Other { code, .. } => *code,
        }
    }

    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Library(error) => error.ending(),
            Self::Usage { .. } | Self::Exists { .. } => Exit::Usage,
            Self::Output { .. } => Exit::Failed,
            // Everything else was done: only the report is missing.
            Self::Report {
                run: Exit::Done, ..
            } => Exit::Partial,
            Self::Report { run, .. } => *run,
            Self::Other { exit, .. } => *exit,
        }
    }

    /// What to do about it, one sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Library(error) => hints::of(error),
            Self::Usage { hint, .. } | Self::Exists { hint, .. } if !hint.is_empty() => {
                vec![hint.clone()]
            }
            Self::Other { hints, .. } => hints.clone(),
            _ => Vec::new(),
        }
    }

    /// What must not be lost although it could not be written where it belongs.
    pub(crate) fn rescued(&self) -> Option<&str> {
        match self {
            Self::Report { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The error whose `source` chain explains this one.
    pub(crate) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Library(error) => error.source(),
            other => other.source(),
        }
    }
}

impl From<promo::Error> for Error {
    fn from(error: promo::Error) -> Self {
        Self::Library(Box::new(error))
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        promo::Error::from(error).into()
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        promo::Error::from(error).into()
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        promo::Error::from(failure).into()
    }
}

impl From<promo_sign::Error> for Error {
    fn from(error: promo_sign::Error) -> Self {
        promo::Error::from(error).into()
    }
}
