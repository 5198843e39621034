//! What keeps a verb of the library from its work: what failed, a stable code, what it means for a caller, hints.
//!
//! What befalls single images is no error but part of a plan, a report or a document. Hints speak of settings and
//! of what to do, never of flags: those belong to whoever has flags.

pub mod codes;
mod conversions;
mod hints;
mod identity_token;
mod inventory_form;
mod placement;
mod revision;

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use promo_core::Code;
use promo_core::manifest::{EditError, LoadError};
use promo_core::pipeline::RunError;
use promo_core::plan::{ArtifactError, EdgeKey, SelectionError, Unmatched};
use promo_core::ports::Failure;
use promo_core::snapshot::SnapshotError;

pub use identity_token::IdentityTokenError;
pub use inventory_form::InventoryForm;
pub use placement::PlacementError;
pub use revision::RevisionError;

use crate::ending::Ending;

/// The result of most functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `PROMO-X002`: a setting has a value that can't be.
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
    /// `PROMO-X003`: a promo.toml can't be read as such.
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
    /// `PROMO-X054`: a trust document can't be used as such.
    #[error("{}:{line}:{column}: {message}", path.display())]
    TrustDocument {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// `PROMO-X001`: a value that was given for this one call can't be.
    #[error("{name}: {problem}")]
    Argument {
        /// What was given, by name.
        name: String,
        /// What is wrong with it.
        problem: String,
        /// What is expected.
        expected: &'static str,
    },
    /// `PROMO-X001`: no promoter manifests are named.
    #[error("no promoter manifests are named")]
    NoTree,
    /// `PROMO-X001`: a plain promoter manifest and a thin tree are both named, at the same rank.
    #[error("{plain} names a plain promoter manifest and {thin} a thin tree")]
    TwoTrees {
        /// Where the plain one is named.
        plain: String,
        /// Where the tree is named.
        thin: String,
    },
    /// `PROMO-X001`: no file is named that could keep a login, and nobody's home is known.
    #[error("there is no file that could keep a login")]
    NoPlaceForLogins,
    /// `PROMO-X001`: there is no key to sign with.
    #[error("there is no key to sign with")]
    NoKey,
    /// `PROMO-C001`: a confirmed run has nothing to sign with, and settings don't waive signing.
    #[error("there is no key to sign with")]
    NoSigner,
    /// `PROMO-X001`: a pattern of images or destinations is none.
    #[error(transparent)]
    Pattern(SelectionError),
    /// `PROMO-X035`: a pattern matches nothing of the promoter manifests.
    #[error(transparent)]
    Unmatched(Unmatched),
    /// `PROMO-X004`: a file or folder could not be used.
    #[error("can't {action} `{}`", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
        /// What it means.
        ending: Ending,
    },
    /// `PROMO-X039`: a file has more bytes than anything of its kind.
    #[error(
        "`{}` has more than {} MiB, which is more than {} may have",
        path.display(),
        bytes >> 20,
        what
    )]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// What is in such files.
        what: &'static str,
        /// What they may have.
        bytes: u64,
    },
    /// The promoter manifests can't be read or have errors of structure.
    #[error(transparent)]
    Manifests(Box<LoadError>),
    /// `PROMO-X008`: the file of tags that may move has a mistake.
    #[error("`{}` is not a list of tag moves", path.display())]
    TagMoves {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_yaml_ng::Error,
    },
    /// `PROMO-X015`: the promoter manifests of an earlier revision can't be read.
    #[error(transparent)]
    Revision(Box<RevisionError>),
    /// A file is no saved plan; the code is that of the plan's mistake.
    #[error("`{}` can't be taken as a plan", path.display())]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<ArtifactError>,
    },
    /// `PROMO-X030`: the plan was made without looking at registries.
    #[error("the plan `{}` was made without looking at registries: there is nothing to hold it against", path.display())]
    OfflinePlan {
        /// The file.
        path: PathBuf,
    },
    /// `PROMO-X031`: the promoter manifests want nothing of the plan.
    #[error("the promoter manifests want nothing of the plan, such as {first}")]
    OtherTree {
        /// The first edge that isn't wanted.
        first: Box<EdgeKey>,
    },
    /// `PROMO-X032`: no promoter manifest wants an edge any longer, and one edge that is blocked stops all.
    #[error("stopped at {first}: no promoter manifest wants it any longer")]
    Unwanted {
        /// The first such edge.
        first: Box<EdgeKey>,
    },
    /// An edge can't be promoted, and one edge that is blocked stops all; the code is that of the edge.
    #[error("stopped at {edge} ({verdict}): {reason}")]
    Stopped {
        /// Where the image would go.
        edge: String,
        /// What was judged.
        verdict: promo_core::plan::Verdict,
        /// Why.
        reason: String,
        /// The code of the edge.
        code: Code,
    },
    /// `PROMO-X019`: a file has another form than how it was given as an inventory.
    #[error("`{}` {problem}", path.display())]
    InventoryForm {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        problem: InventoryForm,
    },
    /// A file can't be taken as an inventory; the code is that of the snapshot's mistake.
    #[error("`{}` can't be taken as an inventory", path.display())]
    NotAnInventory {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<SnapshotError>,
    },
    /// `PROMO-X052`: a file can't be read as a trace.
    #[error("`{}` can't be read as a trace", path.display())]
    NotATrace {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// `PROMO-X001`: a snapshot of a path that is itself a repository and has nothing below it.
    #[error("{registry} is itself a repository")]
    IsARepository {
        /// The path.
        registry: promo_core::oci::RegistryPath,
    },
    /// `PROMO-X009`: a text is no image.
    #[error("`{text}` is not an image")]
    Image {
        /// The text.
        text: String,
        /// Why it isn't.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// `PROMO-X010`: the image isn't in the registry.
    #[error("`{image}` is not there")]
    ImageMissing {
        /// The image.
        image: String,
    },
    /// `PROMO-X041`: an image can't be copied to where another one is.
    #[error("`{image}` is {digest} already")]
    Taken {
        /// Where the image was to go.
        image: String,
        /// What is there.
        digest: promo_core::oci::Digest,
    },
    /// `PROMO-X042`: after it was put, the registry shows something else, or nothing.
    #[error("the registry did not keep `{image}`")]
    NotKept {
        /// Where the image was to go.
        image: String,
    },
    /// `PROMO-X033`, `PROMO-X034`: an image can't be added to the promoter manifests.
    #[error(transparent)]
    Placement(Box<PlacementError>),
    /// A file of promoter manifests can't be edited; the code is that of the mistake.
    #[error("`{file}` can't be edited")]
    Edit {
        /// The file.
        file: String,
        /// Why not.
        source: Box<EditError>,
    },
    /// `PROMO-X006`: a result can't be written as a document.
    #[error("the result can't be written as a document")]
    Document(#[source] Box<dyn StdError + Send + Sync>),
    /// `PROMO-X011`: the password of a key is needed and nobody gave it.
    #[error("the key `{}` needs a password", path.display())]
    Password {
        /// The key.
        path: PathBuf,
    },
    /// `PROMO-X012`: a key can't be used.
    #[error("the key `{}` can't be used", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: Box<promo_sign::Error>,
    },
    /// `PROMO-X012`: a key is named that is in no file.
    #[error("`{reference}` can't be used: promo reads keys from files, and none by `{scheme}://`")]
    KeyReference {
        /// What was named.
        reference: String,
        /// How it begins.
        scheme: String,
    },
    /// There is no identity token to sign with; the code is its own.
    #[error(transparent)]
    IdentityToken(Box<IdentityTokenError>),
    /// Signing or attesting failed; the code is promo-sign's.
    #[error(transparent)]
    Sign(Box<promo_sign::Error>),
    /// A run as a whole can't go on; the code is the run's.
    #[error(transparent)]
    Run(Box<RunError>),
    /// A port failed; the code is the failure's.
    #[error(transparent)]
    Port(Box<Failure>),
}

impl Error {
    /// An error about a file.
    pub fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
            ending: Ending::Failed,
        }
    }

    /// A file that somebody named can't be read: what was asked for can't be.
    pub fn input(path: &Path, source: io::Error) -> Self {
        Self::File {
            action: "read",
            path: path.to_owned(),
            source,
            ending: Ending::Usage,
        }
    }

    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Argument { .. }
            | Self::NoTree
            | Self::TwoTrees { .. }
            | Self::NoPlaceForLogins
            | Self::NoKey
            | Self::IsARepository { .. }
            | Self::Pattern(_) => codes::USAGE,
            Self::NoSigner => promo_core::pipeline::codes::NO_SIGNER,
            Self::Setting { .. } => codes::SETTING,
            Self::SettingsFile { .. } => codes::SETTINGS_FILE,
            Self::TrustDocument { .. } => codes::TRUST_DOCUMENT,
            Self::File { .. } => codes::FILE,
            Self::Document(_) => codes::OUTPUT,
            Self::TagMoves { .. } => codes::TAG_MOVES,
            Self::Image { .. } => codes::IMAGE,
            Self::ImageMissing { .. } => codes::IMAGE_MISSING,
            Self::Password { .. } => codes::PASSWORD,
            Self::Key { .. } | Self::KeyReference { .. } => codes::KEY,
            Self::Revision(_) => codes::REVISION,
            Self::InventoryForm { .. } => codes::INVENTORY_FORM,
            Self::OfflinePlan { .. } => codes::OFFLINE_PLAN,
            Self::OtherTree { .. } => codes::OTHER_TREE,
            Self::Unwanted { .. } => codes::UNWANTED,
            Self::Unmatched(_) => codes::UNMATCHED,
            Self::FileTooLarge { .. } => codes::FILE_TOO_LARGE,
            Self::Taken { .. } => codes::TAKEN,
            Self::NotKept { .. } => codes::NOT_KEPT,
            Self::NotATrace { .. } => codes::NOT_A_TRACE,
            Self::Placement(error) => error.code(),
            Self::IdentityToken(error) => error.code(),
            Self::Manifests(error) => error.code(),
            Self::NotAPlan { source, .. } => source.code(),
            Self::NotAnInventory { source, .. } => source.code(),
            Self::Edit { source, .. } => source.code(),
            Self::Stopped { code, .. } => *code,
            Self::Sign(error) => error.code(),
            Self::Run(error) => error.code(),
            Self::Port(failure) => failure.code(),
        }
    }

    /// What it means for the whole: a script may end with its number.
    pub fn ending(&self) -> Ending {
        match self {
            Self::File { ending, .. } => *ending,
            Self::Taken { .. } => Ending::Refused,
            Self::ImageMissing { .. }
            | Self::NotKept { .. }
            | Self::Unwanted { .. }
            | Self::Stopped { .. }
            | Self::Document(_)
            | Self::Sign(_) => Ending::Failed,
            Self::Placement(error) => error.ending(),
            Self::IdentityToken(error) => error.ending(),
            Self::Port(failure) => Ending::of_failure(failure.kind()),
            Self::Run(error) => Ending::of_run(error),
            _ => Ending::Usage,
        }
    }
}
