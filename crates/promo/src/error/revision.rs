//! Why the promoter manifests of an earlier revision can't be had.

use promo_core::manifest::LoadError;

use super::Error;

/// Why the promoter manifests of an earlier revision can't be had: `PROMO-X015`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionError {
    /// git can't be asked, or its answer can't be understood.
    #[error("the earlier promoter manifests can't be read: {0}")]
    Git(String),
    /// There is no such commit here.
    #[error("git knows no commit `{name}` here")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Whether this clone lacks history.
        is_shallow: bool,
    },
    /// A date that git doesn't understand, or that isn't past.
    #[error("`{0}` is no date in the past that git understands")]
    NoPastDate(String),
    /// The clone has no commit from before the date.
    #[error("this clone is too shallow to know what stood here before `{0}`")]
    TooShallow(String),
    /// The promoter manifests were broken there.
    #[error("the promoter manifests of the commit {commit} can't be compared with")]
    Manifests {
        /// The commit.
        commit: String,
        /// What is wrong with them.
        source: Box<LoadError>,
    },
}

impl RevisionError {
    /// What to do, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Git(_) => return Vec::new(),
            Self::Unknown {
                name,
                is_shallow: true,
            } => format!(
                "this clone is shallow: `git fetch --depth=1 origin {name}` fetches a commit or a branch, \
                 `git fetch --deepen=1` what `HEAD^` needs, `git fetch --unshallow` everything"
            ),
            Self::Unknown { name, .. } => {
                format!("`git fetch origin {name}` fetches it if it is elsewhere")
            }
            Self::NoPastDate(_) => {
                "write it as git does, such as `14 days` or `2024-06-01`".to_owned()
            }
            Self::TooShallow(date) => format!(
                "`git fetch --shallow-since='{date}' && git fetch --deepen=1`, or `git fetch --unshallow`"
            ),
            Self::Manifests { .. } => {
                "name another revision, one whose manifests are sound".to_owned()
            }
        };
        vec![hint]
    }
}

impl From<RevisionError> for Error {
    fn from(error: RevisionError) -> Self {
        Self::Revision(Box::new(error))
    }
}
