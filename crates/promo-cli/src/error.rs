//! What keeps a command from its work: a message, its causes, a code, hints, and how the command ends.
//!
//! What befalls single images is no error but part of the report.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use promo_core::Code;
use promo_core::manifest::LoadError;
use promo_core::pipeline::RunError;
use promo_core::ports::Failure;

use crate::exit::Exit;
use crate::files::Cap;

/// The result of most functions of the command.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The command line is understood but asks for something that can't be.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A setting has a value that can't be.
    #[error("{setting} is `{value}`, from {origin}")]
    Setting {
        /// The setting.
        setting: String,
        /// Its value as it stands there.
        value: String,
        /// Where it stands.
        origin: String,
        /// What is expected.
        expected: String,
    },
    /// A promo.toml can't be read as such.
    #[error("{}:{line}:{column}: {message}", path.display())]
    SettingsFile {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A file or folder could not be used.
    #[error("can't {action} `{}`", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
        /// How the command ends.
        exit: Exit,
    },
    /// A file has more bytes than anything of its kind.
    #[error(
        "`{}` has more than {} MiB, which is more than {} may have",
        path.display(),
        cap.bytes >> 20,
        cap.what
    )]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// What it may have.
        cap: &'static Cap,
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
    /// The promoter manifests can't be read or have errors of structure.
    #[error("{}", .0.to_string())]
    Manifests(Box<LoadError>),
    /// A run as a whole can't go on.
    #[error("{}", .0.to_string())]
    Run(Box<RunError>),
    /// A reference on the command line is no image.
    #[error("`{text}` is not an image")]
    Image {
        /// What was typed.
        text: String,
        /// Why it isn't.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The image isn't in the registry.
    #[error("`{image}` is not there")]
    ImageMissing {
        /// The image.
        image: String,
    },
    /// The password of a key is needed and nobody can be asked.
    #[error("the key `{}` needs a password", path.display())]
    Password {
        /// The key.
        path: PathBuf,
    },
    /// A key can't be used.
    #[error("the key `{}` can't be used", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: Box<dyn StdError + Send + Sync>,
        /// What to do.
        hints: Vec<String>,
    },
    /// A port failed.
    #[error("{}", .0.to_string())]
    Port(Box<Failure>),
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

/// The codes of the command itself with what they mean.
pub(crate) const CODES: [(&str, &str); 26] = [
    (
        "PROMO-X001",
        "The command line asks for something that can't be.",
    ),
    ("PROMO-X002", "A setting has a value that can't be."),
    (
        "PROMO-X003",
        "A promo.toml has a mistake or an unknown key.",
    ),
    (
        "PROMO-X004",
        "A file or folder could not be read or written.",
    ),
    (
        "PROMO-X005",
        "A file was to be created but exists; promo never overwrites.",
    ),
    ("PROMO-X006", "Standard output could not be written."),
    (
        "PROMO-X007",
        "The report could not be written; it is printed on standard error instead.",
    ),
    (
        "PROMO-X008",
        "The file of tags that may move has a mistake.",
    ),
    (
        "PROMO-X009",
        "A reference on the command line is not an image.",
    ),
    ("PROMO-X010", "An image is not in its registry."),
    (
        "PROMO-X011",
        "A key needs a password, and nobody can be asked for it.",
    ),
    ("PROMO-X012", "A key can't be used."),
    ("PROMO-X013", "The demo did not go as told."),
    (
        "PROMO-X015",
        "An earlier revision of the promoter manifests can't be read from git.",
    ),
    (
        "PROMO-X016",
        "Something that kpromo takes was given to `promo cip` and means nothing.",
    ),
    (
        "PROMO-X017",
        "`promo cip` was asked for something that this version doesn't have.",
    ),
    (
        "PROMO-X018",
        "`promo cip` promoted nothing, because something can't be promoted.",
    ),
    (
        "PROMO-X019",
        "A file that was given as an inventory has another form than how it was given.",
    ),
    (
        "PROMO-X030",
        "The saved plan was made without looking at registries and can't be executed.",
    ),
    (
        "PROMO-X031",
        "The promoter manifests want nothing of the saved plan: it was made for others.",
    ),
    (
        "PROMO-X032",
        "The saved plan has an edge that no promoter manifest wants any longer.",
    ),
    (
        "PROMO-X033",
        "An image can't be added: no promoter manifest has its registry as source, or several have.",
    ),
    (
        "PROMO-X034",
        "An image can't be added: its tag belongs to another digest already.",
    ),
    (
        "PROMO-X035",
        "A pattern of `--image` or `--destination` matches nothing of the promoter manifests, or both together select nothing.",
    ),
    (
        "PROMO-X039",
        "A file has more bytes than files of its kind may have; it was not used.",
    ),
    (
        "PROMO-X040",
        "A private key can be read by others than its owner. The run goes on.",
    ),
];

impl Error {
    /// An error about a file.
    pub(crate) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
            exit: Exit::Failed,
        }
    }

    /// A file that somebody named can't be read: what was asked for can't be.
    pub(crate) fn input(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action: "read",
            path: path.to_owned(),
            source,
            exit: Exit::Usage,
        }
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Usage { .. } => Code::new("PROMO-X001"),
            Self::Setting { .. } => Code::new("PROMO-X002"),
            Self::SettingsFile { .. } => Code::new("PROMO-X003"),
            Self::File { .. } => Code::new("PROMO-X004"),
            Self::FileTooLarge { .. } => Code::new("PROMO-X039"),
            Self::Exists { .. } => Code::new("PROMO-X005"),
            Self::Output { .. } => Code::new("PROMO-X006"),
            Self::Report { .. } => Code::new("PROMO-X007"),
            Self::Manifests(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Image { .. } => Code::new("PROMO-X009"),
            Self::ImageMissing { .. } => Code::new("PROMO-X010"),
            Self::Password { .. } => Code::new("PROMO-X011"),
            Self::Key { .. } => Code::new("PROMO-X012"),
            Self::Port(failure) => failure.code(),
            Self::Other { code, .. } => *code,
        }
    }

    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Setting { .. }
            | Self::SettingsFile { .. }
            | Self::FileTooLarge { .. }
            | Self::Exists { .. }
            | Self::Manifests(_)
            | Self::Image { .. }
            | Self::Password { .. }
            | Self::Key { .. } => Exit::Usage,
            Self::Output { .. } | Self::ImageMissing { .. } => Exit::Failed,
            // Everything else was done: only the report was left.
            Self::Report {
                run: Exit::Done, ..
            } => Exit::Left,
            Self::Report { run, .. } => *run,
            Self::Port(failure) => Exit::of_failure(failure.kind()),
            Self::Run(error) => Exit::of_run(error),
            Self::File { exit, .. } | Self::Other { exit, .. } => *exit,
        }
    }

    /// What to do about it, one sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage { hint, .. } | Self::Exists { hint, .. } if !hint.is_empty() => {
                vec![hint.clone()]
            }
            Self::Setting { expected, .. } => vec![format!("expected: {expected}")],
            Self::Manifests(error) => error.hints(),
            Self::Run(error) => error.hints(),
            Self::Image { .. } => {
                vec!["an image is written HOST/NAME:TAG or HOST/NAME@sha256:DIGEST".to_owned()]
            }
            Self::Password { .. } => {
                vec!["set COSIGN_PASSWORD, or run promo on a terminal to be asked".to_owned()]
            }
            Self::Key { hints, .. } | Self::Other { hints, .. } => hints.clone(),
            Self::Port(failure) => failure.hints().to_vec(),
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

    /// The error whose `source` chain explains this one: a port's failure stands for itself.
    pub(crate) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Port(failure) => failure.source(),
            Self::Manifests(error) => error.source(),
            Self::Run(error) => error.source(),
            other => other.source(),
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Manifests(Box::new(error))
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Port(Box::new(failure))
    }
}
