//! Why an inventory can't be read, with a stable code each (`PROMO-R060` to `R067`). What the
//! registries themselves answer stays the failure that it was.

use promo_core::Code;
use promo_core::oci::{RegistryHost, Repository};
use promo_core::ports::{Failure, FailureKind};

use crate::codes;

/// A reason of the reader's own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// A list leads from page to page without an end.
    #[error("the list of {what} leads back to a page that was read already")]
    EndlessList {
        /// A repository, or a host.
        what: String,
    },
    /// A list has more entries than are read.
    #[error("{what} has more than {limit} entries")]
    TooMany {
        /// What has them.
        what: String,
        /// How many are read.
        limit: usize,
    },
    /// A repository lists another one below itself that isn't there by its name.
    #[error("{parent} lists {child} below itself")]
    NoChild {
        /// The repository that lists.
        parent: Repository,
        /// The repository that is listed.
        child: Repository,
    },
    /// The registry has no list of its repositories.
    #[error("{host} doesn't list its repositories")]
    NoCatalog {
        /// The registry.
        host: RegistryHost,
        /// What it answered.
        #[source]
        source: Failure,
    },
}

impl InventoryError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::EndlessList { .. } => codes::ENDLESS_LIST,
            Self::TooMany { .. } => codes::TOO_MANY,
            Self::NoChild { .. } => codes::NO_CHILD,
            Self::NoCatalog { .. } => codes::NO_CATALOG,
        }
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        let kind = match &error {
            InventoryError::EndlessList { .. } | InventoryError::NoChild { .. } => {
                FailureKind::Malformed
            }
            InventoryError::TooMany { .. } => FailureKind::TooLarge,
            InventoryError::NoCatalog { .. } => FailureKind::Unsupported,
        };
        let mut failure = Self::new(kind, error.code(), error.to_string());
        if let InventoryError::NoCatalog { .. } = error {
            failure = failure.with_hint("name the repositories in a promoter manifest instead");
        }
        failure.with_error(error)
    }
}
